//! Why a caller drops a call.

use std::sync::{Arc, OnceLock};

use super::Request;
use crate::text::prefix;

/// Maximum length of a reason that is sent, in bytes; the rest is cut. Fixed: a cancellation is
/// written without waiting for space, so it has to be short.
const MAX_REASON_BYTES: usize = 1_024;

/// A place for the reason of a cancellation. The caller attaches it to a request, and sets it
/// before it drops the call. Transports that send `notifications/cancelled` send the reason too.
///
/// ```
/// use mcp_core::jsonrpc::RequestId;
/// use mcp_core::service::{CancelReason, Request};
///
/// let reason = CancelReason::new();
/// let request = Request::new(RequestId::Number(1), "tools/call", mcp_core::json::JsonBytes::empty_object())
///     .with_cancel_reason(&reason);
/// reason.set("the user pressed stop");
/// assert_eq!(request.cancel_reason().unwrap().get(), Some("the user pressed stop"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct CancelReason(Arc<Place>);

#[derive(Debug, Default)]
struct Place(OnceLock<String>);

impl CancelReason {
    /// Creates a place without a reason.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the reason, cut to 1,024 bytes. Only the first one counts.
    pub fn set(&self, reason: impl Into<String>) {
        let mut reason = reason.into();
        reason.truncate(prefix(&reason, MAX_REASON_BYTES).len());
        let _ = self.0.0.set(reason);
    }

    /// Returns the reason, if it was set.
    #[must_use]
    pub fn get(&self) -> Option<&str> {
        self.0.0.get().map(String::as_str)
    }
}

impl Request {
    /// Attaches the place where the caller puts the reason if it cancels the call.
    #[must_use]
    pub fn with_cancel_reason(mut self, reason: &CancelReason) -> Self {
        self.extensions.insert_shared(Arc::clone(&reason.0));
        self
    }

    /// Returns the place that was attached by [`Request::with_cancel_reason`].
    #[must_use]
    pub fn cancel_reason(&self) -> Option<CancelReason> {
        self.extensions.get_shared::<Place>().map(CancelReason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_counts_and_is_cut_between_characters() {
        let reason = CancelReason::new();
        assert_eq!(reason.get(), None);
        reason.set("ü".repeat(600) + "x");
        reason.set("later");
        assert_eq!(reason.get(), Some(&*"ü".repeat(512)));
        let odd = CancelReason::new();
        odd.set("x".to_owned() + &"ü".repeat(600));
        assert_eq!(odd.get().unwrap().len(), 1_023);
    }
}
