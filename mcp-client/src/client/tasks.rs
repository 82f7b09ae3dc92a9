//! Tasks that were saved.

use super::handle::Client;
use crate::error::Error;
use crate::task::{SavedTask, TaskHandle};

/// Tasks.
impl Client {
    /// Continues with a task that was saved ([`TaskHandle::save`]), with a client of the same
    /// server. That may be in another process. Gets the state of the task once. Questions that are
    /// open are asked again, even if they were answered a moment ago; the server ignores a second
    /// answer.
    ///
    /// Cancel safety: dropping the future cancels the request; the task continues.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let builder = mcp_client::Client::builder().tasks(mcp_client::task::TaskOptions::new());
    /// # let client = builder.connect(reader, writer).await?;
    /// use mcp_client::serde_json;
    /// use mcp_client::task::{SavedTask, Started};
    ///
    /// # let mut stored = String::new();
    /// if let Started::Task(mut task) = client.call_tool("report", &()).start().await? {
    ///     stored = serde_json::to_string(&task.save())?;
    /// }
    ///
    /// // Hours later, in another process.
    /// let saved: SavedTask = serde_json::from_str(&stored)?;
    /// let reply = client.resume_task(saved).await?.await?;
    /// assert_eq!(reply.text(), "2 notes, both about milk");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::TaskGone`] when the server does not have the task any more;
    /// [`ErrorKind::InvalidArgument`] when another server has it
    /// ([`ClientBuilder::server_name`](crate::ClientBuilder::server_name)), when what was stored is
    /// not what was saved, or when the client was built without
    /// [`ClientBuilder::tasks`](crate::ClientBuilder::tasks); else when the request fails.
    ///
    /// [`ErrorKind::TaskGone`]: crate::ErrorKind::TaskGone
    /// [`ErrorKind::InvalidArgument`]: crate::ErrorKind::InvalidArgument
    pub async fn resume_task(&self, saved: SavedTask) -> Result<TaskHandle, Error> {
        TaskHandle::resume(self, saved).await
    }
}
