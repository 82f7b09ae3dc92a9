//! Requests without a socket.

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use mcp_server::http::{HttpBody, HttpService};
use serde_json::{Value, json};
use tower_service::Service as _;

pub(crate) const META: &str = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/logLevel":"debug"}"#;

/// Builds a request: what a well-behaved client sends, until a test changes it.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) method: http::Method,
    pub(crate) uri: String,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Call {
    /// `method` with `params`; `_meta` is added.
    pub(crate) fn new(method: &str, params: Value) -> Self {
        let mut params = params;
        params["_meta"] = serde_json::from_str(META).unwrap();
        let mut call =
            Self::raw(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }));
        call = call.header("mcp-protocol-version", "2026-07-28").header("mcp-method", method);
        match params.get("name").or_else(|| params.get("uri")).and_then(Value::as_str) {
            Some(name) => call.header("mcp-name", name),
            None => call,
        }
    }

    pub(crate) fn tool(name: &str, arguments: Value) -> Self {
        Self::new("tools/call", json!({ "name": name, "arguments": arguments }))
    }

    /// A body, with the headers of HTTP alone.
    pub(crate) fn raw(body: &Value) -> Self {
        Self {
            headers: Vec::new(),
            method: http::Method::POST,
            uri: "/mcp".into(),
            body: Vec::new(),
        }
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .body(body.to_string())
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets a header.
    pub(crate) fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.without(name).and(name, value)
    }

    /// Adds a header.
    pub(crate) fn and(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self
    }

    pub(crate) fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::builder().method(self.method.clone()).uri(&self.uri);
        for (name, value) in &self.headers {
            request = request.header(name, &value[..]);
        }
        request.body(Full::from(self.body.clone())).unwrap()
    }

    /// The response, its body not read.
    pub(crate) async fn begin(&self, service: &HttpService) -> http::Response<HttpBody> {
        service.clone().call(self.request()).await.unwrap()
    }

    pub(crate) async fn send(&self, service: &HttpService) -> Answer {
        let (parts, body) = self.begin(service).await.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// The error code; 0 for none.
    pub(crate) fn code(&self) -> i64 {
        serde_json::from_str::<Value>(&self.text)
            .ok()
            .and_then(|json| json["error"]["code"].as_i64())
            .unwrap_or(0)
    }

    pub(crate) fn tool_text(&self) -> String {
        self.json()["result"]["content"][0]["text"]
            .as_str()
            .unwrap_or_else(|| panic!("{self:?}"))
            .to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The messages of a stream.
    pub(crate) fn events(&self) -> Vec<Value> {
        assert_eq!(self.header("content-type"), Some("text/event-stream"), "{self:?}");
        let data = self.text.lines().filter_map(|line| line.strip_prefix("data: "));
        data.map(|data| serde_json::from_str(data).unwrap()).collect()
    }
}
