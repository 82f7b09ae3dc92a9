//! HTTP requests as bytes. They are serialized once; only the digits of the id differ between
//! requests.

use std::{borrow::Cow, net::SocketAddr};

use crate::messages::{Era, INITIALIZED, Template};

/// All ids have the same number of digits, so that the length of the body is constant.
const FIRST_ID: u64 = 10_000_000;

/// A POST request that is sent repeatedly.
#[derive(Clone, Debug)]
pub struct Post {
    bytes: Vec<u8>,
    id: u64,
    /// The position of the digits of the id.
    digits: usize,
    /// Text that every correct answer contains.
    pub answer: Vec<u8>,
}

impl Post {
    /// Creates the request, in a session if one is given.
    pub fn new(address: SocketAddr, message: &Template, session: Option<&str>) -> Post {
        let mut body = Vec::new();
        message.write(FIRST_ID, &mut body);
        body.truncate(body.trim_ascii_end().len());
        // Without a session this is `initialize`, which negotiates the revision.
        let head = text(headers(message).into_iter().filter(|(name, _)| {
            message.era == Era::Modern || session.is_some() || *name != PROTOCOL_VERSION
        }));
        let bytes = post(address, &head, session, &body);
        let digits = bytes.len() - body.len() + br#"{"jsonrpc":"2.0","id":"#.len();
        Post { bytes, id: FIRST_ID, digits, answer: message.answer.clone() }
    }

    /// Continues with the ids after this one.
    pub fn after(self, id: u64) -> Post {
        Post { id: self.id.max(id), ..self }
    }

    /// Returns the id of the last request.
    pub fn last_id(&self) -> u64 {
        self.id
    }

    /// Returns the bytes of the next request, and its id.
    pub fn next_request(&mut self) -> (&[u8], u64) {
        self.id += 1;
        let digits = self.id.to_string();
        self.bytes[self.digits..self.digits + digits.len()].copy_from_slice(digits.as_bytes());
        (&self.bytes, self.id)
    }
}

const PROTOCOL_VERSION: &str = "MCP-Protocol-Version";

/// Returns the header fields of a request, without those of a session and of HTTP/1.1.
pub fn headers(message: &Template) -> Vec<(&'static str, Cow<'_, str>)> {
    let mut headers = vec![
        ("Content-Type", "application/json".into()),
        ("Accept", "application/json, text/event-stream".into()),
        (PROTOCOL_VERSION, message.era.revision().into()),
    ];
    headers.extend(
        message.token.as_ref().map(|token| ("Authorization", format!("Bearer {token}").into())),
    );
    if message.era == Era::Modern {
        headers.push(("Mcp-Method", message.method.into()));
        headers.extend(message.name.as_deref().map(|name| ("Mcp-Name", name.into())));
    }
    headers
}

/// Returns the notification that completes the handshake of a session.
pub fn initialized(address: SocketAddr, session: &str, token: Option<String>) -> Vec<u8> {
    let head = text(headers(&Template::initialize().with_token(token)));
    post(address, &head, Some(session), INITIALIZED.trim_ascii_end())
}

fn text<'a>(headers: impl IntoIterator<Item = (&'a str, Cow<'a, str>)>) -> String {
    headers.into_iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect()
}

/// Returns the request that opens the GET stream of a session.
pub fn get(address: SocketAddr, session: &str) -> Vec<u8> {
    let head = format!(
        "GET /mcp HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\
         MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: {session}\r\n\r\n"
    );
    head.into_bytes()
}

/// Returns the request that deletes a session.
pub fn delete(address: SocketAddr, session: &str) -> Vec<u8> {
    let head = format!(
        "DELETE /mcp HTTP/1.1\r\nHost: {address}\r\n\
         MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: {session}\r\n\r\n"
    );
    head.into_bytes()
}

fn post(address: SocketAddr, headers: &str, session: Option<&str>, body: &[u8]) -> Vec<u8> {
    let session = session.map(|id| format!("Mcp-Session-Id: {id}\r\n")).unwrap_or_default();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: {address}\r\n{headers}{session}Content-Length: {}\r\n\r\n",
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
        let (bytes, id) = post.next_request();
        let first = String::from_utf8(bytes.to_vec()).expect("text");
        assert!(
            first.contains(&format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\"")),
            "{first}"
        );
        let second = String::from_utf8(post.next_request().0.to_vec()).expect("text");
        assert_eq!(first.replace(&id.to_string(), &(id + 1).to_string()), second);
        let (head, body) = first.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())), "{head}");
    }
}
