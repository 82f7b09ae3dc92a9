//! Connections to a proxy, and through it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::Uri;
use http::uri::Scheme;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::settings::{Proxies, proxy_of};
use crate::http_client::error::BoxError;
use crate::service::BoxFuture;

/// Opens connections to hosts through their proxies.
#[derive(Clone)]
pub(super) struct ProxyConnector {
    /// The proxy is named by the user, so its address is not checked.
    tcp: HttpConnector,
    proxies: Arc<Proxies>,
}

impl ProxyConnector {
    pub(super) fn new(tcp: HttpConnector, proxies: &Arc<Proxies>) -> Self {
        Self { tcp, proxies: Arc::clone(proxies) }
    }
}

impl Service<Uri> for ProxyConnector {
    type Response = ProxyStream;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<ProxyStream, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(ready!(self.tcp.poll_ready(cx)).map_err(Into::into))
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        let tcp = self.tcp.clone();
        match proxy_of(&self.proxies.matcher, &target) {
            Some(proxy) => Box::pin(open(tcp, proxy, target)),
            None => Box::pin(std::future::ready(Err("the URL has no proxy".into()))),
        }
    }
}

async fn open(
    mut tcp: HttpConnector,
    proxy: Intercept,
    target: Uri,
) -> Result<ProxyStream, BoxError> {
    let url = proxy.uri().clone();
    if target.scheme() == Some(&Scheme::HTTPS) {
        let mut tunnel = Tunnel::new(url, tcp);
        if let Some(authorization) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        let stream = tunnel.call(target).await?;
        return Ok(ProxyStream { stream, is_tunnel: true });
    }
    let stream = tcp.call(url).await?;
    Ok(ProxyStream { stream, is_tunnel: false })
}

/// A connection to a proxy, or through one.
pub(super) struct ProxyStream {
    stream: TokioIo<TcpStream>,
    is_tunnel: bool,
}

impl Connection for ProxyStream {
    fn connected(&self) -> Connected {
        // Behind a tunnel is the server; without one the request has the whole URL.
        self.stream.connected().proxy(!self.is_tunnel)
    }
}

impl Read for ProxyStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl Write for ProxyStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, buffers)
    }
}
