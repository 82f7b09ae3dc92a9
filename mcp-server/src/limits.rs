//! The bounds of a server: what it accepts, holds and waits for.

use std::time::Duration;

use mcp_core::ConnectionLimits;

#[cfg(feature = "http")]
use crate::http::HttpLimits;

/// The bounds of a server, set with [`ServerBuilder::limits`](crate::ServerBuilder::limits).
///
/// Every field has a default that suits a server on the network. All defaults are listed in
/// `docs/limits.md`.
///
/// ```
/// use mcp_server::{Limits, Server};
///
/// let mut limits = Limits::default();
/// limits.connection.max_in_flight_requests = 16;
/// let server = Server::builder("small", "1.0.0").limits(limits);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The bounds of each connection.
    pub connection: ConnectionLimits,
    /// Most `subscriptions/listen` streams of one connection. 32.
    pub max_subscriptions: usize,
    /// Most resource URIs that one subscription, or one legacy session, watches. 256.
    pub max_subscribed_uris: usize,
    /// Longest URI or URI template, in bytes. 8 KiB.
    pub max_uri_bytes: usize,
    /// Most threads that run blocking handlers. 64.
    pub max_blocking_threads: usize,
    /// Shortest time between two progress notifications of one request; those in between are
    /// dropped, except the last. 100 ms.
    pub min_progress_interval: Duration,
    /// How long the client may take to answer a request of the server (elicitation, sampling,
    /// roots). 10 minutes, since it may ask a person.
    pub peer_request_timeout: Duration,
    /// Most rounds of questions in one modern call. 10.
    pub max_input_rounds: u32,
    /// Most questions in one round of a modern call; further ones wait for the next round. 16.
    pub max_input_questions: usize,
    /// Longest `requestState` that is sent or accepted, in bytes, which is four thirds of the
    /// answers and step results that a call remembers. It travels in the bodies of responses and
    /// requests, so `max_message_bytes` and the body limits of proxies have to allow it. 64 KiB.
    pub max_request_state_bytes: usize,
    /// How long a `requestState` can be redeemed. 10 minutes, since a person may be asked.
    pub request_state_ttl: Duration,
    /// Most redeemed single-use states that are remembered; beyond it, none is accepted until the
    /// oldest expire. 10,000.
    pub max_redeemed_states: usize,
    /// Most redeemed single-use states of one [`Principal`](crate::Principal) that are remembered, so
    /// that one user cannot keep the others from answering. 1,000.
    pub max_redeemed_states_per_principal: usize,
    /// The bounds of the HTTP binding.
    #[cfg(feature = "http")]
    pub http: HttpLimits,
}

impl Limits {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            connection: ConnectionLimits::for_server(),
            max_subscriptions: 32,
            max_subscribed_uris: 256,
            max_uri_bytes: 8 << 10,
            max_blocking_threads: 64,
            min_progress_interval: Duration::from_millis(100),
            peer_request_timeout: Duration::from_secs(600),
            max_input_rounds: 10,
            max_input_questions: 16,
            max_request_state_bytes: 64 << 10,
            request_state_ttl: Duration::from_secs(600),
            max_redeemed_states: 10_000,
            max_redeemed_states_per_principal: 1_000,
            #[cfg(feature = "http")]
            http: HttpLimits::new(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
