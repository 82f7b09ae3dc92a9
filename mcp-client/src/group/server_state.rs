//! The state of the connection to a server.

use std::sync::Arc;

use crate::client::Client;

/// A server of a group, and the state of its connection.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let group = mcp_client::ClientGroup::new();
/// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
/// use mcp_client::group::ServerState;
///
/// let notes = &group.servers()[0];
/// assert_eq!((&*notes.name, &notes.state), ("notes", &ServerState::Connected));
/// # Ok(())
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupServer {
    /// The name that the host gave it.
    pub name: Arc<str>,
    /// The state of its connection.
    pub state: ServerState,
}

/// The state of the connection to a server of a group.
///
/// ```
/// use mcp_client::group::ServerState;
///
/// /// The button beside a server.
/// fn button(state: &ServerState) -> Option<&'static str> {
///     match state {
///         ServerState::Lost { retries: false, .. } => Some("reconnect"),
///         _ => None,
///     }
/// }
/// ```
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
