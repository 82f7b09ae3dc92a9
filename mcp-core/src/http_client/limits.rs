//! The limits of the connections of a client of HTTP.

use std::time::Duration;

/// How long connections over HTTP may take to open, and how they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetworkLimits {
    /// Time that it may take to open a TCP connection, divided by the number of the host's
    /// addresses. 10 s.
    pub connect_timeout: Duration,
    /// Time that an unused connection is kept. 1 minute, less than most servers keep theirs.
    pub pool_idle_timeout: Duration,
    /// Maximum number of unused connections to one host that are kept. 64.
    pub max_idle_connections: usize,
    /// Time that a connection may be silent before the peer is probed, by TCP and by HTTP/2. 15 s.
    pub keep_alive_interval: Duration,
    /// Time that the peer has to answer an HTTP/2 probe. 20 s.
    pub keep_alive_timeout: Duration,
}

impl NetworkLimits {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            pool_idle_timeout: Duration::from_secs(60),
            max_idle_connections: 64,
            keep_alive_interval: Duration::from_secs(15),
            keep_alive_timeout: Duration::from_secs(20),
        }
    }
}

impl Default for NetworkLimits {
    fn default() -> Self {
        Self::new()
    }
}
