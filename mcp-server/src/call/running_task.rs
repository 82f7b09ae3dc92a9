//! The task that a call runs as, if it does.

use mcp_core::json::RawJson;
use mcp_core::service::BoxFuture;

/// The task that a call runs as, as its context sees it.
pub(crate) trait RunningTask: Send + Sync {
    /// Stores the result of a step. Completes when it is durable. Never completes if the call may
    /// no longer write: it is dropped then.
    fn record_step<'a>(&'a self, key: &'a str, result: &'a RawJson) -> BoxFuture<'a, ()>;

    /// Sets the status message of the task, unless another was set a moment ago.
    fn set_status(&self, message: String) -> BoxFuture<'_, ()>;
}
