//! Tools, and calls that were saved.

use mcp_core::method::{Method as _, ToolsCall};
use mcp_core::types::Tool;
use serde::Serialize;

use super::handle::Client;
use crate::call::{Call, List, Listing, PendingInput, SavedInput, ToolReply};
use crate::error::Error;
use crate::params::Params;

/// Tools.
impl Client {
    /// Calls a tool. The arguments are a struct, a map, or `json!({…})`; `&()` for none.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::serde_json::json;
    ///
    /// let reply = client.call_tool("add", &json!({ "a": 1, "b": 2 })).await?;
    /// let sum: i64 = reply.structured()?;
    /// assert_eq!((sum, reply.text().as_str()), (3, "3"));
    /// # Ok(())
    /// # });
    /// ```
    pub fn call_tool<A: Serialize + ?Sized>(&self, name: &str, arguments: &A) -> Call<ToolReply> {
        let params = Params::new().with("name", name);
        let params = params.and_then(|params| params.with_object("arguments", arguments));
        let call = Call::with_reader(self, ToolsCall::NAME, params, ToolReply::read);
        if self.checks_output() { call.of_tool(name) } else { call }
    }

    /// Restores a call that waits for answers and was saved ([`PendingInput::save`]), with a client
    /// of the same server. That may be in another process. `T` is the result of the call,
    /// [`ToolReply`] for a tool.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::types::{ElicitResult, InputResponses};
    /// use mcp_client::{Outcome, SavedInput, ToolReply, serde_json};
    ///
    /// # let mut stored = Vec::new();
    /// # if let Outcome::InputRequired(pending) = client.call_tool("delete", &()).once().await? {
    /// #     stored = serde_json::to_vec(&pending.save())?;
    /// # }
    /// let saved: SavedInput = serde_json::from_slice(&stored)?;
    /// let pending = client.restore::<ToolReply>(saved)?;
    /// let mut answers = InputResponses::new();
    /// for (key, _) in pending.asked.questions() {
    ///     answers.insert(key, &ElicitResult::decline())?;
    /// }
    /// if let Outcome::Complete(reply) = pending.resume(answers).await? {
    ///     assert_eq!(reply.text(), "kept");
    /// }
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::UnsupportedVersion`] when this client speaks another revision than the one that
    /// asked; [`ErrorKind::InvalidArgument`] when another server asked
    /// ([`ClientBuilder::server_name`](crate::ClientBuilder::server_name)), or when what was stored is not what was saved.
    ///
    /// [`ErrorKind::UnsupportedVersion`]: crate::ErrorKind::UnsupportedVersion
    /// [`ErrorKind::InvalidArgument`]: crate::ErrorKind::InvalidArgument
    pub fn restore<T>(&self, saved: SavedInput) -> Result<PendingInput<T>, Error> {
        PendingInput::restore(self, saved)
    }

    /// The tools, all pages of them.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// let tools = client.list_tools().await?;
    /// let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
    /// assert_eq!(names, ["add", "index"]);
    /// # Ok(())
    /// # });
    /// ```
    pub fn list_tools(&self) -> List<Tool> {
        List::new(self)
    }

    /// The tools as a stream, page after page.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use futures::TryStreamExt as _;
    ///
    /// let mut tools = client.tools();
    /// while let Some(tool) = tools.try_next().await? {
    ///     if tool.name == "add" {
    ///         break; // The pages behind it are not fetched.
    ///     }
    /// }
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn tools(&self) -> Listing<Tool> {
        self.list_tools().into_stream()
    }
}
