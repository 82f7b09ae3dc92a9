//! Bounds how many calls run at a time, over all connections.

use std::sync::Arc;

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::service::{Notification, Reply, Request, Service};
use tokio::sync::Semaphore;
use tower_layer::Layer;

/// Lets a number of calls run at a time, over all connections; the others wait their turn, first come first
/// served.
///
/// *Applies to every request but `subscriptions/listen`, which would hold its place for ever.* What one
/// connection may have in flight is bounded by [`Limits::in_flight`](mcp_core::Limits::in_flight) already.
#[derive(Debug, Clone)]
pub struct Concurrency(Arc<Semaphore>);

impl Concurrency {
    /// A layer that lets `most` calls run at a time.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS))))
    }
}

impl<S> Layer<S> for Concurrency {
    type Service = ConcurrencyService<S>;

    fn layer(&self, inner: S) -> ConcurrencyService<S> {
        ConcurrencyService { inner, places: Arc::clone(&self.0) }
    }
}

/// The service of [`Concurrency`].
#[derive(Debug, Clone)]
pub struct ConcurrencyService<S> {
    inner: S,
    places: Arc<Semaphore>,
}

impl<S: Service> Service for ConcurrencyService<S> {
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

    fn accepts_batches(&self) -> bool {
        self.inner.accepts_batches()
    }
}
