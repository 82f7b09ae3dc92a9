//! The seam: one small trait, used on both sides of a conversation.
//!
//! The server's router implements [`Service`], and so does a client's connection; stdio, HTTP and the
//! in-memory pair call it. `&self` and no readiness: a service takes calls concurrently, and whoever needs a
//! bound puts a layer in front. Dropping the future of a call cancels it, on every transport.

use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use futures::FutureExt as _;

use crate::extensions::Extensions;
use crate::json::JsonBytes;
use crate::jsonrpc::{ErrorObject, MethodName, RequestId};
use crate::limits::Limits;
use crate::transport::TransportError;

/// A request on its way to whoever answers it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Request {
    /// The caller's id. It names the call in the conversation and is never used to route an answer.
    pub id: RequestId,
    /// What is asked.
    pub method: MethodName,
    /// The parameters, always an object.
    pub params: JsonBytes,
    /// The way back to the caller while the call runs: notifications about it, and requests where the
    /// conversation has them.
    pub peer: Peer,
    /// What layers and bindings know about the call, by type.
    pub extensions: Extensions,
}

impl Request {
    /// A request without a way back.
    pub fn new(id: RequestId, method: impl Into<MethodName>, params: JsonBytes) -> Self {
        Self {
            id,
            method: method.into(),
            params,
            peer: Peer::none(),
            extensions: Extensions::new(),
        }
    }

    /// The same request with a way back.
    #[must_use]
    pub fn with_peer(self, peer: Peer) -> Self {
        Self { peer, ..self }
    }
}

/// A message that asks for nothing.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Notification {
    /// What is told.
    pub method: MethodName,
    /// The parameters, always an object.
    pub params: JsonBytes,
}

impl Notification {
    /// A notification.
    pub fn new(method: impl Into<MethodName>, params: JsonBytes) -> Self {
        Self { method: method.into(), params }
    }
}

/// Why a call has no result.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The other side answered with an error.
    #[error("the peer answered with an error: {0}")]
    Peer(ErrorObject),
    /// No answer arrived.
    #[error("no answer arrived")]
    Transport(#[source] TransportError),
}

impl From<ErrorObject> for CallError {
    fn from(error: ErrorObject) -> Self {
        Self::Peer(error)
    }
}

impl From<TransportError> for CallError {
    fn from(error: TransportError) -> Self {
        Self::Transport(error)
    }
}

/// The answer to a request: the text of the `result` object, or why there is none.
pub type Reply = Result<JsonBytes, CallError>;

/// Takes calls and notifications, concurrently.
///
/// A layer is a service around a service:
///
/// ```
/// use mcp_core::service::{Notification, Reply, Request, Service};
///
/// struct Counted<S> { inner: S, calls: std::sync::atomic::AtomicU64 }
///
/// impl<S: Service> Service for Counted<S> {
///     async fn call(&self, request: Request) -> Reply {
///         self.calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
///         self.inner.call(request).await
///     }
///     async fn notify(&self, notification: Notification) {
///         self.inner.notify(notification).await;
///     }
/// }
/// ```
pub trait Service: Send + Sync + 'static {
    /// Answers a request. Dropping the future cancels the call.
    fn call(&self, request: Request) -> impl Future<Output = Reply> + Send;

    /// Takes a notification. The messages behind it wait until the future is done, so that their order is
    /// kept: it must not wait for the peer.
    fn notify(&self, notification: Notification) -> impl Future<Output = ()> + Send;

    /// Whether the peer may send arrays of messages now (2025-03-26 sessions).
    fn accepts_batches(&self) -> bool {
        false
    }

    /// No more requests will come: the peer has closed its side, or this side is stopping. Calls that wait for
    /// news rather than for work (subscriptions) should end now; the others have some time left. May be
    /// called more than once.
    fn draining(&self) {}
}

impl<S: Service> Service for Arc<S> {
    fn call(&self, request: Request) -> impl Future<Output = Reply> + Send {
        S::call(self, request)
    }

    fn notify(&self, notification: Notification) -> impl Future<Output = ()> + Send {
        S::notify(self, notification)
    }

    fn accepts_batches(&self) -> bool {
        S::accepts_batches(self)
    }

    fn draining(&self) {
        S::draining(self);
    }
}

/// A future in a box.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// [`Service`] behind `dyn`: implemented for every service, by boxing its futures.
pub trait DynService: Send + Sync + 'static {
    /// [`Service::call`].
    fn call_boxed(&self, request: Request) -> BoxFuture<'_, Reply>;
    /// [`Service::notify`].
    fn notify_boxed(&self, notification: Notification) -> BoxFuture<'_, ()>;
    /// [`Service::accepts_batches`].
    fn accepts_batches_dyn(&self) -> bool;
    /// [`Service::draining`].
    fn draining_dyn(&self);
}

impl<S: Service> DynService for S {
    fn call_boxed(&self, request: Request) -> BoxFuture<'_, Reply> {
        Box::pin(self.call(request))
    }

    fn notify_boxed(&self, notification: Notification) -> BoxFuture<'_, ()> {
        Box::pin(self.notify(notification))
    }

    fn accepts_batches_dyn(&self) -> bool {
        self.accepts_batches()
    }

    fn draining_dyn(&self) {
        self.draining();
    }
}

/// Any service, its type erased.
#[derive(Clone)]
pub struct BoxService(Arc<dyn DynService>);

impl BoxService {
    /// Erases the type of a service.
    pub fn new(service: impl Service) -> Self {
        Self(Arc::new(service))
    }
}

impl Service for BoxService {
    fn call(&self, request: Request) -> impl Future<Output = Reply> + Send {
        self.0.call_boxed(request)
    }

    fn notify(&self, notification: Notification) -> impl Future<Output = ()> + Send {
        self.0.notify_boxed(notification)
    }

    fn accepts_batches(&self) -> bool {
        self.0.accepts_batches_dyn()
    }

    fn draining(&self) {
        self.0.draining_dyn();
    }
}

impl fmt::Debug for BoxService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxService")
    }
}

/// The other side of a conversation, or nobody.
#[derive(Clone, Default)]
pub struct Peer(Option<BoxService>);

impl Peer {
    /// A peer that is reached through `service`.
    pub fn new(service: impl Service) -> Self {
        Self(Some(BoxService::new(service)))
    }

    /// A peer that is reached through `service`, which is shared already.
    pub fn shared(service: Arc<impl Service>) -> Self {
        Self(Some(BoxService(service)))
    }

    /// Nobody: notifications go nowhere and requests fail.
    pub const fn none() -> Self {
        Self(None)
    }

    /// Whether there is anybody.
    pub const fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Sends a request and waits for its answer. Dropping the future cancels the request.
    ///
    /// # Errors
    /// What the peer answered, or that there is no way to it.
    pub async fn call(&self, request: Request) -> Reply {
        match &self.0 {
            Some(service) => service.call(request).await,
            None => Err(TransportError::closed("there is no way back to the peer").into()),
        }
    }

    /// Sends a notification, waiting while the peer has too much unread.
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

/// Something in this process that takes conversations, such as a server.
pub trait Accept {
    /// One conversation.
    type Service: Service;

    /// Begins a conversation; `peer` is the way to the other side.
    fn accept(&self, peer: Peer) -> Self::Service;

    /// The bounds of what the conversation takes.
    fn limits(&self) -> Limits;
}

/// Answers a panic of the service inside with −32603 and logs it, so that one call's bug stays its own.
///
/// With `panic = "abort"` there is nothing left to catch.
#[derive(Debug, Clone)]
pub struct CatchPanic<S>(S);

impl<S> CatchPanic<S> {
    /// Puts the guard around a service.
    pub const fn new(inner: S) -> Self {
        Self(inner)
    }

    /// The service inside.
    pub const fn get_ref(&self) -> &S {
        &self.0
    }
}

impl<S: Service> Service for CatchPanic<S> {
    async fn call(&self, request: Request) -> Reply {
        let method = request.method.clone();
        // What the panic interrupted is dropped, not used again; state of the user's that outlives the call
        // is in the same position as behind a poisoned lock. The service is called inside of the guard, since
        // a layer that is no `async fn` may panic before there is a future.
        match AssertUnwindSafe(async { self.0.call(request).await }).catch_unwind().await {
            Ok(reply) => reply,
            Err(panic) => Err(ErrorObject::internal_logged(|correlation| {
                log_panic(&method, &*panic, correlation)
            })
            .into()),
        }
    }

    async fn notify(&self, notification: Notification) {
        let method = notification.method.clone();
        let notify = AssertUnwindSafe(async { self.0.notify(notification).await });
        if let Err(panic) = notify.catch_unwind().await {
            log_panic(&method, &*panic, "");
        }
    }

    fn accepts_batches(&self) -> bool {
        self.0.accepts_batches()
    }

    fn draining(&self) {
        self.0.draining();
    }
}

#[cold]
fn log_panic(method: &str, panic: &(dyn std::any::Any + Send), correlation: &str) {
    let reason = (panic.downcast_ref::<&str>().copied())
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no message)");
    tracing::error!(method, reason, correlation, "a handler panicked");
}
