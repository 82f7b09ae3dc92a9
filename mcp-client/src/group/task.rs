//! Tasks of a group: a task belongs to one server, and outlives the connections to it.

use mcp_core::method::{Method as _, ToolsCall};
use tokio::time::{Instant, sleep, timeout_at};

use super::client_group::ClientGroup;
use crate::backoff::Backoff;
use crate::call::ToolReply;
use crate::error::{Error, ErrorKind, Expired};
use crate::task::{SavedTask, TaskHandle};

/// Tasks.
impl ClientGroup {
    /// Continues with a task of a server: see [`Client::resume_task`](crate::Client::resume_task).
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::task::{Started, TaskOptions};
    /// use mcp_client::{Client, ClientGroup};
    ///
    /// let group = ClientGroup::new();
    /// let builder = Client::builder().tasks(TaskOptions::new());
    /// group.add("notes", builder.connect(reader, writer).await?)?;
    /// # let mut saved = None;
    /// # let client = group.client("notes").await?;
    /// # if let Started::Task(mut task) = client.call_tool("report", &()).start().await? {
    /// #     saved = Some(task.save());
    /// # }
    /// # let Some(saved) = saved else { return Err("not a task".into()) };
    /// // What `TaskHandle::save` returned in another process.
    /// let reply = group.resume_task("notes", saved).await?.await?;
    /// assert_eq!(reply.text(), "2 notes, both about milk");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// When there is no such server, it is not connected, or it does not have the task.
    pub async fn resume_task(&self, server: &str, saved: SavedTask) -> Result<TaskHandle, Error> {
        self.client(server).await?.resume_task(saved).await
    }

    /// Waits for the result of a task, also when the connection to its server is made again.
    pub(super) async fn finish_task(
        &self,
        server: &str,
        mut task: TaskHandle,
        total_at: Instant,
    ) -> Result<ToolReply, Error> {
        let mut attempts = Backoff::new(&self.settings().limits);
        loop {
            let left = total_at.saturating_duration_since(Instant::now());
            task = task.total_timeout(left);
            let lost = match task.wait().await {
                Err(error) if is_lost(&error) && self.makes_connections(server) => error,
                outcome => return outcome,
            };
            attempts.worked();
            let saved = task.save();
            let resuming = self.resume_again(server, &saved, lost, &mut attempts);
            task = timeout_at(total_at, resuming)
                .await
                .map_err(|_| Error::timed_out(ToolsCall::NAME, Expired::Total, left))??;
        }
    }

    /// Continues with a task on the next connection that works.
    async fn resume_again(
        &self,
        server: &str,
        saved: &SavedTask,
        mut lost: Error,
        attempts: &mut Backoff,
    ) -> Result<TaskHandle, Error> {
        loop {
            let Some(pause) = attempts.pause() else { return Err(lost) };
            sleep(pause).await;
            lost = match self.resume_task(server, saved.clone()).await {
                Err(error) if is_lost(&error) => error,
                outcome => return outcome,
            };
        }
    }

    /// Whether the group connects to a server again.
    fn makes_connections(&self, server: &str) -> bool {
        self.find(server).is_ok_and(|server| server.is_made())
    }
}

/// Whether the connection is lost, so that another one may have the task.
fn is_lost(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Transport | ErrorKind::OutcomeUnknown)
}
