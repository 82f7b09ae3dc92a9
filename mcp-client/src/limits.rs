//! The bounds of a client: what it accepts, holds and waits for.

use std::time::Duration;

use mcp_core::ConnectionLimits;

#[cfg(feature = "http")]
use crate::http::HttpLimits;
#[cfg(feature = "oauth")]
use crate::oauth::OAuthLimits;

/// The bounds of a client, set with [`ClientBuilder::limits`](crate::ClientBuilder::limits).
///
/// Every field has a default. All defaults are listed in `docs/limits.md`.
///
/// ```
/// use mcp_client::{Client, Limits};
///
/// let mut limits = Limits::default();
/// limits.connection.max_message_bytes = 64 << 20;
/// let builder = Client::builder().limits(limits);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The bounds of each connection.
    pub connection: ConnectionLimits,
    /// Most subscriptions of one client. 32.
    pub max_subscriptions: usize,
    /// Most servers of one group of clients. 64.
    pub max_group_servers: usize,
    /// Most tools, prompts, resources or templates that a group takes from one server. 10,000.
    pub max_group_items: usize,
    /// Most failed attempts in a row to reopen a stream, a subscription or a server that was lost. 10.
    pub max_reconnects: u32,
    /// Upper bound of the random pause before the first retry of a request, a stream or a server; it doubles
    /// with each further one. 200 ms.
    pub initial_backoff: Duration,
    /// Upper bound of any pause before a retry. 30 s.
    pub max_backoff: Duration,
    /// The bounds of the HTTP transport.
    #[cfg(feature = "http")]
    pub http: HttpLimits,
    /// The bounds of authorization.
    #[cfg(feature = "oauth")]
    pub oauth: OAuthLimits,
}

impl Limits {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            connection: ConnectionLimits::for_client(),
            max_subscriptions: 32,
            max_group_servers: 64,
            max_group_items: 10_000,
            max_reconnects: 10,
            initial_backoff: Duration::from_millis(200),
            max_backoff: Duration::from_secs(30),
            #[cfg(feature = "http")]
            http: HttpLimits::new(),
            #[cfg(feature = "oauth")]
            oauth: OAuthLimits::new(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
