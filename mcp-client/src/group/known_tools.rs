//! The tools that servers had when they were last asked, to be shown before they answer.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use mcp_core::types::Tool;

use super::client_group::ClientGroup;
use super::kind::Kind;
use super::last_list::{Freshness, LastList, Remembered, RememberedTools, ServerTools};
use super::list::Exposed;
use super::name::Names;

/// Lists that need no server.
impl ClientGroup {
    /// The tools of all servers as far as they are known, without asking any: what they listed
    /// last, or what an earlier process remembered. [`ServerTools::freshness`] says how old it is.
    /// Each [`ClientGroup::list_tools`] brings it up to date; a group of
    /// [`ClientGroup::from_config`] does so by itself, when a server is connected and when it
    /// reports a change.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// use mcp_client::group::Freshness;
    ///
    /// group.list_tools().await;
    /// for server in group.known_tools() {
    ///     let is_current = matches!(server.freshness, Freshness::Listed(_));
    ///     println!("{}: {} tools, {is_current}", server.server, server.tools.len());
    /// }
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn known_tools(&self) -> Vec<ServerTools> {
        self.all()
            .iter()
            .map(|server| {
                let last = server.last_tools().clone();
                let freshness = match &last {
                    Some(last) if last.is_remembered => Freshness::Remembered(last.at),
                    Some(last) => Freshness::Listed(last.at),
                    None => Freshness::Unknown,
                };
                let tools = last.map(|last| last.tools).unwrap_or_default();
                // A list of the server has taught the group its names already.
                let names = match freshness {
                    Freshness::Listed(_) => Names::default().learn(&server.name, own_names(&tools)),
                    _ => server.tools().learn_remembered(&server.name, own_names(&tools)),
                };
                let tools = names.into_iter().zip(tools).filter_map(|(name, tool)| {
                    let name = self.exposed_name(Kind::Tool, server, name?);
                    Some(Exposed::new(name, &server.name, tool))
                });
                ServerTools { server: Arc::clone(&server.name), tools: tools.collect(), freshness }
            })
            .collect()
    }

    /// What the servers listed last, for the next start of the host.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// use mcp_client::serde_json;
    ///
    /// group.list_tools().await;
    /// let stored = serde_json::to_string(&group.remembered_tools())?;
    /// assert!(stored.contains("Adds two numbers."));
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn remembered_tools(&self) -> RememberedTools {
        let remembered = self.all().into_iter().filter_map(|server| {
            let last = server.last_tools().clone()?;
            let listed_at = last.at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            let name = server.name.as_ref().to_owned();
            Some(Remembered { server: name, listed_at, origin: None, tools: last.tools })
        });
        RememberedTools(remembered.collect())
    }

    /// Takes over what an earlier process remembered, for the servers of the group that have not
    /// listed anything yet. At most `Limits::max_group_items` tools of each.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// use mcp_client::group::RememberedTools;
    /// use mcp_client::serde_json;
    ///
    /// # group.list_tools().await;
    /// # let stored = serde_json::to_string(&group.remembered_tools())?;
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add_with("notes", std::future::pending)?;
    /// let remembered: RememberedTools = serde_json::from_str(&stored)?;
    /// group.remember_tools(remembered);
    /// // Before the server has answered:
    /// assert_eq!(group.known_tools()[0].tools[0].name, "notes__add");
    /// # Ok(())
    /// # });
    /// ```
    pub fn remember_tools(&self, remembered: RememberedTools) {
        let max = self.settings().limits.max_group_items;
        for Remembered { server, listed_at, mut tools, .. } in remembered.0 {
            let Ok(server) = self.find(&server) else { continue };
            tools.truncate(max);
            let mut last = server.last_tools();
            if last.is_none() {
                let at = UNIX_EPOCH.checked_add(Duration::from_secs(listed_at));
                let at = at.unwrap_or(UNIX_EPOCH);
                *last = Some(LastList { tools, at, is_remembered: true });
            }
        }
    }
}

fn own_names(tools: &[Tool]) -> impl Iterator<Item = &str> + Clone {
    tools.iter().map(|tool| tool.name.as_str())
}
