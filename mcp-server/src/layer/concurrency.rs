//! Bounds how many calls run at a time, over all connections.

use std::sync::Arc;

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::service::{Notification, Reply, Request, Service};
use tokio::sync::Semaphore;
use tower_layer::Layer;

/// Lets a number of calls run at a time, over all connections; the others wait their turn, first
/// come first served.
///
/// *Applies to every request but `subscriptions/listen`, which would hold its place for ever.* What
/// one connection may have in flight is bounded by [`ConnectionLimits::max_in_flight_requests`](crate::ConnectionLimits::max_in_flight_requests)
/// already.
#[derive(Debug, Clone)]
pub struct ConcurrencyLimitLayer(Arc<Semaphore>);

impl ConcurrencyLimitLayer {
    /// A layer that lets `most` calls run at a time.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS))))
    }
}

impl<S> Layer<S> for ConcurrencyLimitLayer {
    type Service = ConcurrencyLimit<S>;

    fn layer(&self, inner: S) -> ConcurrencyLimit<S> {
        ConcurrencyLimit { inner, places: Arc::clone(&self.0) }
    }
}

/// The service of [`ConcurrencyLimitLayer`].
#[derive(Debug, Clone)]
pub struct ConcurrencyLimit<S> {
    inner: S,
    places: Arc<Semaphore>,
}

impl<S: Service> Service for ConcurrencyLimit<S> {
    async fn call(&self, request: Request) -> Reply {
        if request.method == "subscriptions/listen" {
            return self.inner.call(request).await;
        }
        let Ok(_place) = self.places.acquire().await else {
            return Err(ErrorObject::internal().into());
        };
        self.inner.call(request).await
    }

    async fn notify(&self, notification: Notification) {
        self.inner.notify(notification).await;
    }
}
