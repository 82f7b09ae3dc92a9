//! Requests as bytes on the wire, rendered once; only the digits of the id change from request to
//! request.

use std::net::SocketAddr;

use crate::messages::{Era, INITIALIZED, Template};

/// All ids have as many digits, so that no length changes.
const FIRST_ID: u64 = 10_000_000;

/// A POST of one request, again and again.
#[derive(Clone, Debug)]
pub struct Post {
    bytes: Vec<u8>,
    id: u64,
    /// Where the digits of the id are.
    digits: usize,
    /// What every right answer holds.
    pub answer: Vec<u8>,
}

impl Post {
    /// The request, as part of a session if there is one.
    pub fn new(address: SocketAddr, message: &Template, session: Option<&str>) -> Post {
        let mut body = Vec::new();
        message.write(FIRST_ID, &mut body);
        body.truncate(body.trim_ascii_end().len());
        let mut head = match (message.era, session) {
            (Era::Modern, _) => {
                format!("MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: {}\r\n", message.method)
            }
            (Era::Legacy, Some(_)) => "MCP-Protocol-Version: 2025-11-25\r\n".to_owned(),
            (Era::Legacy, None) => String::new(),
        };
        if let (Era::Modern, Some(tool)) = (message.era, message.tool) {
            head.push_str(&format!("Mcp-Name: {tool}\r\n"));
        }
        let bytes = post(address, &head, session, &body);
        let digits = bytes.len() - body.len() + br#"{"jsonrpc":"2.0","id":"#.len();
        Post { bytes, id: FIRST_ID, digits, answer: message.answer.clone() }
    }

    /// The bytes of the next request, and its id.
    pub fn render(&mut self) -> (&[u8], u64) {
        self.id += 1;
        let digits = self.id.to_string();
        self.bytes[self.digits..self.digits + digits.len()].copy_from_slice(digits.as_bytes());
        (&self.bytes, self.id)
    }
}

/// The notification that ends the opening of a session.
pub fn initialized(address: SocketAddr, session: &str) -> Vec<u8> {
    post(
        address,
        "MCP-Protocol-Version: 2025-11-25\r\n",
        Some(session),
        INITIALIZED.trim_ascii_end(),
    )
}

/// The request that opens the stream of a session.
pub fn get(address: SocketAddr, session: &str) -> Vec<u8> {
    let head = format!(
        "GET /mcp HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\
         MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: {session}\r\n\r\n"
    );
    head.into_bytes()
}

/// The request that ends a session.
pub fn delete(address: SocketAddr, session: &str) -> Vec<u8> {
    let head = format!(
        "DELETE /mcp HTTP/1.1\r\nHost: {address}\r\n\
         MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: {session}\r\n\r\n"
    );
    head.into_bytes()
}

fn post(address: SocketAddr, more: &str, session: Option<&str>, body: &[u8]) -> Vec<u8> {
    let session = session.map(|id| format!("Mcp-Session-Id: {id}\r\n")).unwrap_or_default();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\n{more}{session}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_id_changes() {
        let mut post =
            Post::new(([127, 0, 0, 1], 80).into(), &Template::echo(Era::Modern, "hello"), None);
        let (bytes, id) = post.render();
        let first = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(
            first.contains(&format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\"")),
            "{first}"
        );
        let second = String::from_utf8(post.render().0.to_vec()).unwrap();
        assert_eq!(first.replace(&id.to_string(), &(id + 1).to_string()), second);
        let (head, body) = first.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())), "{head}");
    }
}
