//! The state of the connection to a server.

use std::sync::Arc;

use crate::client::Client;

/// A server of a group, and the state of its connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupServer {
    /// The name that the host gave it.
    pub name: Arc<str>,
    /// The state of its connection.
    pub state: ServerState,
}

/// The state of the connection to a server of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerState {
    /// The group is connecting to it.
    Connecting,
    /// It is connected.
    Connected,
    /// It is not connected.
    Lost {
        /// What went wrong last.
        reason: Arc<str>,
        /// Whether the group will try again.
        retries: bool,
    },
}

/// The state, with the connection.
#[derive(Clone)]
pub(super) enum State {
    Connecting,
    Connected(Client),
    Lost { reason: Arc<str>, retries: bool },
}
