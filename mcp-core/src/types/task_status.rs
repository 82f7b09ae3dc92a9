//! The status of a task, the same in the extension and in 2025-11-25.

use crate::json::string_enum;

string_enum! {
    /// The status of a task, in the extension and in 2025-11-25.
    pub enum TaskStatus {
        /// The task is running.
        Working = "working",
        /// The task waits for input.
        InputRequired = "input_required",
        /// The task has a result.
        Completed = "completed",
        /// The task failed.
        Failed = "failed",
        /// The task was cancelled.
        Cancelled = "cancelled",
        _ => Other,
    }
}

impl TaskStatus {
    /// Whether the status is final.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}
