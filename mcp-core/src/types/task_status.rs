//! The state of a task, the same in the extension and in 2025-11-25.

use crate::json::string_enum;

string_enum! {
    /// The state of a task. Both forms.
    pub enum TaskStatus {
        /// It is being worked on.
        Working = "working",
        /// It waits for input.
        InputRequired = "input_required",
        /// It has a result.
        Completed = "completed",
        /// It failed.
        Failed = "failed",
        /// It was cancelled.
        Cancelled = "cancelled",
        _ => Other,
    }
}

impl TaskStatus {
    /// Whether it is final.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}
