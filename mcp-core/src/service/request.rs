//! Requests, notifications, and the service that handles them.
//!
//! These types refer to each other: a request carries the connection to its caller, which is a
//! service too.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::Reply;
use crate::extensions::Extensions;
use crate::jsonrpc::{MethodName, Params, RequestId};
use crate::method::{self, Row};
use crate::transport::TransportError;

/// A request: a message that expects an answer.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Request {
    /// The caller's id. It identifies the call within its conversation; answers are not routed by
    /// it.
    pub id: RequestId,
    /// The name of the method.
    pub method: MethodName,
    /// The parameters, always an object.
    pub params: Params,
    /// Reaches the caller while the call runs: notifications about the call, and requests in
    /// revisions that have them.
    pub peer: Peer,
    /// What layers and the transport know about the call, by type.
    pub extensions: Extensions,
}

impl Request {
    /// Creates a request whose caller cannot be reached.
    pub fn new(id: RequestId, method: impl Into<MethodName>, params: impl Into<Params>) -> Self {
        Self {
            id,
            method: method.into(),
            params: params.into(),
            peer: Peer::none(),
            extensions: Extensions::new(),
        }
    }

    /// Attaches the row of a method that is not in the method table.
    #[must_use]
    pub fn with_row(mut self, row: &'static Row) -> Self {
        self.extensions.insert(AttachedRow(row));
        self
    }

    /// Returns the row that was attached by [`Request::with_row`].
    #[must_use]
    pub fn attached_row(&self) -> Option<&'static Row> {
        self.extensions.get::<AttachedRow>().map(|attached| attached.0)
    }

    /// Returns the row of the method: that of the method table, or the attached one.
    #[must_use]
    pub fn row(&self) -> Option<&'static Row> {
        method::find(&self.method).or_else(|| self.attached_row())
    }

    /// Sets the connection to the caller.
    #[must_use]
    pub fn with_peer(self, peer: Peer) -> Self {
        Self { peer, ..self }
    }
}

/// The row of a method of an extension.
struct AttachedRow(&'static Row);

/// A notification: a message that expects no answer.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Notification {
    /// The name of the method.
    pub method: MethodName,
    /// The parameters, always an object.
    pub params: Params,
}

impl Notification {
    /// Creates a notification.
    pub fn new(method: impl Into<MethodName>, params: impl Into<Params>) -> Self {
        Self { method: method.into(), params: params.into() }
    }
}

/// Handles calls and notifications, concurrently.
///
/// A layer is a service around a service:
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use mcp_core::service::{Notification, Reply, Request, Service};
///
/// struct CountCalls<S> {
///     inner: S,
///     calls: AtomicU64,
/// }
///
/// impl<S: Service> Service for CountCalls<S> {
///     async fn call(&self, request: Request) -> Reply {
///         self.calls.fetch_add(1, Ordering::Relaxed);
///         self.inner.call(request).await
///     }
///
///     async fn notify(&self, notification: Notification) {
///         self.inner.notify(notification).await;
///     }
/// }
/// ```
pub trait Service: Send + Sync + 'static {
    /// Answers a request.
    ///
    /// Dropping the future cancels the call.
    fn call(&self, request: Request) -> impl Future<Output = Reply> + Send;

    /// Handles a notification.
    ///
    /// Later messages wait until the future completes, which preserves their order, so it must not
    /// wait for the peer.
    fn notify(&self, notification: Notification) -> impl Future<Output = ()> + Send;
}

impl<S: Service> Service for Arc<S> {
    fn call(&self, request: Request) -> impl Future<Output = Reply> + Send {
        S::call(self, request)
    }

    fn notify(&self, notification: Notification) -> impl Future<Output = ()> + Send {
        S::notify(self, notification)
    }
}

/// A boxed future that is `Send`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A [`Service`] that is usable behind `dyn`, because its futures are boxed.
trait ErasedService: Send + Sync + 'static {
    fn call_boxed(&self, request: Request) -> BoxFuture<'_, Reply>;
    fn notify_boxed(&self, notification: Notification) -> BoxFuture<'_, ()>;
}

impl<S: Service> ErasedService for S {
    fn call_boxed(&self, request: Request) -> BoxFuture<'_, Reply> {
        Box::pin(self.call(request))
    }

    fn notify_boxed(&self, notification: Notification) -> BoxFuture<'_, ()> {
        Box::pin(self.notify(notification))
    }
}

/// A service whose type is erased. Clones share it.
#[derive(Clone)]
pub struct BoxService(Arc<dyn ErasedService>);

impl BoxService {
    /// Erases the type of a service.
    pub fn new(service: impl Service) -> Self {
        Self::shared(Arc::new(service))
    }

    /// Erases the type of a service that is already in an `Arc`.
    pub fn shared(service: Arc<impl Service>) -> Self {
        Self(service)
    }
}

impl Service for BoxService {
    fn call(&self, request: Request) -> impl Future<Output = Reply> + Send {
        self.0.call_boxed(request)
    }

    fn notify(&self, notification: Notification) -> impl Future<Output = ()> + Send {
        self.0.notify_boxed(notification)
    }
}

impl fmt::Debug for BoxService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxService")
    }
}

/// The other side of a conversation, if it can be reached.
#[derive(Clone, Default)]
pub struct Peer(Option<BoxService>);

impl Peer {
    /// Creates a peer that is reached through `service`.
    pub fn new(service: impl Service) -> Self {
        Self(Some(BoxService::new(service)))
    }

    /// Creates a peer that is reached through `service`, which is already in an `Arc`.
    pub fn shared(service: Arc<impl Service>) -> Self {
        Self(Some(BoxService::shared(service)))
    }

    /// Creates a peer that cannot be reached: notifications are dropped and requests fail.
    pub const fn none() -> Self {
        Self(None)
    }

    /// Whether the peer cannot be reached.
    pub const fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Sends a request and waits for its answer.
    ///
    /// Dropping the future cancels the request.
    ///
    /// # Errors
    /// The error that the peer answers with, or a transport error if the peer cannot be reached.
    pub async fn call(&self, request: Request) -> Reply {
        match &self.0 {
            Some(service) => service.call(request).await,
            None => {
                Err(TransportError::closed("the peer cannot be reached from this request").into())
            }
        }
    }

    /// Sends a notification. Waits while the peer has too much unread output.
    pub async fn notify(&self, notification: Notification) {
        if let Some(service) = &self.0 {
            service.notify(notification).await;
        }
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_none() { "Peer(none)" } else { "Peer" })
    }
}
