//! Which requests are sent again, how often, and when. Spec: basic/transports/streamable-http
//! (HTTP-8).

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use mcp_core::http_client::{HttpError, retry_after};
use mcp_core::jsonrpc::RequestId;
use mcp_core::method::RetrySafety;
use mcp_core::transport::{TransportError, TransportErrorKind};
use tokio::time::sleep;

use crate::backoff::Backoff;
use crate::limits::Limits;

/// The attempts to send one message.
pub(crate) struct Attempts(Backoff);

impl Attempts {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self(Backoff::times(limits.http.max_attempts.saturating_sub(1), limits))
    }

    /// A single one: the caller has its own retries.
    pub(crate) fn single(limits: &Limits) -> Self {
        Self(Backoff::times(0, limits))
    }

    /// The pause before the next attempt; `None` if there is none.
    pub(crate) fn next(&mut self) -> Option<Duration> {
        self.0.pause()
    }
}

/// Waits before a request that may have arrived is sent again.
///
/// # Errors
/// It must not be sent again, or was sent often enough.
pub(crate) async fn pause_after(
    cut: HttpError,
    retry: RetrySafety,
    attempts: &mut Attempts,
) -> Result<(), TransportError> {
    if retry == RetrySafety::Safe
        && let Some(pause) = attempts.next()
    {
        sleep(pause).await;
        return Ok(());
    }
    Err(lost(cut, retry))
}

/// How long to wait before a request that was refused for now is sent again; `None` if it must not
/// be, or was sent often enough.
pub(super) fn pause_before_retry(
    status: StatusCode,
    headers: &HeaderMap,
    retry: RetrySafety,
    limits: &Limits,
    attempts: &mut Attempts,
) -> Option<Duration> {
    let asked = retry_after(headers);
    // A server that refuses a request because there were too many has not handled it. Of other
    // statuses a gateway may be the author, after it has passed the request on.
    let was_not_handled = asked.is_some()
        && match status {
            StatusCode::TOO_MANY_REQUESTS => true,
            StatusCode::SERVICE_UNAVAILABLE => limits.http.retry_unavailable,
            _ => false,
        };
    let wait = asked.unwrap_or_default();
    if !(was_not_handled || retry == RetrySafety::Safe) || wait > limits.http.max_retry_delay {
        return None;
    }
    attempts.next().map(|pause| wait + pause)
}

/// The id of a request that is sent again: one that may have arrived must not be used twice.
pub(crate) fn renumbered(id: &RequestId, attempt: u32) -> RequestId {
    match attempt {
        0 => id.clone(),
        _ => RequestId::from(format!("{id}-{attempt}")),
    }
}

/// Whether a status says that another attempt at the same request may succeed. Narrower than
/// [`is_passing_status`](crate::error::is_passing_status): after 500 the server would fail again.
pub(crate) fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 502 | 503 | 504)
}

/// The error for a request without a response.
pub(crate) fn lost(error: HttpError, retry: RetrySafety) -> TransportError {
    let kind = match (error.may_have_left(), retry) {
        (true, RetrySafety::Unsafe) => TransportErrorKind::OutcomeUnknown,
        _ => TransportErrorKind::Io,
    };
    TransportError::with_source(kind, error.to_string(), error.into_source())
}
