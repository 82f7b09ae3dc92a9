//! When a request may be sent again. Spec: RFC 9110 §10.2.3.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;

/// The pause that a response asks for in `Retry-After`, if it is given in seconds. A caller bounds
/// it.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
