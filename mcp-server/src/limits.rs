//! The limits of a server.

use std::time::Duration;

use mcp_core::ConnectionLimits;

#[cfg(feature = "http")]
use crate::http::HttpLimits;
#[cfg(feature = "tasks")]
use crate::task::TaskLimits;

/// The limits of a server, set with [`ServerBuilder::limits`](crate::ServerBuilder::limits).
///
/// Every field has a default that suits a server on a network. `docs/limits.md` lists all defaults.
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
    /// The limits of each connection.
    pub connection: ConnectionLimits,
    /// Maximum number of open `subscriptions/listen` streams of one connection. 32.
    pub max_subscriptions: usize,
    /// Maximum number of resource URIs that one subscription, or one legacy session, subscribes to.
    /// 256.
    pub max_subscribed_uris: usize,
    /// Maximum length of the `clientInfo` and of the `capabilities` that a legacy session stores,
    /// in bytes each. Icons are removed from a longer `clientInfo`; `initialize` fails if it is
    /// still too long. 16 KiB.
    pub max_client_info_bytes: usize,
    /// Maximum size of what a legacy session stores about its client, in bytes: `clientInfo`,
    /// `capabilities` and the resource URIs that it subscribes to. 64 KiB.
    pub max_session_bytes: usize,
    /// Maximum length of a URI or URI template, in bytes. 8 KiB.
    pub max_uri_bytes: usize,
    /// Maximum length of the input schema, and of the output schema, of a tool in a
    /// [`SchemaDialect`](crate::dialect::SchemaDialect) other than `AsWritten`, in bytes. `Flat`
    /// copies the targets of references. The server is not built if a schema is longer. 64 KiB.
    pub max_dialect_schema_bytes: usize,
    /// Maximum number of threads that run blocking handlers. 64.
    pub max_blocking_threads: usize,
    /// Minimum time between two progress notifications of one request, on average. Those in between
    /// are dropped, except the last. 100 ms.
    pub min_progress_interval: Duration,
    /// Minimum time between two log messages of one call, on average after a burst of 100. Those in
    /// between are dropped, and the server logs a warning once per call. Levels from `warning` on
    /// are counted apart from the others. 10 ms.
    pub min_log_interval: Duration,
    /// Time that the client has to answer a request of the server (elicitation, sampling, roots).
    /// 10 minutes, because the client may ask a person.
    pub peer_request_timeout: Duration,
    /// Maximum number of input rounds of one call. In a legacy session it applies to handlers that
    /// return their questions. 10.
    pub max_input_rounds: u32,
    /// Maximum number of input requests in one round of a modern call; further ones wait for the
    /// next round. 16.
    pub max_input_questions: usize,
    /// Maximum length of a `requestState` that is sent or accepted, in bytes. It is four thirds of
    /// the size of the answers and step results that a call records. It is part of response and
    /// request bodies, so `max_message_bytes` and the body limits of proxies must allow it. 64 KiB.
    pub max_request_state_bytes: usize,
    /// Time for which a `requestState` is accepted. 10 minutes, because a person may be asked.
    pub request_state_ttl: Duration,
    /// Maximum number of redeemed single-use states that are remembered. When it is reached, no
    /// state is accepted until the oldest ones expire. 10,000.
    pub max_redeemed_states: usize,
    /// Maximum number of redeemed single-use states of one [`Principal`](crate::Principal) that are
    /// remembered, so that one user cannot block the others. 1,000.
    pub max_redeemed_states_per_principal: usize,
    /// The limits of tasks.
    #[cfg(feature = "tasks")]
    pub tasks: TaskLimits,
    /// The limits of the HTTP transport.
    #[cfg(feature = "http")]
    pub http: HttpLimits,
}

impl Limits {
    /// Returns the default limits.
    ///
    /// ```
    /// # use mcp_server::Limits;
    /// assert_eq!(Limits::new().max_input_rounds, 10);
    /// assert_eq!(Limits::new(), Limits::default());
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self {
            connection: ConnectionLimits::for_server(),
            max_subscriptions: 32,
            max_subscribed_uris: 256,
            max_client_info_bytes: 16 << 10,
            max_session_bytes: 64 << 10,
            max_uri_bytes: 8 << 10,
            max_dialect_schema_bytes: 64 << 10,
            max_blocking_threads: 64,
            min_progress_interval: Duration::from_millis(100),
            min_log_interval: Duration::from_millis(10),
            peer_request_timeout: Duration::from_secs(600),
            max_input_rounds: 10,
            max_input_questions: 16,
            max_request_state_bytes: 64 << 10,
            request_state_ttl: Duration::from_secs(600),
            max_redeemed_states: 10_000,
            max_redeemed_states_per_principal: 1_000,
            #[cfg(feature = "tasks")]
            tasks: TaskLimits::new(),
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
