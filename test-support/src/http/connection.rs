//! Bytes on a socket.

use http::{HeaderMap, HeaderName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Answer;
use crate::wait::soon;

/// A connection of HTTP/1.1 that is kept for many requests.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Creates the connection over a socket.
    #[must_use]
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// Sends a request and reads its response, which must state its length. Returns `None` if the
    /// server closes the connection instead.
    ///
    /// # Panics
    /// If the response is not valid.
    pub async fn send(&mut self, request: &[u8]) -> Option<Answer> {
        self.stream.write_all(request).await.ok()?;
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8(self.buffer.drain(..end).collect()).expect("a head is text");
        let status = head[9..12].parse().expect("a status");
        let headers = fields(&head);
        let length = headers.get("content-length").map(|length| length.to_str().expect("ASCII"));
        let length = length.unwrap_or("0").parse().expect("a length");
        while self.buffer.len() < length {
            self.more().await?;
        }
        let body = self.buffer.drain(..length).collect();
        Some(Answer { status, headers, text: String::from_utf8(body).expect("a body is UTF-8") })
    }

    async fn more(&mut self) -> Option<()> {
        match soon(self.stream.read_buf(&mut self.buffer)).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(()),
        }
    }
}

fn fields(head: &str) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        let name: HeaderName = name.parse().expect("a name");
        fields.append(name, value.parse().expect("a value"));
    }
    fields
}

/// Returns what arrives until the server closes the connection or resets it.
pub async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    drop(soon(stream.read_to_end(&mut bytes)).await);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads until a text has arrived. Returns all that was read.
///
/// # Panics
/// If the connection ends before.
pub async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut bytes = Vec::new();
    loop {
        let read = String::from_utf8_lossy(&bytes);
        if read.contains(text) {
            return read.into_owned();
        }
        let more = soon(stream.read_buf(&mut bytes)).await.expect("the connection is open");
        assert_ne!(more, 0, "{text:?} is not in {:?}", String::from_utf8_lossy(&bytes));
    }
}
