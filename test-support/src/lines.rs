//! A peer that reads and writes lines over a pipe in memory.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

/// One end of a pipe, with a message in each line.
#[derive(Debug)]
pub struct LinePeer {
    stream: Option<DuplexStream>,
    unread: Vec<u8>,
}

impl LinePeer {
    /// Creates the peer at this end of a pipe.
    #[must_use]
    pub fn new(stream: DuplexStream) -> Self {
        Self { stream: Some(stream), unread: Vec::new() }
    }

    fn stream(&mut self) -> &mut DuplexStream {
        self.stream.as_mut().expect("the pipe is open")
    }

    /// Sends bytes.
    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream().write_all(bytes).await.expect("the other side reads");
    }

    /// Sends a line.
    pub async fn send_line(&mut self, line: impl AsRef<str>) {
        self.send_bytes(format!("{}\n", line.as_ref()).as_bytes()).await;
    }

    /// Sends a message.
    pub async fn send(&mut self, message: &Value) {
        self.send_line(message.to_string()).await;
    }

    /// Closes the sending side only.
    pub async fn half_close(&mut self) {
        self.stream().shutdown().await.expect("the pipe closes");
    }

    /// Closes both sides.
    pub fn close(&mut self) {
        self.stream = None;
    }

    /// Waits for the next line; `None` at the end of the stream.
    pub async fn line(&mut self) -> Option<String> {
        let mut searched = 0;
        loop {
            let line = self.unread[searched..].iter().position(|byte| *byte == b'\n');
            if let Some(length) = line {
                let rest = self.unread.split_off(searched + length + 1);
                let mut line = std::mem::replace(&mut self.unread, rest);
                line.pop();
                return Some(String::from_utf8(line).expect("a line is UTF-8"));
            }
            searched = self.unread.len();
            let stream = self.stream.as_mut().expect("the pipe is open");
            if stream.read_buf(&mut self.unread).await.expect("a pipe can be read") == 0 {
                assert!(self.unread.is_empty(), "the stream ended inside a line");
                return None;
            }
        }
    }

    /// Waits for the next message; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<Value> {
        Some(parse(&self.line().await?))
    }

    /// Waits for the next message.
    ///
    /// # Panics
    /// At the end of the stream.
    pub async fn message(&mut self) -> Value {
        self.next().await.expect("a message")
    }

    /// Returns all messages that have arrived, without waiting.
    pub async fn received(&mut self) -> Vec<Value> {
        loop {
            // Without this, tokio's cooperative budget would end the loop before everything is
            // read.
            let read = tokio::task::unconstrained(poll_fn(|cx| {
                let Some(stream) = &mut self.stream else { return Poll::Ready(0) };
                match pin!(stream.read_buf(&mut self.unread)).poll(cx) {
                    Poll::Ready(read) => Poll::Ready(read.expect("a pipe can be read")),
                    Poll::Pending => Poll::Ready(0),
                }
            }));
            if read.await == 0 {
                break;
            }
        }
        let end = self.unread.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let rest = self.unread.split_off(end);
        let lines = std::mem::replace(&mut self.unread, rest);
        String::from_utf8(lines).expect("lines are UTF-8").lines().map(parse).collect()
    }

    /// Reads and discards at most `max` bytes. Returns their number.
    pub async fn discard(&mut self, max: usize) -> usize {
        self.stream().read(&mut vec![0; max]).await.expect("a pipe can be read")
    }
}

fn parse(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}
