//! What receives metrics, and carries the context of traces.

use std::fmt;
use std::time::Duration;

use tracing::Span;

use super::{NetworkTransport, Operation, Outcome, Side, TraceContext};
use crate::revision::Revision;

/// Receives the durations of requests and sessions, and carries the context of traces between spans
/// and `_meta`. A server and a client each can have one.
///
/// The functions run in the path of each request, so they must not block.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use std::time::Duration;
///
/// use mcp_core::telemetry::{Operation, Outcome, Telemetry};
///
/// /// Counts the requests that fail.
/// #[derive(Default)]
/// struct CountFailures(AtomicU64);
///
/// impl Telemetry for CountFailures {
///     fn operation(&self, _: &Operation, _: Duration, outcome: Outcome) {
///         if outcome.error_type().is_some() {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait Telemetry: Send + Sync + 'static {
    /// Returns the trace context to send with a request. `span` is the span of the request, or the
    /// current span if no subscriber wants that.
    fn inject(&self, span: &Span) -> Option<TraceContext> {
        let _ = span;
        None
    }

    /// Makes the context that a request came with the parent of its span. The span has not been
    /// entered yet, and is disabled if no subscriber wants it.
    fn extract(&self, span: &Span, context: &TraceContext) {
        let _ = (span, context);
    }

    /// A request has ended. The span of the request is the current one.
    fn operation(&self, operation: &Operation, duration: Duration, outcome: Outcome) {
        let _ = (operation, duration, outcome);
    }

    /// A session has ended. Only the legacy era has sessions.
    fn session(&self, end: &SessionEnd) {
        let _ = end;
    }
}

impl fmt::Debug for dyn Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Telemetry")
    }
}

/// A session that has ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SessionEnd {
    /// The side that records it.
    pub side: Side,
    /// The revision of the session.
    pub revision: Revision,
    /// What carried it. `None` between two sides in one process.
    pub transport: Option<NetworkTransport>,
    /// The host and the port of the server, on the side of a client over HTTP.
    pub server: Option<(String, u16)>,
    /// The time since the handshake.
    pub duration: Duration,
}
