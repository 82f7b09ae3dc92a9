//! The messages of the load generator. They are serialized once; only the id differs between
//! requests.

use std::borrow::Cow;

use memchr::memmem;
use serde_json::{Value, json};

use crate::{Error, fixture::form};

/// The form of the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// A session of 2025-11-25: `initialize` first, then requests without `_meta`.
    Legacy,
    /// 2026-07-28: no handshake, every request carries its `_meta`.
    Modern,
}

impl Era {
    /// Both eras, in the order of the tables.
    pub const ALL: [Era; 2] = [Era::Legacy, Era::Modern];

    /// Returns the revision of the requests.
    pub fn revision(self) -> &'static str {
        match self {
            Era::Legacy => "2025-11-25",
            Era::Modern => "2026-07-28",
        }
    }
}

/// A request without its id.
#[derive(Clone, Debug)]
pub struct Template {
    /// The form of the request.
    pub era: Era,
    /// The method.
    pub method: &'static str,
    /// The called tool, or the id of the task: what `Mcp-Name` repeats.
    pub name: Option<Cow<'static, str>>,
    /// The access token, over HTTP.
    pub token: Option<String>,
    /// Text that every correct answer contains.
    pub answer: Vec<u8>,
    tail: Vec<u8>,
}

impl Template {
    /// Creates a call of `echo` with this text.
    pub fn echo(era: Era, text: &str) -> Template {
        let answer = format!("{{\"type\":\"text\",\"text\":{}}}", json!(text)).into_bytes();
        let call = json!({ "name": "echo", "arguments": { "text": text } });
        Template { answer, ..Template::call(era, "echo", call) }
    }

    /// Creates a call of `record`.
    pub fn record(era: Era) -> Template {
        let answer = br#""structuredContent":{"#.to_vec();
        let call = json!({ "name": "record", "arguments": {} });
        Template { answer, ..Template::call(era, "record", call) }
    }

    /// Creates a call of `form`.
    pub fn form(era: Era) -> Template {
        let arguments: Value = serde_json::from_str(form::ARGUMENTS).unwrap_or_default();
        let call = json!({ "name": "form", "arguments": arguments });
        Template { answer: form::ANSWER.into(), ..Template::call(era, "form", call) }
    }

    /// Creates a call of `flood`.
    pub fn flood(era: Era, count: u32) -> Template {
        Template::call(era, "flood", json!({ "name": "flood", "arguments": { "count": count } }))
    }

    /// Creates a call of a tool with these parameters, which name it.
    pub fn call(era: Era, tool: &'static str, params: Value) -> Template {
        Template { name: Some(tool.into()), ..Template::new(era, "tools/call", params) }
    }

    /// Creates a `tools/list` request.
    pub fn list(era: Era) -> Template {
        Template::new(era, "tools/list", json!({}))
    }

    /// Creates a `tools/list` request for the page at a cursor.
    pub fn page(era: Era, cursor: &str) -> Template {
        Template::new(era, "tools/list", json!({ "cursor": cursor }))
    }

    /// Creates a call of `work` that becomes a task.
    pub fn begin_task(text: &str) -> Template {
        let mut params = json!({ "name": "work", "arguments": { "text": text } });
        params["_meta"] = with_tasks();
        Template::call(Era::Modern, "work", params)
    }

    /// Creates a `tasks/get` request.
    pub fn get_task(id: &str) -> Template {
        let params = json!({ "taskId": id, "_meta": with_tasks() });
        Template {
            name: Some(id.to_owned().into()),
            ..Template::new(Era::Modern, "tasks/get", params)
        }
    }

    /// Declares that the client can be asked with forms.
    pub fn with_elicitation(params: &mut Value) {
        params["_meta"] = meta(json!({ "elicitation": { "form": {} } }));
    }

    /// Creates the request that opens a legacy session.
    pub fn initialize() -> Template {
        let params = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "bench", "version": "1.0.0" },
        });
        Template::new(Era::Legacy, "initialize", params)
    }

    /// Creates a `subscriptions/listen` request of 2026-07-28.
    pub fn listen() -> Template {
        let filter = json!({ "notifications": { "toolsListChanged": true } });
        Template::new(Era::Modern, "subscriptions/listen", filter)
    }

    fn new(era: Era, method: &'static str, mut params: Value) -> Template {
        if era == Era::Modern && params["_meta"].is_null() {
            params["_meta"] = meta(json!({}));
        }
        let tail = format!(",\"method\":\"{method}\",\"params\":{params}}}\n").into_bytes();
        Template { era, method, name: None, token: None, answer: b"\"result\":".into(), tail }
    }

    /// Adds an access token, which is sent with each HTTP request.
    pub fn with_token(self, token: Option<String>) -> Template {
        Template { token, ..self }
    }

    /// Appends the request with this id, including the newline.
    pub fn write(&self, id: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
        out.extend_from_slice(id.to_string().as_bytes());
        out.extend_from_slice(&self.tail);
    }

    /// Returns an error unless a message contains the expected text.
    pub fn check(&self, answer: &[u8]) -> Result<(), Error> {
        if memmem::find(answer, &self.answer).is_some() {
            return Ok(());
        }
        let answer = String::from_utf8_lossy(&answer[..answer.len().min(500)]);
        Err(format!("not the expected answer: {answer}").into())
    }

    /// Returns the approximate length of a request, in bytes.
    pub fn approximate_len(&self) -> usize {
        self.tail.len() + 40
    }
}

/// The metadata of a client that supports tasks.
fn with_tasks() -> Value {
    meta(json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } }))
}

fn meta(capabilities: Value) -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "bench", "version": "1.0.0" },
        "io.modelcontextprotocol/clientCapabilities": capabilities,
    })
}

/// Returns the request that opens a legacy session, with id 0.
pub fn initialize() -> Vec<u8> {
    let mut line = Vec::new();
    Template::initialize().write(0, &mut line);
    line
}

/// The notification that completes the handshake of a legacy session.
pub const INITIALIZED: &[u8] = b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n";

/// Returns a text of `length` bytes like those of tools: mostly plain, with some quotation marks
/// and line breaks.
pub fn text(length: usize) -> String {
    let page = "The quick brown fox jumps over the lazy dog, said \"he\" and went on counting: 0123456789.\n";
    page.chars().cycle().take(length).collect()
}

/// Returns the id of an answer without parsing the answer, or `None` for other messages.
///
/// The texts of the benches never contain `"id":`.
pub fn answered_id(line: &[u8]) -> Option<u64> {
    const KEY: &[u8] = b"\"id\":";
    let start = memmem::find(line, KEY)? + KEY.len();
    let digits = line[start..].iter().take_while(|byte| byte.is_ascii_digit());
    let mut id = None;
    for digit in digits {
        id = Some(id.unwrap_or(0) * 10 + u64::from(digit - b'0'));
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serialized_request_is_json_and_its_id_is_found() {
        let mut line = Vec::new();
        Template::echo(Era::Modern, &text(300)).write(417, &mut line);
        let message: Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(message["id"], 417);
        assert_eq!(message["params"]["arguments"]["text"], text(300));
        assert_eq!(answered_id(&line), Some(417));
        assert_eq!(answered_id(INITIALIZED), None);
    }
}
