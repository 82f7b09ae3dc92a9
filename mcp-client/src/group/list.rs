//! The lists of all servers of a group as one.

use std::sync::Arc;

use mcp_core::types::{Prompt, Tool};

use crate::error::Error;

/// What the servers of a group listed, and which of them did not.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let group = mcp_client::ClientGroup::new();
/// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
/// let resources = group.list_resources().await;
/// println!("{} resources, {} servers failed", resources.items.len(), resources.failures.len());
/// # Ok(())
/// # });
/// ```
#[derive(Debug)]
pub struct GroupList<E> {
    /// What was listed, by the names of the servers and then in the order of each.
    pub items: Vec<E>,
    /// The servers that could not be asked.
    pub failures: Vec<Failure>,
}

/// A server whose part of a list is missing.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let group = mcp_client::ClientGroup::new();
/// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
/// for failure in group.list_tools().await.failures {
///     eprintln!("{}: {}", failure.server, failure.error);
/// }
/// # Ok(())
/// # });
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The server.
    pub server: Arc<str>,
    /// Why.
    pub error: Error,
}

/// A tool or prompt with its name in the group.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let group = mcp_client::ClientGroup::new();
/// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
/// let tool = &group.list_tools().await.items[0];
/// assert_eq!((&*tool.name, &*tool.server, &*tool.item.name), ("notes__add", "notes", "add"));
/// # Ok(())
/// # });
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Exposed<T> {
    /// What [`ClientGroup`](super::ClientGroup) calls it.
    pub name: String,
    /// The server that has it.
    pub server: Arc<str>,
    /// The item as the server lists it, under its own name.
    pub item: T,
}

impl Exposed<Tool> {
    /// The tool under its name in the group, to be shown to a model.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// use mcp_client::serde_json;
    ///
    /// let tool = group.list_tools().await.items.remove(0).into_tool();
    /// let for_the_model = serde_json::to_value(&tool)?;
    /// assert_eq!(for_the_model["name"], "notes__add");
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn into_tool(self) -> Tool {
        let mut tool = self.item;
        tool.name = self.name;
        tool
    }
}

impl Exposed<Prompt> {
    /// The prompt under its name in the group.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// let prompt = group.list_prompts().await.items.remove(0).into_prompt();
    /// assert_eq!(prompt.name, "notes__review");
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn into_prompt(self) -> Prompt {
        let mut prompt = self.item;
        prompt.name = self.name;
        prompt
    }
}

/// A resource or template with its server. Several servers may have the same URI.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let group = mcp_client::ClientGroup::new();
/// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
/// let resource = group.list_resources().await.items.remove(0);
/// let note = group.read_resource(&resource.server, &resource.item.uri).await?;
/// # Ok(())
/// # });
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FromServer<T> {
    /// The server that has it.
    pub server: Arc<str>,
    /// The item.
    pub item: T,
}

impl<T> Exposed<T> {
    pub(super) fn new(name: String, server: &Arc<str>, item: T) -> Self {
        Self { name, server: Arc::clone(server), item }
    }
}

impl<T> FromServer<T> {
    pub(super) fn new(server: &Arc<str>, item: T) -> Self {
        Self { server: Arc::clone(server), item }
    }
}
