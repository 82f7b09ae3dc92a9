//! The errors with which the engine answers a request that it does not pass on.

use serde_json::json;

use crate::jsonrpc::{ErrorKind, ErrorObject, code};

/// For a batch that the conversation does not accept.
pub(super) fn no_batches() -> ErrorObject {
    ErrorObject::invalid_request(
        "a batch is accepted only in a session of revision 2025-03-26; send one message per line",
    )
}

/// For a request that arrives while this side shuts down.
pub(super) fn shutting_down() -> ErrorObject {
    ErrorObject::new(code::INTERNAL_ERROR, "the server is shutting down").with_kind(
        ErrorKind::Unavailable,
        &json!({ "reason": "shutting_down", "retryAfterMs": 1_000, "notProcessed": true }),
    )
}

/// For a request whose id is that of another one.
pub(super) fn duplicate_id() -> ErrorObject {
    ErrorObject::invalid_request("a request with this id is still running; use another id")
}

/// For a request that neither runs nor fits into the queue.
pub(super) fn too_many_requests() -> ErrorObject {
    ErrorObject::new(code::INTERNAL_ERROR, "too many requests at the same time")
        .with_data(&json!({ "retryable": true }))
        .with_kind(
            ErrorKind::Overloaded,
            &json!({ "reason": "overloaded", "retryAfterMs": 1_000, "notProcessed": true }),
        )
}

/// For an entry of a batch that is not started.
pub(super) fn refused_entry() -> ErrorObject {
    ErrorObject::invalid_request(
        "this entry of the batch was refused: its id is in use, or too many requests are running \
         (max_in_flight_requests)",
    )
}
