//! A call that was started.

use super::handle::TaskHandle;
use crate::call::ToolReply;

/// What a server answers to a call of a tool that was started by
/// [`Call::start`](crate::Call::start).
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let builder = mcp_client::Client::builder().tasks(mcp_client::task::TaskOptions::new());
/// # let client = builder.connect(reader, writer).await?;
/// use mcp_client::task::Started;
///
/// let reply = match client.call_tool("report", &()).start().await? {
///     Started::Result(reply) => reply,
///     Started::Task(task) => task.await?,
/// };
/// assert_eq!(reply.text(), "2 notes, both about milk");
/// # Ok(())
/// # });
/// ```
#[derive(Debug)]
pub enum Started {
    /// The tool is done.
    Result(ToolReply),
    /// The tool runs as a task.
    Task(TaskHandle),
}
