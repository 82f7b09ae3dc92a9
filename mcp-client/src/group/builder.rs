//! Building a group.

use std::time::Duration;

use super::budget::ResultBudget;
use super::client_group::ClientGroup;
use super::name::Naming;
use super::settings::GroupSettings;
use crate::Limits;

/// Builds a [`ClientGroup`]: begin with [`ClientGroup::builder`].
///
/// ```
/// use std::time::Duration;
/// use mcp_client::ClientGroup;
/// use mcp_client::group::{Naming, ResultBudget};
///
/// let group = ClientGroup::builder()
///     .naming(Naming::PrefixedOnCollision)
///     .list_timeout(Duration::from_secs(3))
///     .result_budget(ResultBudget::cut(32 << 10))
///     .build();
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct ClientGroupBuilder(GroupSettings);

impl ClientGroup {
    /// A group without servers.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::{Client, ClientGroup, serde_json::json};
    ///
    /// let group = ClientGroup::new();
    /// group.add("notes", Client::connect(reader, writer).await?)?;
    /// let reply = group.call_tool("notes__add", &json!({ "a": 1, "b": 2 })).await?;
    /// assert_eq!(reply.text(), "3");
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A group whose names, times and bounds are chosen.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mcp_client::ClientGroup;
    ///
    /// let group = ClientGroup::builder().connect_timeout(Duration::from_secs(10)).build();
    /// ```
    pub fn builder() -> ClientGroupBuilder {
        ClientGroupBuilder(GroupSettings::default())
    }
}

impl Default for ClientGroup {
    fn default() -> Self {
        Self::new()
    }
}

impl ClientGroupBuilder {
    /// How tools and prompts are named. Default: [`Naming::Prefixed`].
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::group::Naming;
    /// use mcp_client::{Client, ClientGroup};
    ///
    /// let group = ClientGroup::builder().naming(Naming::PrefixedOnCollision).build();
    /// group.add("notes", Client::connect(reader, writer).await?)?;
    /// let tools = group.list_tools().await.items;
    /// assert_eq!(tools[0].name, "add"); // Without it: "notes__add".
    /// # Ok(())
    /// # });
    /// ```
    pub fn naming(mut self, naming: Naming) -> Self {
        self.0.naming = naming;
        self
    }

    /// The bounds of the group: `max_group_servers`, `max_group_items`, `max_queued_events`,
    /// `max_queued_event_bytes`, `max_reconnects` and the pauses between attempts. The connections
    /// have the limits of their own clients.
    ///
    /// ```
    /// use mcp_client::{ClientGroup, Limits};
    ///
    /// let mut limits = Limits::new();
    /// limits.max_group_servers = 8;
    /// limits.max_reconnects = 3; // Then the user has to press "reconnect".
    /// let group = ClientGroup::builder().limits(limits).build();
    /// ```
    pub fn limits(mut self, limits: Limits) -> Self {
        self.0.limits = limits;
        self
    }

    /// How long one attempt to connect to a server may take, and how long a call waits for it.
    /// Default: 30 s.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mcp_client::ClientGroup;
    ///
    /// // One of the servers is downloaded when it starts for the first time.
    /// let group = ClientGroup::builder().connect_timeout(Duration::from_secs(120)).build();
    /// ```
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.0.connect_timeout = timeout;
        self
    }

    /// How long a list waits for each server. Default: 10 s.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mcp_client::ClientGroup;
    ///
    /// // A prompt waits for the list: show what answers within 2 s.
    /// let group = ClientGroup::builder().list_timeout(Duration::from_secs(2)).build();
    /// ```
    pub fn list_timeout(mut self, timeout: Duration) -> Self {
        self.0.list_timeout = timeout;
        self
    }

    /// Whether the group subscribes to changes of the lists of servers of 2026-07-28. Servers of
    /// earlier revisions announce them without being asked. Default: true.
    ///
    /// ```
    /// use mcp_client::ClientGroup;
    ///
    /// // For a program that lists the tools once and exits soon.
    /// let group = ClientGroup::builder().watch_lists(false).build();
    /// ```
    pub fn watch_lists(mut self, watch: bool) -> Self {
        self.0.watches_lists = watch;
        self
    }

    /// How large a result of [`ClientGroup::call_tool`] may be, and what becomes of a larger one.
    /// Default: as large as `Limits::connection` allows. Calls through a
    /// [`Route`](super::Route) have no budget.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::group::ResultBudget;
    /// use mcp_client::{Client, ClientGroup};
    ///
    /// let group = ClientGroup::builder().result_budget(ResultBudget::cut(16 << 10)).build();
    /// group.add("notes", Client::connect(reader, writer).await?)?;
    /// let reply = group.call_tool("notes__index", &()).await?; // At most 16 KiB of JSON.
    /// # Ok(())
    /// # });
    /// ```
    pub fn result_budget(mut self, budget: ResultBudget) -> Self {
        self.0.result_budget = Some(budget);
        self
    }

    /// The longest time that an attempt to connect may take.
    pub(crate) fn at_least_connect_timeout(mut self, timeout: Duration) -> Self {
        self.0.connect_timeout = self.0.connect_timeout.max(timeout);
        self
    }

    /// Builds the group, without servers yet.
    ///
    /// ```
    /// use mcp_client::ClientGroup;
    ///
    /// let group = ClientGroup::builder().build();
    /// assert!(group.servers().is_empty());
    /// ```
    #[must_use]
    pub fn build(self) -> ClientGroup {
        ClientGroup::with(self.0)
    }
}
