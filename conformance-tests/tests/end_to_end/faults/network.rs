//! The simulated network's two ends: a connector for the client, and an accept loop for the server.

use std::error::Error;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::service::service_fn;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioIo, TokioTimer};
use mcp_server::http::HttpOptions;
use mcp_server::input::{AskError, KeyRing};
use mcp_server::{Context, Server, tools};
use tokio::time::sleep;
use tower_service::Service;
use turmoil::net::{TcpListener, TcpStream};

use super::history::History;
use crate::server::Sure;

pub(super) const CLIENT: &str = "client";
pub(super) const SERVER: &str = "server";
pub(super) const URL: &str = "http://server:80/mcp";
const PORT: u16 = 80;

/// Opens simulated connections for hyper's connection pool.
#[derive(Clone)]
pub(super) struct Connector;

impl Service<Uri> for Connector {
    type Response = Wire;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Wire>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(async move {
            let host = uri.host().unwrap_or_default().to_owned();
            let stream = TcpStream::connect((host, uri.port_u16().unwrap_or(PORT))).await?;
            Ok(Wire(TokioIo::new(stream)))
        })
    }
}

/// A simulated connection.
pub(super) struct Wire(TokioIo<TcpStream>);

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl Write for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Serves until the simulated host is killed. All sessions are lost then.
pub(super) async fn serve(history: Arc<History>) -> Result<(), Box<dyn Error>> {
    let options = HttpOptions::new().allow_any_host();
    // A restarted server must open the states that the previous one sealed.
    let keys = KeyRing::new("0123456789abcdef0123456789abcdef")?;
    let server = Server::builder("simulated", "1.0.0").state_keys(keys).with(Tools(history));
    let service = server.build()?.into_service_with(options);
    let listener = TcpListener::bind((IpAddr::from(Ipv4Addr::UNSPECIFIED), PORT)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let service = service.clone();
        tokio::spawn(async move {
            let answer = service_fn(move |request| service.clone().call(request));
            let mut http = hyper::server::conn::http1::Builder::new();
            // The client handles failed connections.
            drop(
                http.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), answer).await,
            );
        });
    }
}

/// Tools that record their executions in the history.
struct Tools(Arc<History>);

#[tools]
impl Tools {
    /// Return the nonce.
    #[tool]
    async fn echo(&self, nonce: u64) -> String {
        self.0.executed(nonce);
        sleep(Duration::from_millis(nonce % 50)).await;
        nonce.to_string()
    }

    /// Return the nonce after reporting progress.
    #[tool]
    async fn talk(&self, ctx: &Context, nonce: u64) -> String {
        for step in 1..=3 {
            ctx.progress(f64::from(step), 3.0).await;
            sleep(Duration::from_millis(100)).await;
        }
        self.0.executed(nonce);
        nonce.to_string()
    }

    /// Return the nonce after eliciting a form.
    #[tool]
    async fn confirm(&self, ctx: &Context, nonce: u64) -> Result<String, AskError> {
        let answer = ctx.elicit::<Sure>("Sure?").await?;
        assert!(answer.sure, "the client always answers true");
        self.0.executed(nonce);
        Ok(nonce.to_string())
    }

    /// A page.
    #[resource("page://{nonce}", mime = "text/plain")]
    async fn page(&self, nonce: u64) -> String {
        sleep(Duration::from_millis(nonce % 50)).await;
        nonce.to_string()
    }
}
