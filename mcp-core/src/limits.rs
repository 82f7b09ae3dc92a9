//! Every bound of the SDK, in one struct.

use std::time::Duration;

use crate::http::{HttpClientLimits, HttpLimits};

/// What a connection accepts, holds and waits for. Every field has a default that suits a server on the
/// network; [`Limits::for_client`] has the wider ones that suit a client, which chose its server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Longest message that is read, in bytes. Servers 4 MiB, clients 16 MiB.
    pub message_bytes: usize,
    /// Longest result or request that is sent, in bytes. 16 MiB.
    pub outgoing_bytes: usize,
    /// Deepest nesting of objects and arrays in a message. 64.
    pub depth: usize,
    /// Most JSON values in one message. Servers 100,000, clients 1,000,000.
    pub nodes: usize,
    /// Most requests of one peer that are being handled at a time. 256.
    pub in_flight: usize,
    /// Most requests of one peer that wait for a free place; the next one is refused. 1,024.
    pub queued: usize,
    /// Most bytes of the requests that wait for a free place. 16 MiB.
    pub queued_bytes: usize,
    /// Bytes waiting to be written beyond which new work waits for the peer to read. 1 MiB.
    pub outbox_bytes: usize,
    /// Messages over `message_bytes` after which the connection is closed. 3.
    pub overlong_messages: usize,
    /// Most entries in one JSON-RPC batch, where the revision has batches. 100.
    pub batch: usize,
    /// Most requests of ours that wait for the peer's answer at a time. 10,000.
    pub pending: usize,
    /// Most subscriptions (`subscriptions/listen` streams) of one connection. 32.
    pub subscriptions: usize,
    /// Most resource URIs watched by one subscription or one legacy session. 256.
    pub subscribed_uris: usize,
    /// Longest URI or URI template, in bytes. 8 KiB.
    pub uri_bytes: usize,
    /// Threads that run blocking handlers. 64.
    pub blocking_threads: usize,
    /// Shortest time between two progress notifications of one request; those in between are dropped,
    /// save the last. 100 ms.
    pub progress_interval: Duration,
    /// How long the peer has to answer a request that the server sends (elicitation, sampling, roots).
    /// 10 minutes, since a person may be asked.
    pub peer_request: Duration,
    /// Most rounds of questions in one modern call. 10.
    pub input_rounds: u32,
    /// Most questions in one round of a modern call; more wait for the next round. 16.
    pub input_questions: usize,
    /// Longest `requestState` that is sent or taken, in bytes. 16 KiB.
    pub request_state_bytes: usize,
    /// How long a `requestState` can be redeemed. 10 minutes, since a person is asked.
    pub request_state_ttl: Duration,
    /// Most states that are remembered as redeemed, where each is good for one use; beyond, none is taken
    /// until the oldest expire. 10,000.
    pub redeemed_states: usize,
    /// How long running calls have to end after the peer closed its side. 5 s.
    pub drain_on_close: Duration,
    /// How long running calls have to end after a signal to stop. 10 s.
    pub drain_on_signal: Duration,
    /// How long the peer may leave our output unread before the connection is given up. 30 s.
    pub write_stall: Duration,
    /// Most servers of one group of clients. 64.
    pub group_servers: usize,
    /// Most tools, prompts, resources or templates that a group takes from one server. 10,000.
    pub group_items: usize,
    /// How often in a row a client tries in vain to get back a stream, a subscription or a server that it lost, before
    /// it gives up. 10.
    pub reconnects: u32,
    /// Longest pause before a client tries something again for the first time: a request, a stream, a server. The
    /// pauses are random, and the bound doubles. 200 ms.
    pub reconnect_backoff: Duration,
    /// Longest pause before any of these attempts. 30 s.
    pub longest_reconnect_backoff: Duration,
    /// What concerns a server over HTTP alone.
    pub http: HttpLimits,
    /// What concerns a client over HTTP alone.
    pub http_client: HttpClientLimits,
}

impl Limits {
    /// The bounds of a server.
    pub const fn for_server() -> Self {
        Self {
            message_bytes: 4 << 20,
            outgoing_bytes: 16 << 20,
            depth: 64,
            nodes: 100_000,
            in_flight: 256,
            queued: 1_024,
            queued_bytes: 16 << 20,
            outbox_bytes: 1 << 20,
            overlong_messages: 3,
            batch: 100,
            pending: 10_000,
            subscriptions: 32,
            subscribed_uris: 256,
            uri_bytes: 8 << 10,
            blocking_threads: 64,
            progress_interval: Duration::from_millis(100),
            peer_request: Duration::from_secs(600),
            input_rounds: 10,
            input_questions: 16,
            request_state_bytes: 16 << 10,
            request_state_ttl: Duration::from_secs(600),
            redeemed_states: 10_000,
            drain_on_close: Duration::from_secs(5),
            drain_on_signal: Duration::from_secs(10),
            write_stall: Duration::from_secs(30),
            group_servers: 64,
            group_items: 10_000,
            reconnects: 10,
            reconnect_backoff: Duration::from_millis(200),
            longest_reconnect_backoff: Duration::from_secs(30),
            http: HttpLimits::new(),
            http_client: HttpClientLimits::new(),
        }
    }

    /// The bounds of a client: longer messages and more nodes than a server takes.
    pub const fn for_client() -> Self {
        Self { message_bytes: 16 << 20, nodes: 1_000_000, ..Self::for_server() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::for_server()
    }
}
