//! Tasks, stored for later or for another process.

use mcp_core::text::PeerText;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};

/// The version of the stored form.
const VERSION: u32 = 1;

/// The protocol of the task.
const GENERATION: &str = "io.modelcontextprotocol/tasks";

/// A task, to be stored: by [`TaskHandle::save`](super::TaskHandle::save), for
/// [`Client::resume_task`](crate::Client::resume_task).
///
/// It holds no arguments, answers or credentials. A server may accept the id of a task as the only
/// proof of a right to it, so protect it as you protect the result. The task expires when the
/// server says so (`ttlMs`).
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let builder = mcp_client::Client::builder().tasks(mcp_client::task::TaskOptions::new());
/// # let client = builder.connect(reader, writer).await?;
/// use mcp_client::serde_json;
/// use mcp_client::task::{SavedTask, Started};
///
/// # let mut stored = String::new();
/// # if let Started::Task(mut task) = client.call_tool("report", &()).start().await? {
/// #     stored = serde_json::to_string(&task.save())?;
/// # }
/// let saved: SavedTask = serde_json::from_str(&stored)?;
/// assert_eq!((saved.server(), saved.task_id()), ("notes-server", "report"));
/// let reply = client.resume_task(saved).await?.await?;
/// # Ok(())
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedTask {
    /// The version of this form.
    version: u32,
    #[serde(default)]
    generation: String,
    /// What the host calls the server, so that the id does not go to another one.
    #[serde(default)]
    server: String,
    #[serde(default)]
    task_id: String,
    /// The tool whose result is checked against its output schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tool: Option<String>,
}

impl SavedTask {
    pub(super) fn new(server: &str, task_id: &str, tool: Option<String>) -> Self {
        Self {
            version: VERSION,
            generation: GENERATION.to_owned(),
            server: server.to_owned(),
            task_id: task_id.to_owned(),
            tool,
        }
    }

    /// The id of the task.
    ///
    /// ```
    /// use mcp_client::task::SavedTask;
    ///
    /// /// An entry of the list of tasks.
    /// fn entry(saved: &SavedTask) -> String {
    ///     format!("{} on {}", saved.task_id(), saved.server())
    /// }
    /// ```
    #[must_use]
    pub fn task_id(&self) -> &str {
        &self.task_id
    }

    /// The name of the server that has the task: see
    /// [`ClientBuilder::server_name`](crate::ClientBuilder::server_name).
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use mcp_client::Client;
    /// use mcp_client::task::SavedTask;
    ///
    /// /// The client of the server that has the task.
    /// fn find<'a>(all: &'a HashMap<String, Client>, saved: &SavedTask) -> Option<&'a Client> {
    ///     all.get(saved.server())
    /// }
    /// ```
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Checks what was stored, for a client of the server with this name. Returns the tool.
    pub(super) fn restore(self, server: &str) -> Result<(String, Option<String>), Error> {
        if self.version != VERSION {
            return Err(invalid(&format!(
                "its version is {}, and this client reads version {VERSION}",
                self.version
            )));
        }
        if self.generation != GENERATION {
            let generation = PeerText::with_max(&self.generation, 64);
            return Err(invalid(&format!(
                "its generation is \"{generation}\", and this client reads \"{GENERATION}\""
            )));
        }
        if self.task_id.is_empty() {
            return Err(invalid("its taskId is empty"));
        }
        if self.server != server {
            let theirs = PeerText::new(&self.server);
            return Err(invalid(&format!(
                "the server \"{theirs}\" has the task, and this client is connected to \"{server}\""
            )));
        }
        Ok((self.task_id, self.tool))
    }
}

fn invalid(reason: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("the saved task cannot be resumed: {reason}"))
}
