//! The bounds of tasks.

use std::time::Duration;

/// The bounds of each task that a client waits for.
///
/// ```
/// use std::time::Duration;
/// use mcp_client::{Client, Limits};
///
/// let mut limits = Limits::new();
/// limits.tasks.max_poll_interval = Duration::from_secs(60);
/// let builder = Client::builder().limits(limits);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskLimits {
    /// Maximum time between two polls, even if the server recommends more. 5 minutes.
    pub max_poll_interval: Duration,
    /// Maximum number of questions that are remembered, so that none is asked twice; a task that
    /// asks more fails. 1,024.
    pub max_input_keys: usize,
}

impl TaskLimits {
    /// The defaults.
    pub const fn new() -> Self {
        Self { max_poll_interval: Duration::from_secs(300), max_input_keys: 1_024 }
    }
}

impl Default for TaskLimits {
    fn default() -> Self {
        Self::new()
    }
}
