//! Limits the number of concurrent calls over all connections.

use std::sync::Arc;
use std::time::Duration;

use mcp_core::method::{Method as _, SubscriptionsListen};
use mcp_core::service::{Notification, Reply, Request, Service};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tower_layer::Layer;

use super::busy::busy;

/// Limits the number of concurrent calls over all connections. Further calls wait in the order of
/// their arrival, for a limited time.
///
/// A call that waits for longer than [`ConcurrencyLimitLayer::max_wait`] is answered with −32603,
/// whose `data` is `{"retryable": true, "retryAfterMs": 1000}`. The handler has not run. Over HTTP
/// the status is 503 with `Retry-After`. A call that waits for longer than
/// `HttpLimits::stream_upgrade_delay`, 5 s by default, has an event stream as its response; then
/// the status is 200.
///
/// `subscriptions/listen` is exempt, because it would hold its permit until the client disconnects.
/// [`ConnectionLimits::max_in_flight_requests`](crate::ConnectionLimits::max_in_flight_requests)
/// limits the calls of each connection, and with them the number of calls that wait.
///
/// ```
/// use std::time::Duration;
///
/// use mcp_server::Server;
/// use mcp_server::layer::{ConcurrencyLimitLayer, LayerExt as _};
///
/// let server = Server::builder("busy", "1.0.0")
///     .layer(ConcurrencyLimitLayer::new(64))
///     .layer(
///         ConcurrencyLimitLayer::new(2).max_wait(Duration::from_secs(1)).for_tools(["report"]),
///     );
/// ```
#[derive(Debug, Clone)]
pub struct ConcurrencyLimitLayer {
    semaphore: Arc<Semaphore>,
    max: usize,
    max_wait: Duration,
}

impl ConcurrencyLimitLayer {
    /// Creates a layer that allows `max` concurrent calls, at least one.
    ///
    /// ```
    /// use mcp_server::Server;
    /// use mcp_server::layer::ConcurrencyLimitLayer;
    ///
    /// // The database has a pool of 16 connections.
    /// let server = Server::builder("database", "1.0.0").layer(ConcurrencyLimitLayer::new(16));
    /// ```
    #[must_use]
    pub fn new(max: usize) -> Self {
        let max = max.clamp(1, Semaphore::MAX_PERMITS);
        let semaphore = Arc::new(Semaphore::new(max));
        Self { semaphore, max, max_wait: Duration::from_secs(10) }
    }

    /// Sets how long a call waits for one of those that run. With zero, no call waits. Default:
    /// 10 s.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use mcp_server::layer::ConcurrencyLimitLayer;
    /// // Refuse at once: the client calls again later, or another instance.
    /// let layer = ConcurrencyLimitLayer::new(16).max_wait(Duration::ZERO);
    /// ```
    #[must_use]
    pub const fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }
}

impl<S> Layer<S> for ConcurrencyLimitLayer {
    type Service = ConcurrencyLimit<S>;

    fn layer(&self, inner: S) -> ConcurrencyLimit<S> {
        ConcurrencyLimit { inner, layer: self.clone() }
    }
}

/// The service of [`ConcurrencyLimitLayer`].
#[derive(Debug, Clone)]
pub struct ConcurrencyLimit<S> {
    inner: S,
    layer: ConcurrencyLimitLayer,
}

impl<S: Service> Service for ConcurrencyLimit<S> {
    async fn call(&self, request: Request) -> Reply {
        if request.method == SubscriptionsListen::NAME {
            return self.inner.call(request).await;
        }
        let ConcurrencyLimitLayer { semaphore, max, max_wait } = &self.layer;
        let _permit = match semaphore.try_acquire() {
            Ok(permit) => permit,
            Err(_) => match timeout(*max_wait, semaphore.acquire()).await {
                // The semaphore is never closed.
                Ok(Ok(permit)) => permit,
                _ => {
                    return Err(busy(format!(
                        "{max} calls were running for {max_wait:?}, which is the limit \
                         (ConcurrencyLimitLayer); try again later"
                    ))
                    .into());
                }
            },
        };
        self.inner.call(request).await
    }

    async fn notify(&self, notification: Notification) {
        self.inner.notify(notification).await;
    }
}
