//! A persistent connection that writes requests unchanged and checks every answer.

use std::net::SocketAddr;

use memchr::memmem;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::request::{self, Post};
use crate::{
    Error,
    messages::{Era, Template, answered_id},
};

/// A connection to a server.
#[derive(Debug)]
pub struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    /// The bytes that were read.
    buffer: Vec<u8>,
    /// Length of the answers in the buffer that were already returned.
    used: usize,
    /// The body of the last chunked answer.
    body: Vec<u8>,
}

/// The head of an answer.
#[derive(Clone, Debug)]
struct Head {
    status: u16,
    /// Length of the body, in bytes. `None` if it is chunked.
    length: Option<usize>,
    session: Option<String>,
}

impl Connection {
    /// Connects to a server.
    pub async fn open(address: SocketAddr) -> Result<Connection, Error> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { address, stream, buffer: Vec::new(), used: 0, body: Vec::new() })
    }

    /// Prepares the request for this connection. In the legacy era, opens a session for it.
    pub async fn prepare(&mut self, message: &Template) -> Result<Post, Error> {
        let session = match message.era {
            Era::Legacy => Some(self.initialize(message.token.clone()).await?),
            Era::Modern => None,
        };
        Ok(Post::new(self.address, message, session.as_deref()))
    }

    /// Opens a session, with this access token if one is given. Returns its id.
    pub async fn initialize(&mut self, token: Option<String>) -> Result<String, Error> {
        let message = Template::initialize().with_token(token.clone());
        let mut initialize = Post::new(self.address, &message, None);
        self.stream.write_all(initialize.next_request().0).await?;
        let head = self.head().await?;
        let body = self.body(&head).await?;
        expect(&head, 200, body, b"\"protocolVersion\":\"2025-11-25\"")?;
        let session = head.session.ok_or("the answer to initialize has no session id")?;
        self.stream.write_all(&request::initialized(self.address, &session, token)).await?;
        let head = self.head().await?;
        let body = self.body(&head).await?;
        expect(&head, 202, body, b"")?;
        Ok(session)
    }

    /// Deletes a session.
    pub async fn delete(&mut self, session: &str) -> Result<(), Error> {
        self.stream.write_all(&request::delete(self.address, session)).await?;
        let head = self.head().await?;
        let body = self.body(&head).await?.len();
        match head.status {
            200..=299 => Ok(()),
            status => {
                Err(format!("DELETE was answered with status {status} and {body} bytes").into())
            }
        }
    }

    /// Opens the GET stream of a session. Reads only its head.
    pub async fn listen_to(&mut self, session: &str) -> Result<(), Error> {
        self.stream.write_all(&request::get(self.address, session)).await?;
        let head = self.head().await?;
        expect(&head, 200, b"", b"")
    }

    /// Sends a request whose answer is a stream, and waits for its first event.
    pub async fn listen(&mut self, message: &Template) -> Result<(), Error> {
        let mut post = Post::new(self.address, message, None);
        self.stream.write_all(post.next_request().0).await?;
        let head = self.head().await?;
        while memmem::find(&self.buffer[self.used..], b"acknowledged").is_none() {
            if head.status != 200 {
                let text = String::from_utf8_lossy(&self.buffer[self.used..]);
                return Err(format!("status {}: {text}", head.status).into());
            }
            self.fill().await?;
        }
        Ok(())
    }

    /// Sends a request and checks its answer. Returns the body.
    pub async fn exchange(&mut self, post: &mut Post) -> Result<&[u8], Error> {
        let (bytes, id) = post.next_request();
        self.stream.write_all(bytes).await?;
        let head = self.head().await?;
        let body = self.body(&head).await?;
        if answered_id(body) != Some(id) {
            return Err(format!("not the answer to {id}: {}", String::from_utf8_lossy(body)).into());
        }
        expect(&head, 200, body, &post.answer)?;
        Ok(body)
    }

    async fn head(&mut self) -> Result<Head, Error> {
        self.buffer.drain(..self.used);
        self.used = 0;
        loop {
            let mut headers = [httparse::EMPTY_HEADER; 32];
            let mut parsed = httparse::Response::new(&mut headers);
            if let httparse::Status::Complete(length) = parsed.parse(&self.buffer)? {
                self.used = length;
                let of = |name: &str| {
                    let found = parsed
                        .headers
                        .iter()
                        .find(|header| header.name.eq_ignore_ascii_case(name))?;
                    std::str::from_utf8(found.value).ok()
                };
                let length = match (of("transfer-encoding"), of("content-length")) {
                    (Some(_), _) => None,
                    (None, Some(length)) => Some(length.parse()?),
                    (None, None) => Some(0),
                };
                let session = of("mcp-session-id").map(str::to_owned);
                return Ok(Head { status: parsed.code.unwrap_or_default(), length, session });
            }
            self.fill().await?;
        }
    }

    async fn body(&mut self, head: &Head) -> Result<&[u8], Error> {
        if let Some(length) = head.length {
            while self.buffer.len() < self.used + length {
                self.fill().await?;
            }
            let start = self.used;
            self.used += length;
            return Ok(&self.buffer[start..self.used]);
        }
        self.body.clear();
        loop {
            let length = match httparse::parse_chunk_size(&self.buffer[self.used..]) {
                Ok(httparse::Status::Complete((start, length))) => {
                    let (start, length) = (self.used + start, usize::try_from(length)?);
                    while self.buffer.len() < start + length + 2 {
                        self.fill().await?;
                    }
                    self.body.extend_from_slice(&self.buffer[start..start + length]);
                    self.used = start + length + 2;
                    length
                }
                Ok(httparse::Status::Partial) => {
                    self.fill().await?;
                    continue;
                }
                Err(_) => return Err("a chunk without a size".into()),
            };
            if length == 0 {
                return Ok(&self.body);
            }
        }
    }

    async fn fill(&mut self) -> Result<(), Error> {
        self.buffer.reserve(16 * 1024);
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err("the server closed the connection, or was killed at its time limit".into()),
            _ => Ok(()),
        }
    }
}

fn expect(head: &Head, status: u16, body: &[u8], fragment: &[u8]) -> Result<(), Error> {
    if head.status == status && memmem::find(body, fragment).is_some() {
        return Ok(());
    }
    Err(format!("status {}: {}", head.status, String::from_utf8_lossy(body)).into())
}
