//! Building a group.

use std::time::Duration;

use super::budget::ResultBudget;
use super::client_group::ClientGroup;
use super::name::Naming;
use super::settings::GroupSettings;
use crate::Limits;

/// Builds a [`ClientGroup`]: begin with [`ClientGroup::builder`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct ClientGroupBuilder(GroupSettings);

impl ClientGroup {
    /// A group without servers.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A group whose names, times and bounds are chosen.
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
    pub fn naming(mut self, naming: Naming) -> Self {
        self.0.naming = naming;
        self
    }

    /// The bounds of the group: `max_group_servers`, `max_group_items`, `max_queued_events`,
    /// `max_queued_event_bytes`, `max_reconnects` and the pauses between attempts. The connections
    /// have the limits of their own clients.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.0.limits = limits;
        self
    }

    /// How long one attempt to connect to a server may take, and how long a call waits for it.
    /// Default: 30 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.0.connect_timeout = timeout;
        self
    }

    /// How long a list waits for each server. Default: 10 s.
    pub fn list_timeout(mut self, timeout: Duration) -> Self {
        self.0.list_timeout = timeout;
        self
    }

    /// Whether the group subscribes to changes of the lists of servers of 2026-07-28. Servers of
    /// earlier revisions announce them without being asked. Default: true.
    pub fn watch_lists(mut self, watch: bool) -> Self {
        self.0.watches_lists = watch;
        self
    }

    /// How large a result of [`ClientGroup::call_tool`] may be, and what becomes of a larger one.
    /// Default: as large as `Limits::connection` allows. Calls through a
    /// [`Route`](super::Route) have no budget.
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
    #[must_use]
    pub fn build(self) -> ClientGroup {
        ClientGroup::with(self.0)
    }
}
