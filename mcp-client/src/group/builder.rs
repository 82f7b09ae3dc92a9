//! What a group is made of.

use std::time::Duration;

use crate::Limits;

use super::client_group::ClientGroup;
use super::name::Naming;

/// Makes a [`ClientGroup`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct ClientGroupBuilder {
    pub(super) naming: Naming,
    pub(super) limits: Limits,
    pub(super) connect_timeout: Duration,
    pub(super) list_timeout: Duration,
    pub(super) watches_lists: bool,
}

impl ClientGroupBuilder {
    pub(super) fn new() -> Self {
        Self {
            naming: Naming::default(),
            limits: Limits::new(),
            connect_timeout: Duration::from_secs(30),
            list_timeout: Duration::from_secs(10),
            watches_lists: true,
        }
    }

    /// How tools and prompts are named. Default: [`Naming::Prefixed`].
    pub fn naming(mut self, naming: Naming) -> Self {
        self.naming = naming;
        self
    }

    /// The bounds of the group: `group_servers`, `group_items`, `reconnects` and the pauses between them. What the
    /// connections take is bounded by the limits of their own clients.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How long one attempt to connect to a server may take, and a call may wait for it. Default: 30 s.
    pub fn connect_timeout(mut self, patience: Duration) -> Self {
        self.connect_timeout = patience;
        self
    }

    /// How long a list waits for each server. Default: 10 s.
    pub fn list_timeout(mut self, patience: Duration) -> Self {
        self.list_timeout = patience;
        self
    }

    /// Whether the group asks the servers of 2026-07-28 to tell it of changes of their lists; servers of earlier
    /// revisions tell it unasked. Default: true.
    pub fn watch_lists(mut self, watch: bool) -> Self {
        self.watches_lists = watch;
        self
    }

    /// The group, without servers yet.
    #[must_use]
    pub fn build(self) -> ClientGroup {
        ClientGroup::with(self)
    }
}
