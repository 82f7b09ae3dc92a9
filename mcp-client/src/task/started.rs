//! A call that was started.

use super::handle::TaskHandle;
use crate::call::ToolReply;

/// What a server answers to a call of a tool that was started by
/// [`Call::start`](crate::Call::start).
#[derive(Debug)]
pub enum Started {
    /// The tool is done.
    Result(ToolReply),
    /// The tool runs as a task.
    Task(TaskHandle),
}
