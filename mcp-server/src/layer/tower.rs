//! Layers of tower around MCP calls.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::service::{BoxFuture, CallError, Notification, Reply, Request, Service};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tower::load_shed::error::Overloaded;
use tower::timeout::error::Elapsed;
use tower_layer::Layer;

use super::busy::busy;
use super::timeout::elapsed;

type BoxError = Box<dyn Error + Send + Sync>;

/// How many causes of an error are searched for one with a meaning. Fixed: layers wrap an error
/// once each, and a cycle of causes must end.
const MAX_CAUSES: usize = 8;

/// Puts a layer of [tower](tower_layer::Layer) around calls, such as those of the crate `tower`.
///
/// The layer wraps a [`tower_service::Service`] from a [`Request`] to [`JsonBytes`], the text of
/// the result, with the error [`CallError`]. Notifications do not pass through it.
///
/// - **Readiness**: a call waits until the service is ready, in the order of arrival, so the
///   backpressure of a layer works. Each call waits for at most [`TowerLayer::max_wait`], and is
///   then answered as by [`ConcurrencyLimitLayer`](super::ConcurrencyLimitLayer). One service
///   serves all calls, so it need not be `Clone`, and limits such as `tower::limit::RateLimit` are
///   those of the server.
/// - **Errors**: [`CallError`] and [`ErrorObject`] are the answer. `Elapsed` of tower is answered
///   like the error of [`TimeoutLayer`](super::TimeoutLayer), and `Overloaded` with −32603 and
///   `retryAfterMs`, over HTTP with status 503. Other errors are logged, and answered with −32603.
/// - **Subscriptions**: `subscriptions/listen` is a call that lasts as long as the client listens.
///   A timeout ends it, and it holds a permit. Leave it out with
///   [`LayerExt::for_methods`](super::LayerExt::for_methods) if that is not wanted.
///
/// ```
/// use std::time::Duration;
///
/// use mcp_server::Server;
/// use mcp_server::layer::{LayerExt as _, TowerLayer};
/// use tower::ServiceBuilder;
///
/// let tower = ServiceBuilder::new()
///     .load_shed()
///     .concurrency_limit(64)
///     .timeout(Duration::from_secs(30))
///     .into_inner();
/// let server = Server::builder("busy", "1.0.0")
///     .layer(TowerLayer::new(tower).for_methods(["tools/call"]));
/// ```
#[derive(Debug, Clone)]
pub struct TowerLayer<L> {
    layer: L,
    max_wait: Duration,
}

impl<L> TowerLayer<L> {
    /// Adapts a layer.
    #[must_use]
    pub const fn new(layer: L) -> Self {
        Self { layer, max_wait: Duration::from_secs(10) }
    }

    /// Sets how long a call waits until the service is ready. Default: 10 s.
    #[must_use]
    pub const fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }
}

impl<S, L: Layer<TowerInner<S>>> Layer<S> for TowerLayer<L> {
    type Service = Tower<S, L::Service>;

    fn layer(&self, inner: S) -> Self::Service {
        let inner = Arc::new(inner);
        let outer = self.layer.layer(TowerInner(Arc::clone(&inner)));
        Tower { inner, outer: Mutex::new(outer), max_wait: self.max_wait }
    }
}

/// The service of [`TowerLayer`].
pub struct Tower<S, T> {
    inner: Arc<S>,
    /// Held while a call waits for its turn, not while it runs.
    outer: Mutex<T>,
    max_wait: Duration,
}

impl<S, T> fmt::Debug for Tower<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tower").field("max_wait", &self.max_wait).finish_non_exhaustive()
    }
}

impl<S, T> Service for Tower<S, T>
where
    S: Service,
    T: tower_service::Service<Request, Response = JsonBytes> + Send + 'static,
    T::Future: Send,
    T::Error: Into<BoxError>,
{
    async fn call(&self, request: Request) -> Reply {
        let begin = async {
            let mut service = self.outer.lock().await;
            let ready = poll_fn(|cx| service.poll_ready(cx)).await;
            ready.map_err(|error| to_call_error(error.into()))?;
            Ok::<_, CallError>(service.call(request))
        };
        let answer = timeout(self.max_wait, begin).await.unwrap_or_else(|_| {
            let max_wait = self.max_wait;
            let message = format!(
                "the server was not ready for {max_wait:?} (TowerLayer::max_wait); try again later"
            );
            Err(busy(message).into())
        })?;
        answer.await.map_err(|error| to_call_error(error.into()))
    }

    async fn notify(&self, notification: Notification) {
        self.inner.notify(notification).await;
    }
}

/// The innermost service that a layer of tower wraps: the rest of the server. It is always ready.
pub struct TowerInner<S>(Arc<S>);

impl<S> Clone for TowerInner<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> fmt::Debug for TowerInner<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TowerInner")
    }
}

impl<S: Service> tower_service::Service<Request> for TowerInner<S> {
    type Response = JsonBytes;
    type Error = CallError;
    type Future = BoxFuture<'static, Reply>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), CallError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move { inner.call(request).await })
    }
}

/// Returns the answer to a call that failed with an error of a layer.
fn to_call_error(error: BoxError) -> CallError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&*error);
    for _ in 0..MAX_CAUSES {
        let Some(error) = cause else { break };
        if let Some(error) = error.downcast_ref::<CallError>() {
            return error.clone();
        }
        if let Some(error) = error.downcast_ref::<ErrorObject>() {
            return error.clone().into();
        }
        if error.is::<Elapsed>() {
            return elapsed("the call exceeded the timeout of a layer").into();
        }
        if error.is::<Overloaded>() {
            return busy("the server is at the limit of a layer; try again later").into();
        }
        cause = error.source();
    }
    crate::error::internal("a layer of tower", &error).into()
}
