//! How far a stream was read.

use std::time::Duration;

/// How far a stream was read, to resume it from there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cursor {
    /// The id of the last event.
    pub(crate) last: Option<String>,
    /// How long the server wants the client to wait before it reconnects.
    pub(crate) retry: Option<Duration>,
    /// Events that were read.
    pub(crate) events: u64,
}
