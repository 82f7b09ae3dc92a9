//! What one connection accepts, holds and waits for, whichever side it is on and whatever carries it.
//!
//! `mcp-server` and `mcp-client` each have a `Limits` of their own, which holds these as `connection`.

use std::time::Duration;

/// The bounds of one connection.
///
/// Every field has a default that suits a server on the network; [`ConnectionLimits::for_client`] has wider
/// ones for a client, which chose its server. All defaults are listed in `docs/limits.md`.
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
    /// Longest incoming message, in bytes. Servers 4 MiB, clients 16 MiB.
    pub max_message_bytes: usize,
    /// Longest outgoing request, result or batch of results, in bytes. 16 MiB.
    pub max_outgoing_bytes: usize,
    /// Deepest nesting of objects and arrays in a message; more than 64 has the effect of 64. 64.
    pub max_json_depth: usize,
    /// Most JSON values in one message. Servers 100,000, clients 1,000,000.
    pub max_json_nodes: usize,
    /// Most requests of the peer that are handled at the same time. 256.
    pub max_in_flight_requests: usize,
    /// Most requests of the peer that wait for a running one to finish; the next one is refused. 1,024.
    pub max_queued_requests: usize,
    /// Most bytes of the requests that wait for a running one to finish. 16 MiB.
    pub max_queued_bytes: usize,
    /// Bytes waiting to be written from which on new work waits until the peer reads. 1 MiB.
    pub max_outbox_bytes: usize,
    /// Messages over `max_message_bytes` that are refused before the connection is closed. 3.
    pub max_overlong_messages: usize,
    /// Most entries in one JSON-RPC batch, in the revision that has batches. 100.
    pub max_batch_entries: usize,
    /// Most requests of this side that wait for the peer's answer at the same time. 10,000.
    pub max_pending_requests: usize,
    /// How long running requests may take to finish after the peer closed its side or this side was told to
    /// stop. 1 s, well within the 2 s after which clients kill a server process.
    pub shutdown_timeout: Duration,
    /// How long the peer may leave output unread before the connection is closed. 30 s.
    pub write_stall_timeout: Duration,
}

impl ConnectionLimits {
    /// The bounds of a server's connection.
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

    /// The bounds of a client's connection: longer messages and more JSON values than a server accepts.
    pub const fn for_client() -> Self {
        Self { max_message_bytes: 16 << 20, max_json_nodes: 1_000_000, ..Self::for_server() }
    }
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self::for_server()
    }
}
