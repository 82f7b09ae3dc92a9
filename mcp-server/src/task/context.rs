//! How a handler becomes a task.

use mcp_core::extension::{ProtocolExtension as _, Tasks};
use mcp_core::method::{Method as _, ToolsCall};

use crate::context::Context;

/// Marks the environment of a server that has tasks.
#[derive(Debug)]
pub(crate) struct TasksEnabled;

impl Context {
    /// Goes on as a task, if the client supports tasks: the call is answered with the id of the
    /// task, and the handler runs again from its beginning in the background, with the answers and
    /// the results of [steps](Context::step) so far. Use it in a tool that finds out only while it
    /// runs that it will take long.
    ///
    /// Returns whether the handler runs as a task. It does not if the client did not declare the
    /// extension `io.modelcontextprotocol/tasks`; the call then simply goes on.
    ///
    /// ```
    /// use mcp_server::{Context, tool};
    ///
    /// # async fn size(_: &str) -> u64 { 1 }
    /// # async fn convert(_: &str) -> String { String::new() }
    /// /// Convert a video.
    /// #[tool]
    /// async fn convert_video(path: String, ctx: Context) -> String {
    ///     let size: u64 = ctx.step("size", size(&path)).await;
    ///     if size > 1_000_000 {
    ///         ctx.into_task().await;
    ///     }
    ///     ctx.step("convert", convert(&path)).await
    /// }
    /// ```
    ///
    /// Cancel safety: if the future is dropped, the handler may still be run again as a task.
    pub async fn into_task(&self) -> bool {
        let call = self.call();
        if call.task().is_some() {
            return true;
        }
        let is_possible = &*call.method == ToolsCall::NAME
            && self.rules().input_required
            && call.environment.attached.get::<TasksEnabled>().is_some()
            && self.client_capabilities().extension(Tasks::ID).is_some();
        if !is_possible {
            return false;
        }
        match call.questions.detach().await {}
    }

    /// Whether the handler runs as a task.
    ///
    /// ```
    /// # use mcp_server::{Context, tool};
    /// /// Build a report.
    /// #[tool(task)]
    /// async fn report(ctx: &Context) -> String {
    ///     // No user waits for a task at the screen, so it may read everything.
    ///     let rows = if ctx.is_task() { 1_000_000 } else { 1_000 };
    ///     format!("a report of {rows} rows")
    /// }
    /// ```
    #[must_use]
    pub fn is_task(&self) -> bool {
        self.call().task().is_some()
    }
}
