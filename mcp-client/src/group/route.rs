//! From a name in the group to the server that has it.

use std::sync::Arc;

use mcp_core::deadline::later;
use mcp_core::text::PeerText;
use mcp_core::types::{GetPromptResult, ReadResourceResult};
use serde::Serialize;
use tokio::time::Instant;

use super::client_group::ClientGroup;
use super::kind::Kind;
use super::name::{self, Naming, SEPARATOR};
use super::server::Server;
use crate::call::ToolReply;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::task::Started;

/// Where a tool or prompt of a group is, to call it with everything that [`Client::call_tool`] and
/// [`Client::get_prompt`] offer.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let group = mcp_client::ClientGroup::new();
/// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
/// let route = group.tool("notes__index").await?;
/// assert_eq!((&*route.server, &*route.name), ("notes", "index"));
/// # Ok(())
/// # });
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Route {
    /// The server.
    pub server: Arc<str>,
    /// The connection to it.
    pub client: Client,
    /// The server's own name for it.
    pub name: String,
}

/// Calls.
impl ClientGroup {
    /// Calls a tool by its name in the group. [`ClientGroup::tool`] leads to timeouts, progress and
    /// the rest.
    ///
    /// A call that is lost with its connection is not repeated. If the server runs it as a
    /// [task](crate::task), and the group connects to the server again, the call continues to wait
    /// for the task: a server that keeps its tasks still has it.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// use mcp_client::serde_json::json;
    ///
    /// let reply = group.call_tool("notes__add", &json!({ "a": 1, "b": 2 })).await?;
    /// assert_eq!(reply.structured::<i64>()?, 3);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// When no server has the tool, its server is not connected, or the call fails.
    pub async fn call_tool<A: Serialize + ?Sized>(
        &self,
        name: &str,
        arguments: &A,
    ) -> Result<ToolReply, Error> {
        let route = self.tool(name).await?;
        let total_at = later(Instant::now(), route.client.timeouts().total);
        let reply = match route.client.call_tool(&route.name, arguments).start().await? {
            Started::Result(reply) => reply,
            Started::Task(task) => self.finish_task(&route.server, task, total_at).await?,
        };
        Ok(match &self.settings().result_budget {
            Some(budget) => budget.apply(&route.server, reply),
            None => reply,
        })
    }

    /// Gets a prompt by its name in the group.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// let review = group.get_prompt("notes__review", &()).await?;
    /// assert_eq!(review.messages[0].content.as_text(), Some("Review this note: buy milk"));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// When no server has the prompt, its server is not connected, or the call fails.
    pub async fn get_prompt<A: Serialize + ?Sized>(
        &self,
        name: &str,
        arguments: &A,
    ) -> Result<GetPromptResult, Error> {
        let route = self.prompt(name).await?;
        route.client.get_prompt(&route.name, arguments).await
    }

    /// Reads a resource of a server, or a result of it that is kept
    /// ([`ResultBudget::spill`](super::ResultBudget::spill)).
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// let note = group.read_resource("notes", "note://1").await?;
    /// assert_eq!(note.contents[0].as_text(), Some("buy milk"));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// When there is no such server, it is not connected, or the call fails.
    pub async fn read_resource(
        &self,
        server: &str,
        uri: &str,
    ) -> Result<ReadResourceResult, Error> {
        let budget = self.settings().result_budget.as_ref();
        if let Some(kept) = budget.and_then(|budget| budget.read(server, uri)) {
            return Ok(kept);
        }
        self.client(server).await?.read_resource(uri).await
    }

    /// Finds a tool by its name in the group.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// use std::time::Duration;
    ///
    /// let route = group.tool("notes__index").await?;
    /// let call = route.client.call_tool(&route.name, &()).timeout(Duration::from_secs(5));
    /// let reply = call.on_progress(|report| eprintln!("{}", report.progress)).await?;
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// When no server has it, several have, or its server is not connected.
    pub async fn tool(&self, name: &str) -> Result<Route, Error> {
        self.route(Kind::Tool, name).await
    }

    /// Finds a prompt by its name in the group.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// let route = group.prompt("notes__review").await?;
    /// let review = route.client.get_prompt(&route.name, &()).fresh().await?;
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// When no server has it, several have, or its server is not connected.
    pub async fn prompt(&self, name: &str) -> Result<Route, Error> {
        self.route(Kind::Prompt, name).await
    }

    async fn route(&self, kind: Kind, name: &str) -> Result<Route, Error> {
        let unknown = self.unlisted(kind, name);
        if !unknown.is_empty() {
            self.learn(kind, unknown).await;
        }
        let (server, own) = self.owner(kind, name)?;
        let client = server.client(self.settings().connect_timeout).await?;
        Ok(Route { server: Arc::clone(&server.name), client, name: own })
    }

    /// The servers whose lists decide where a name leads, and are not known yet.
    fn unlisted(&self, kind: Kind, name: &str) -> Vec<Arc<Server>> {
        let was_listed = |server: &Server| kind.names(server).was_listed;
        match name.split_once(SEPARATOR) {
            // A name that fits needs no list: it is the server's own.
            Some((prefix, fitted)) if name::may_be_fitted(fitted) => {
                self.find(prefix).into_iter().filter(|server| !was_listed(server)).collect()
            }
            // The last list decides where a bare name leads, whatever servers without a list have.
            None if self.settings().naming == Naming::PrefixedOnCollision
                && self.owners().get(kind, name).is_none() =>
            {
                let mut all = self.all();
                all.retain(|server| !was_listed(server));
                all
            }
            _ => Vec::new(),
        }
    }

    /// The server that a name leads to, and its own name for it.
    fn owner(&self, kind: Kind, name: &str) -> Result<(Arc<Server>, String), Error> {
        let own = |server: Arc<Server>, fitted: &str| {
            let own = kind.names(&server).own(fitted);
            Ok((server, own))
        };
        // A name with a separator leads to the server that it names, whatever the others list.
        if let Some((prefix, fitted)) = name.split_once(SEPARATOR)
            && let Ok(server) = self.find(prefix)
        {
            return own(server, fitted);
        }
        if self.settings().naming == Naming::PrefixedOnCollision
            && let Some(owner) = self.owners().get(kind, name)
            && let Ok(server) = self.find(&owner)
        {
            return own(server, name);
        }
        Err(Error::new(ErrorKind::InvalidArgument, self.not_found(kind, name)))
    }

    /// Why a name leads to no server.
    fn not_found(&self, kind: Kind, name: &str) -> String {
        let (word, shown) = (kind.word(), PeerText::with_max(name, 128));
        let mut owners = self.all();
        owners.retain(|server| kind.names(server).has(name));
        if self.settings().naming == Naming::PrefixedOnCollision && owners.len() > 1 {
            let names: Vec<String> =
                owners.iter().map(|server| name::prefixed(&server.name, name)).collect();
            let names = names.join(", ");
            return format!(
                "several servers of the group have the {word} \"{shown}\": call one of {names}"
            );
        }
        format!(
            "no server of the group has the {word} \"{shown}\"; list the {word}s to see their names"
        )
    }
}
