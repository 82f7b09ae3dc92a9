//! Where requests go: the seam between the client and its transports.

use futures::future::Either;
use mcp_core::json::JsonBytes;
use mcp_core::service::{BoxFuture, BoxService, Notification, Peer, Reply, Request, Service};
use mcp_core::transport::TransportError;
use mcp_core::transport::memory::Link;
use mcp_core::transport::stream::Remote;

#[cfg(feature = "http")]
use crate::http::HttpTransport;

/// A transport. The two that most programs use are variants: a call over a byte stream needs no
/// box. One over HTTP has one, because each layer of futures above would move some kilobytes
/// otherwise.
#[derive(Clone)]
pub(crate) enum Outbound {
    /// A byte stream.
    Stream(Remote),
    /// Streamable HTTP.
    #[cfg(feature = "http")]
    Http(HttpTransport),
    /// Anything else.
    Service(BoxService),
}

impl Outbound {
    pub(crate) fn call(&self, request: Request) -> impl Future<Output = Reply> + Send {
        let boxed: BoxFuture<'_, Reply> = match self {
            Self::Stream(remote) => return Either::Left(remote.call(request)),
            #[cfg(feature = "http")]
            Self::Http(transport) => Box::pin(transport.call(request)),
            Self::Service(service) => Box::pin(service.call(request)),
        };
        Either::Right(boxed)
    }

    pub(crate) async fn notify(&self, notification: Notification) {
        match self {
            Self::Stream(remote) => remote.notify(notification).await,
            #[cfg(feature = "http")]
            Self::Http(transport) => transport.notify(notification).await,
            Self::Service(service) => service.notify(notification).await,
        }
    }

    /// Ends the conversation after what is on its way out is written.
    pub(crate) async fn close(&self) {
        match self {
            Self::Stream(remote) => remote.close(),
            #[cfg(feature = "http")]
            Self::Http(transport) => transport.close().await,
            Self::Service(_) => {}
        }
    }

    /// Ends the conversation without waiting. `at_once` fails the calls in flight.
    pub(crate) fn abandon(&self, at_once: bool) {
        match self {
            Self::Stream(remote) if at_once => {
                remote.abort(&TransportError::closed("the client was dropped"));
            }
            Self::Stream(remote) => remote.close(),
            #[cfg(feature = "http")]
            Self::Http(transport) => transport.abandon(),
            Self::Service(_) => {}
        }
    }

    /// Whether a task moves the conversation, which ends when the peer does.
    pub(crate) fn has_task(&self) -> bool {
        matches!(self, Self::Stream(_))
    }

    /// Whether a request may succeed after one was lost. A byte stream that ended stays so.
    pub(crate) fn may_return(&self) -> bool {
        !matches!(self, Self::Stream(_))
    }

    /// Whether a server that does not answer the probe in time, or closes the connection, is a
    /// legacy one. On the network the reason may be anything (TRAP-2).
    pub(crate) fn timeout_implies_legacy(&self) -> bool {
        match self {
            #[cfg(feature = "http")]
            Self::Http(_) => false,
            _ => true,
        }
    }

    /// Waits, for a limited time, until the server can send notifications that belong to no call.
    pub(crate) async fn listening(&self) {
        #[cfg(feature = "http")]
        if let Self::Http(transport) = self {
            transport.listening().await;
        }
    }

    /// A cached result is used in place of a request. The transport learns from it what it would
    /// have learned from the server's response (HDR-10), and removes what must not be offered
    /// (HDR-14).
    pub(crate) fn reused(&self, method: &str, result: JsonBytes) -> JsonBytes {
        match self {
            #[cfg(feature = "http")]
            Self::Http(transport) => transport.reused(method, result),
            _ => {
                let _ = method;
                result
            }
        }
    }
}

/// A server in this process, which gets the connection to the client with each request.
pub(crate) struct InMemory {
    server: Peer,
    client: Peer,
}

impl InMemory {
    pub(crate) fn new(link: &Link) -> Self {
        Self { server: link.first(), client: link.second() }
    }
}

impl Service for InMemory {
    async fn call(&self, request: Request) -> Reply {
        self.server.call(request.with_peer(self.client.clone())).await
    }

    async fn notify(&self, notification: Notification) {
        self.server.notify(notification).await;
    }
}
