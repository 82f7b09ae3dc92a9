//! Limits the duration of calls.

use std::time::Duration;

use mcp_core::jsonrpc::{ErrorKind, ErrorObject, code};
use mcp_core::method::{Method as _, SubscriptionsListen};
use mcp_core::service::{Notification, Reply, Request, Service};
use serde_json::json;
use tower_layer::Layer;

/// Answers a call with −32603 and drops its handler when the handler does not finish in time.
///
/// The time in which the client answers requests of the server counts too. `subscriptions/listen`
/// is exempt, because it stays open.
///
/// ```
/// use std::time::Duration;
///
/// use mcp_server::Server;
/// use mcp_server::layer::TimeoutLayer;
///
/// let server =
///     Server::builder("quick", "1.0.0").layer(TimeoutLayer::new(Duration::from_secs(30)));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TimeoutLayer(Duration);

impl TimeoutLayer {
    /// Creates a layer that allows each call this duration.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mcp_server::Server;
    /// use mcp_server::layer::{LayerExt as _, TimeoutLayer};
    ///
    /// // Ten seconds for all tools but the one that is known to be slow.
    /// let short = TimeoutLayer::new(Duration::from_secs(10)).except_tools(["report"]);
    /// let long = TimeoutLayer::new(Duration::from_secs(300)).for_tools(["report"]);
    /// let server = Server::builder("reports", "1.0.0").layer(short).layer(long);
    /// ```
    #[must_use]
    pub const fn new(timeout: Duration) -> Self {
        Self(timeout)
    }
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = Timeout<S>;

    fn layer(&self, inner: S) -> Timeout<S> {
        Timeout { inner, timeout: self.0 }
    }
}

/// The service of [`TimeoutLayer`].
#[derive(Debug, Clone)]
pub struct Timeout<S> {
    inner: S,
    timeout: Duration,
}

impl<S: Service> Service for Timeout<S> {
    async fn call(&self, request: Request) -> Reply {
        if request.method == SubscriptionsListen::NAME {
            return self.inner.call(request).await;
        }
        match tokio::time::timeout(self.timeout, self.inner.call(request)).await {
            Ok(reply) => reply,
            Err(_) => {
                let millis = self.timeout.as_millis();
                Err(elapsed(format!("the call exceeded its timeout of {millis} ms")).into())
            }
        }
    }

    async fn notify(&self, notification: Notification) {
        self.inner.notify(notification).await;
    }
}

/// Returns the error of a call that took too long.
pub(super) fn elapsed(message: impl Into<String>) -> ErrorObject {
    let details = json!({ "reason": "deadline_exceeded", "retryAfterMs": 1_000 });
    ErrorObject::new(code::INTERNAL_ERROR, message).with_kind(ErrorKind::Unavailable, &details)
}
