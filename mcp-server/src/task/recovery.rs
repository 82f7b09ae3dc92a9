//! What becomes of a task whose process ended.

/// What becomes of a task whose execution was interrupted, because its process ended or lost its
/// lease. Set it with [`ToolBuilder::recovery`](crate::tool::ToolBuilder::recovery), or
/// `#[tool(task, recovery = "…")]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Recovery {
    /// The handler runs again. Answers and the results of completed
    /// [steps](crate::Context::step) are those of before, so that it goes on from its last
    /// completed step. The default.
    #[default]
    Resume,
    /// The handler runs again from nothing: its steps run again, and its questions are asked again.
    Restart,
    /// The task fails. For work that must not run twice and cannot be divided into steps.
    Fail,
}
