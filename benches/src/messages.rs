//! The messages of the load generator, rendered once; only the id changes from request to request.

use serde_json::{Value, json};

/// How requests are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// A session of 2025-11-25: `initialize` first, then bare requests.
    Legacy,
    /// 2026-07-28: no handshake, every request carries its `_meta`.
    Modern,
}

/// A request without its id.
#[derive(Clone, Debug)]
pub struct Template {
    /// How it is written.
    pub era: Era,
    /// Its method.
    pub method: &'static str,
    /// The tool that it calls.
    pub tool: Option<&'static str>,
    /// What every right answer holds.
    pub answer: Vec<u8>,
    tail: Vec<u8>,
}

impl Template {
    /// A call of `echo` with this text.
    pub fn echo(era: Era, text: &str) -> Template {
        let call = json!({ "name": "echo", "arguments": { "text": text } });
        let answer = format!("{{\"type\":\"text\",\"text\":{}}}", json!(text)).into_bytes();
        Template { tool: Some("echo"), answer, ..Template::new(era, "tools/call", call) }
    }

    /// `tools/list`.
    pub fn list(era: Era) -> Template {
        Template::new(era, "tools/list", json!({}))
    }

    /// The request that opens a legacy session.
    pub fn initialize() -> Template {
        let params = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "bench", "version": "1.0.0" },
        });
        Template::new(Era::Legacy, "initialize", params)
    }

    /// The request of 2026-07-28 that waits for changes.
    pub fn listen() -> Template {
        let filter = json!({ "notifications": { "toolsListChanged": true } });
        Template::new(Era::Modern, "subscriptions/listen", filter)
    }

    fn new(era: Era, method: &'static str, mut params: Value) -> Template {
        if era == Era::Modern {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": { "name": "bench", "version": "1.0.0" },
                "io.modelcontextprotocol/clientCapabilities": {},
            });
        }
        let tail = format!(",\"method\":\"{method}\",\"params\":{params}}}\n").into_bytes();
        Template { era, method, tool: None, answer: b"\"result\":".into(), tail }
    }

    /// Append the request with this id, newline included.
    pub fn write(&self, id: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
        out.extend_from_slice(id.to_string().as_bytes());
        out.extend_from_slice(&self.tail);
    }

    /// Length of a request in bytes, roughly.
    pub fn len(&self) -> usize {
        self.tail.len() + 40
    }

    /// Never: a request has a method.
    pub fn is_empty(&self) -> bool {
        false
    }
}

/// The request that opens a legacy session, with id 0.
pub fn initialize() -> Vec<u8> {
    let mut line = Vec::new();
    Template::initialize().write(0, &mut line);
    line
}

/// The notification that ends the opening of a legacy session.
pub const INITIALIZED: &[u8] = b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n";

/// A text of `length` bytes as tools meet it: mostly plain, a quotation mark and a line break here
/// and there.
pub fn text(length: usize) -> String {
    let page = "The quick brown fox jumps over the lazy dog, said \"he\" and went on counting: 0123456789.\n";
    page.chars().cycle().take(length).collect()
}

/// The id of an answer, found without parsing it; `None` for anything else.
///
/// The texts of the benches never hold `"id":`.
pub fn answered_id(line: &[u8]) -> Option<u64> {
    const KEY: &[u8] = b"\"id\":";
    let start = memchr::memmem::find(line, KEY)? + KEY.len();
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
    fn a_rendered_request_is_json_and_its_id_is_found() {
        let mut line = Vec::new();
        Template::echo(Era::Modern, &text(300)).write(417, &mut line);
        let message: Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(message["id"], 417);
        assert_eq!(message["params"]["arguments"]["text"], text(300));
        assert_eq!(answered_id(&line), Some(417));
        assert_eq!(answered_id(INITIALIZED), None);
    }
}
