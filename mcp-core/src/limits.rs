//! The limits of one connection, the same for both sides and all transports.
//!
//! `mcp-server` and `mcp-client` each have their own `Limits`, with these as the field
//! `connection`.

use std::time::Duration;

/// The limits of one connection.
///
/// Every field has a default that suits a server on a network. [`ConnectionLimits::for_client`] has
/// higher ones for a client, which chose its server. `docs/limits.md` lists all defaults.
///
/// ```
/// use mcp_core::ConnectionLimits;
///
/// let mut limits = ConnectionLimits::for_server();
/// limits.max_message_bytes = 1 << 20;
/// assert_eq!(limits.max_json_depth, 64);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionLimits {
    /// Maximum length of an incoming message, in bytes. Servers 4 MiB, clients 16 MiB.
    pub max_message_bytes: usize,
    /// Maximum length of an outgoing request, result or batch of results, in bytes. 16 MiB.
    pub max_outgoing_bytes: usize,
    /// Maximum nesting of objects and arrays in a message. Values above 64 act as 64. 64.
    pub max_json_depth: usize,
    /// Maximum number of JSON values in one message. Servers 100,000, clients 1,000,000.
    pub max_json_nodes: usize,
    /// Maximum number of requests from the peer that are handled at the same time. 256.
    pub max_in_flight_requests: usize,
    /// Maximum number of requests from the peer that wait for a running one to finish. The next one
    /// is refused. 1,024.
    pub max_queued_requests: usize,
    /// Maximum size of the parameters of the requests that wait for a running one to finish, in
    /// bytes. 16 MiB.
    pub max_queued_bytes: usize,
    /// Unwritten output, in bytes, at which no new work is started until the peer reads. 1 MiB.
    pub max_outbox_bytes: usize,
    /// Number of messages over `max_message_bytes` that are refused before the connection is
    /// closed. 3.
    pub max_overlong_messages: usize,
    /// Maximum number of entries in one JSON-RPC batch, in the revision that has batches. 100.
    pub max_batch_entries: usize,
    /// Maximum number of requests from this side that wait for an answer at the same time. 10,000.
    pub max_pending_requests: usize,
    /// Time that running requests have to finish after the peer closed its side or a stop was
    /// requested. 1 s, well below the 2 s after which clients kill a server process.
    pub shutdown_timeout: Duration,
    /// Time for which the peer may leave output unread before the connection is closed. 30 s.
    pub write_stall_timeout: Duration,
}

impl ConnectionLimits {
    /// Returns the default limits of a server's connection.
    pub const fn for_server() -> Self {
        Self {
            max_message_bytes: 4 << 20,
            max_outgoing_bytes: 16 << 20,
            max_json_depth: 64,
            max_json_nodes: 100_000,
            max_in_flight_requests: 256,
            max_queued_requests: 1_024,
            max_queued_bytes: 16 << 20,
            max_outbox_bytes: 1 << 20,
            max_overlong_messages: 3,
            max_batch_entries: 100,
            max_pending_requests: 10_000,
            shutdown_timeout: Duration::from_secs(1),
            write_stall_timeout: Duration::from_secs(30),
        }
    }

    /// Returns the default limits of a client's connection: longer messages and more JSON values
    /// than a server accepts.
    pub const fn for_client() -> Self {
        Self { max_message_bytes: 16 << 20, max_json_nodes: 1_000_000, ..Self::for_server() }
    }
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self::for_server()
    }
}
