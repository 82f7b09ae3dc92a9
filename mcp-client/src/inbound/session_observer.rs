//! Who sets up a new legacy session.

use std::fmt;

use mcp_core::service::BoxFuture;

/// Sets up a new session.
pub(crate) trait SessionObserver: Send + Sync {
    /// A new session began: the server knows nothing of what the client watches.
    fn session_restarted(&self) -> BoxFuture<'static, ()>;
}

impl fmt::Debug for dyn SessionObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionObserver")
    }
}
