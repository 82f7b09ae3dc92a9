//! Limits the number of concurrent calls over all connections.

use std::sync::Arc;

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::method::{Method as _, SubscriptionsListen};
use mcp_core::service::{Notification, Reply, Request, Service};
use tokio::sync::Semaphore;
use tower_layer::Layer;

/// Limits the number of concurrent calls over all connections. Further calls wait in the order of
/// their arrival.
///
/// `subscriptions/listen` is exempt, because it would hold its permit until the client disconnects.
/// [`ConnectionLimits::max_in_flight_requests`](crate::ConnectionLimits::max_in_flight_requests)
/// limits the calls of each connection.
///
/// ```
/// use mcp_server::Server;
/// use mcp_server::layer::ConcurrencyLimitLayer;
///
/// let server = Server::builder("busy", "1.0.0").layer(ConcurrencyLimitLayer::new(64));
/// ```
#[derive(Debug, Clone)]
pub struct ConcurrencyLimitLayer(Arc<Semaphore>);

impl ConcurrencyLimitLayer {
    /// Creates a layer that allows `max` concurrent calls, at least one.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self(Arc::new(Semaphore::new(max.clamp(1, Semaphore::MAX_PERMITS))))
    }
}

impl<S> Layer<S> for ConcurrencyLimitLayer {
    type Service = ConcurrencyLimit<S>;

    fn layer(&self, inner: S) -> ConcurrencyLimit<S> {
        ConcurrencyLimit { inner, semaphore: Arc::clone(&self.0) }
    }
}

/// The service of [`ConcurrencyLimitLayer`].
#[derive(Debug, Clone)]
pub struct ConcurrencyLimit<S> {
    inner: S,
    semaphore: Arc<Semaphore>,
}

impl<S: Service> Service for ConcurrencyLimit<S> {
    async fn call(&self, request: Request) -> Reply {
        if request.method == SubscriptionsListen::NAME {
            return self.inner.call(request).await;
        }
        let Ok(_permit) = self.semaphore.acquire().await else {
            return Err(ErrorObject::internal().into());
        };
        self.inner.call(request).await
    }

    async fn notify(&self, notification: Notification) {
        self.inner.notify(notification).await;
    }
}
