//! Ends calls that take too long.

use std::time::Duration;

use mcp_core::jsonrpc::{ErrorObject, code};
use mcp_core::service::{Notification, Reply, Request, Service};
use tower_layer::Layer;

/// Answers a call with −32603 when its handler is not done in time; the handler is dropped.
///
/// *Applies to every request but `subscriptions/listen`, which is meant to stay open.* Time in
/// which the client is asked something counts too.
#[derive(Debug, Clone, Copy)]
pub struct TimeoutLayer(Duration);

impl TimeoutLayer {
    /// A layer that gives each call this long.
    #[must_use]
    pub const fn new(limit: Duration) -> Self {
        Self(limit)
    }
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = Timeout<S>;

    fn layer(&self, inner: S) -> Timeout<S> {
        Timeout { inner, limit: self.0 }
    }
}

/// The service of [`TimeoutLayer`].
#[derive(Debug, Clone)]
pub struct Timeout<S> {
    inner: S,
    limit: Duration,
}

impl<S: Service> Service for Timeout<S> {
    async fn call(&self, request: Request) -> Reply {
        if request.method == "subscriptions/listen" {
            return self.inner.call(request).await;
        }
        match tokio::time::timeout(self.limit, self.inner.call(request)).await {
            Ok(reply) => reply,
            Err(_) => {
                let message = format!("the call took longer than {} ms", self.limit.as_millis());
                Err(ErrorObject::new(code::INTERNAL_ERROR, message).into())
            }
        }
    }

    async fn notify(&self, notification: Notification) {
        self.inner.notify(notification).await;
    }
}
