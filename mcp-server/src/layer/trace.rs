//! Logs calls.

use std::time::Instant;

use mcp_core::service::{CallError, Notification, Reply, Request, Service};
use mcp_core::text::PeerText;
use tower_layer::Layer;
use tracing::{debug, info, warn};

/// Logs one event for each call when it ends: `info` for an answer and for a call that is dropped
/// without one (`cancelled`), `warn` for a protocol error and for a panic. Notifications are logged
/// at `debug`.
///
/// The event has the duration in microseconds. The method, the tool and the other facts of the call
/// are in the span around it, `mcp.server`, which every call has also without this layer.
/// Arguments and results are not logged, because they may contain secrets.
///
/// ```
/// use mcp_server::Server;
/// use mcp_server::layer::TraceLayer;
///
/// let server = Server::builder("calculator", "1.0.0").layer(TraceLayer::new());
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct TraceLayer;

impl TraceLayer {
    /// Creates the layer.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for TraceLayer {
    type Service = Trace<S>;

    fn layer(&self, inner: S) -> Trace<S> {
        Trace { inner }
    }
}

/// The service of [`TraceLayer`].
#[derive(Debug, Clone)]
pub struct Trace<S> {
    inner: S,
}

impl<S: Service> Service for Trace<S> {
    async fn call(&self, request: Request) -> Reply {
        let mut running = Running { started: Instant::now(), has_ended: false };
        let reply = self.inner.call(request).await;
        running.has_ended = true;
        let micros = running.micros();
        match &reply {
            Ok(_) => info!(micros, "answered"),
            Err(CallError::Peer(error)) => {
                warn!(micros, code = error.code(), "answered with an error");
            }
            Err(error) => warn!(micros, %error, "not answered"),
        }
        reply
    }

    async fn notify(&self, notification: Notification) {
        debug!(method = %PeerText::new(&notification.method), "notification");
        self.inner.notify(notification).await;
    }
}

/// A call. If it is dropped before its end, the handler panics, or the client has cancelled it or
/// is gone.
struct Running {
    started: Instant,
    has_ended: bool,
}

impl Running {
    fn micros(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        match (self.has_ended, std::thread::panicking()) {
            (true, _) => {}
            (false, true) => warn!(micros = self.micros(), "panicked"),
            (false, false) => info!(micros = self.micros(), "cancelled"),
        }
    }
}
