//! A connection of HTTP/2 with prior knowledge, for requests of 2026-07-28.

use std::net::SocketAddr;

use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, StatusCode, body::Bytes, client::conn::http2::SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::request;
use crate::{
    Error,
    messages::{Template, answered_id},
};

/// A connection that repeats a request. Clones share the connection.
#[derive(Clone, Debug)]
pub struct Http2 {
    sender: SendRequest<Full<Bytes>>,
    /// The request without its body.
    head: Request<()>,
    message: Template,
    id: u64,
}

impl Http2 {
    /// Connects to a server.
    pub async fn open(address: SocketAddr, message: &Template) -> Result<Http2, Error> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
        // It ends when the server does, or with the last clone of the sender. A failed connection
        // fails the requests.
        tokio::spawn(connection);
        let mut head = Request::builder().method(Method::POST).uri(format!("http://{address}/mcp"));
        for (name, value) in request::headers(message) {
            head = head.header(name, &*value);
        }
        Ok(Http2 { sender, head: head.body(())?, message: message.clone(), id: 0 })
    }

    /// Sends a request and checks its answer.
    pub async fn exchange(&mut self) -> Result<(), Error> {
        self.id += 1;
        let mut body = Vec::with_capacity(self.message.approximate_len());
        self.message.write(self.id, &mut body);
        let request = self.head.clone().map(|()| Full::new(Bytes::from(body)));
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if status != StatusCode::OK || answered_id(&body) != Some(self.id) {
            return Err(format!("status {status}: {}", String::from_utf8_lossy(&body)).into());
        }
        self.message.check(&body)
    }
}
