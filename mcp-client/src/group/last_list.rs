//! The last list of tools of a server, and its form for the next start of the host.

use std::sync::Arc;
use std::time::SystemTime;

use mcp_core::types::Tool;
use serde::{Deserialize, Serialize};

use super::list::Exposed;

/// The tools of one server, as of the last time that it listed them.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let group = mcp_client::ClientGroup::new();
/// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
/// group.list_tools().await;
/// let known = group.known_tools().remove(0);
/// assert_eq!((&*known.server, known.tools.len()), ("notes", 2));
/// # Ok(())
/// # });
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ServerTools {
    /// The server.
    pub server: Arc<str>,
    /// Its tools, under their names in the group.
    pub tools: Vec<Exposed<Tool>>,
    /// How fresh they are.
    pub freshness: Freshness,
}

/// How fresh a list is.
///
/// ```
/// use std::time::SystemTime;
/// use mcp_client::group::Freshness;
///
/// /// The tools of a server that has not answered are shown in grey.
/// fn since(freshness: Freshness) -> Option<SystemTime> {
///     match freshness {
///         Freshness::Remembered(time) => Some(time),
///         _ => None,
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Freshness {
    /// The server listed them to this group, at this time. They may have changed since, if the
    /// server does not report that.
    Listed(SystemTime),
    /// They are those of an earlier process ([`RememberedTools`]), as of this time. The server has
    /// not answered yet.
    Remembered(SystemTime),
    /// Nothing is known: there is no list.
    Unknown,
}

/// What servers listed, to be stored as JSON for the next start of the host:
/// [`ClientGroup::remember_tools`](super::ClientGroup::remember_tools).
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let group = mcp_client::ClientGroup::new();
/// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
/// use mcp_client::group::RememberedTools;
/// use mcp_client::serde_json;
///
/// group.list_tools().await;
/// let stored = serde_json::to_string(&group.remembered_tools())?;
/// let remembered: RememberedTools = serde_json::from_str(&stored)?;
/// assert_eq!(remembered, group.remembered_tools());
/// # Ok(())
/// # });
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RememberedTools(pub(crate) Vec<Remembered>);

impl RememberedTools {
    /// Takes out what one server listed.
    pub(crate) fn take(&mut self, server: &str) -> Self {
        Self(self.0.extract_if(.., |remembered| remembered.server == server).collect())
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    pub(crate) server: String,
    /// In seconds since 1970.
    pub(super) listed_at: u64,
    /// What identifies the configuration of the server.
    #[serde(default)]
    pub(crate) origin: Option<u64>,
    pub(super) tools: Vec<Tool>,
}

/// The last list of a server.
#[derive(Debug, Clone)]
pub(super) struct LastList {
    pub(super) tools: Vec<Tool>,
    pub(super) at: SystemTime,
    pub(super) is_remembered: bool,
}

impl LastList {
    pub(super) fn new(tools: &[Tool]) -> Self {
        Self { tools: tools.to_vec(), at: SystemTime::now(), is_remembered: false }
    }
}
