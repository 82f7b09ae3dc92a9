//! One connection: which protocol is spoken on it, until it ends.

use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use mcp_core::Limits;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use super::HttpService;
use super::activity::{Activity, Connected};
use super::request::PeerAddress;
use super::socket::Socket;
use super::tasks::Tasks;

/// What all connections share.
#[derive(Debug)]
pub(super) struct Connections {
    pub(super) service: HttpService,
    pub(super) limits: Limits,
    http1: http1::Builder,
    http2: http2::Builder<Tasks>,
    stopping: watch::Sender<bool>,
}

impl Connections {
    pub(super) fn new(service: HttpService, limits: Limits) -> Arc<Self> {
        let http = &limits.http;
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(None) // The socket has its own, which starts earlier.
            .max_headers(http.header_fields)
            .max_buf_size(http.head_bytes.max(8 << 10));
        let mut http2 = http2::Builder::new(service.tasks().clone());
        http2
            .timer(TokioTimer::new())
            .keep_alive_interval(Some(Duration::from_secs(30)))
            .keep_alive_timeout(Duration::from_secs(20))
            .max_concurrent_streams(Some(http.http2_streams))
            .max_pending_accept_reset_streams(Some(http.http2_pending_resets))
            .max_local_error_reset_streams(Some(http.http2_local_resets))
            .max_header_list_size(http.http2_header_bytes);
        Arc::new(Self { service, limits, http1, http2, stopping: watch::Sender::new(false) })
    }

    /// Ends each connection once what is under way on it is answered.
    pub(super) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Serves one connection until it ends, and holds its place until then.
    pub(super) fn serve<S, P: Send + 'static>(
        self: &Arc<Self>,
        stream: S,
        peer: SocketAddr,
        place: P,
    ) -> impl Future<Output = ()> + Send + use<S, P>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (this, task) = (Arc::clone(self), self.service.tasks().begin());
        async move {
            let mut stopping = this.stopping.subscribe();
            let stopping = pin!(async { drop(stopping.wait_for(|stopping| *stopping).await) });
            if let Err(error) = this.converse(stream, peer, stopping).await {
                tracing::debug!(%peer, error, "a connection broke");
            }
            drop((task, place));
        }
    }

    async fn converse<S>(
        &self,
        stream: S,
        peer: SocketAddr,
        mut stopping: Pin<&mut (impl Future<Output = ()> + Send)>,
    ) -> Result<(), Box<dyn Error + Send + Sync>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Activity::default();
        let mut socket = Socket::new(stream, activity.clone(), &self.limits);
        let is_http2 = tokio::select! {
            biased;
            is_http2 = socket.speaks_http2() => is_http2?,
            () = &mut stopping => return Ok(()), // Nothing was asked.
        };
        let service = Connected { service: self.service.clone(), peer: PeerAddress(peer), activity };
        // In boxes, so that a connection is no larger than its protocol needs.
        if is_http2 {
            let mut connection = Box::pin(self.http2.serve_connection(TokioIo::new(socket), service));
            tokio::select! {
                ended = connection.as_mut() => return Ok(ended?),
                () = stopping => connection.as_mut().graceful_shutdown(),
            }
            return Ok(connection.await?);
        }
        let mut connection = Box::pin(self.http1.serve_connection(TokioIo::new(socket), service));
        tokio::select! {
            ended = connection.as_mut() => return Ok(ended?),
            () = stopping => connection.as_mut().graceful_shutdown(),
        }
        Ok(connection.await?)
    }
}
