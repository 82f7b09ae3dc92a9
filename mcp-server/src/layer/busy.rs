//! The error of a layer that does not let a call begin now.

use mcp_core::jsonrpc::{ErrorKind, ErrorObject, code};
use serde_json::json;

/// Returns the error of a call whose handler has not run, and that may be sent again in a second.
pub(crate) fn busy(message: impl Into<String>) -> ErrorObject {
    let details = json!({ "reason": "overloaded", "notProcessed": true });
    ErrorObject::new(code::INTERNAL_ERROR, message)
        .with_data(&json!({ "retryable": true, "retryAfterMs": 1_000 }))
        .with_kind(ErrorKind::Overloaded, &details)
}
