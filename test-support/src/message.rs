//! Messages of MCP as JSON.

use serde_json::{Value, json};

/// The revision that has no handshake.
pub const MODERN: &str = "2026-07-28";

/// Creates a request.
pub fn request(id: impl Into<Value>, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": params})
}

/// Creates a notification.
#[must_use]
pub fn notification(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

/// Creates the successful response to the request with this id.
#[must_use]
pub fn response(id: &Value, result: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": result})
}

/// Creates the error response to the request with this id.
#[must_use]
pub fn error(id: &Value, code: i64, message: &str, data: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message, "data": data}})
}

/// Creates a call of a tool.
pub fn call(id: impl Into<Value>, tool: &str, arguments: Value) -> Value {
    request(id, "tools/call", json!({"name": tool, "arguments": arguments}))
}

/// Creates the request that begins a session, with the id 0.
#[must_use]
pub fn initialize(revision: &str, capabilities: Value) -> Value {
    request(0, "initialize", initialize_params(revision, capabilities))
}

/// Creates the parameters of `initialize`.
#[must_use]
pub fn initialize_params(revision: &str, capabilities: Value) -> Value {
    json!({
        "protocolVersion": revision,
        "capabilities": capabilities,
        "clientInfo": client_info(),
    })
}

/// Adds the members to `_meta` that a request without a session needs. Existing ones stay.
///
/// # Panics
/// If `params` or its `_meta` is no object.
pub fn add_modern_meta(params: &mut Value, capabilities: &Value) {
    let meta = params.as_object_mut().expect("parameters").entry("_meta").or_insert(json!({}));
    let meta = meta.as_object_mut().expect("_meta");
    for (name, value) in [
        ("protocolVersion", json!(MODERN)),
        ("clientCapabilities", capabilities.clone()),
        ("clientInfo", client_info()),
    ] {
        meta.entry(format!("io.modelcontextprotocol/{name}")).or_insert(value);
    }
}

/// Turns a message into one without a session, of a client without capabilities.
#[must_use]
pub fn modern(mut message: Value) -> Value {
    add_modern_meta(&mut message["params"], &json!({}));
    message
}

fn client_info() -> Value {
    json!({"name": "test-client", "version": "0.0.1"})
}

/// Creates the result of `server/discover` of a server with these capabilities.
#[must_use]
pub fn discovered(capabilities: Value) -> Value {
    json!({
        "resultType": "complete",
        "supportedVersions": [MODERN],
        "capabilities": capabilities,
        "ttlMs": 0,
        "cacheScope": "private",
    })
}

/// Creates the result of `initialize` of a server with tools and resources.
#[must_use]
pub fn initialized(revision: &str) -> Value {
    json!({
        "protocolVersion": revision,
        "capabilities": {"tools": {"listChanged": true}, "resources": {"subscribe": true}},
        "serverInfo": {"name": "fake", "version": "1"},
    })
}

/// Creates the result of a tool, with one text.
#[must_use]
pub fn text(text: &str) -> Value {
    json!({"resultType": "complete", "content": [{"type": "text", "text": text}]})
}

/// Returns the result in a response.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn result_of(response: &Value) -> &Value {
    response.get("result").unwrap_or_else(|| panic!("no result in {response}"))
}

/// Returns the text of the first content block of a tool's result.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn text_of(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text in {result}"))
}
