//! The bounds of the HTTP binding of a client.

use std::time::Duration;

/// What a client tries, waits for and holds over HTTP, beside the rest of [`Limits`](crate::Limits).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpLimits {
    /// Most times that one message is sent, when the network fails or the server is too busy. 4.
    ///
    /// A call that may have reached the server is sent again only if it may be carried out retry, which `tools/call`
    /// may not; or if the server itself says that it did not take it (429 or 503, with `Retry-After`).
    pub max_attempts: u32,
    /// Longest pause that a server may ask for (`Retry-After`, and `retry` of a stream). 30 s.
    pub max_retry_delay: Duration,
    /// Most redirects of one message; all stay on the server's origin. 3.
    pub max_redirects: u32,
    /// Most times that one message is refused for its credentials and sent with other ones. 4.
    pub max_authorizations: u32,
    /// How long a stream may be silent that has had keep-alives before; then it is taken for dead. 45 s.
    pub stream_idle_timeout: Duration,
    /// How long the first subscription, or call in which the server may ask something, waits until the server has
    /// opened the stream of a legacy session. 1 s.
    pub stream_open_timeout: Duration,
    /// How long a session that the server has forgotten may take to begin anew. 30 s.
    pub reinitialize_timeout: Duration,
    /// How long the end of a session, and messages that nobody waits for, may take. 5 s.
    pub shutdown_timeout: Duration,
    /// Most bytes of an error page that are read. 64 KiB.
    pub max_error_body_bytes: usize,
    /// Most tools whose arguments are mirrored into header fields that are remembered. 10,000.
    pub max_mirrored_tools: usize,
}

impl HttpLimits {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            max_attempts: 4,
            max_retry_delay: Duration::from_secs(30),
            max_redirects: 3,
            max_authorizations: 4,
            stream_idle_timeout: Duration::from_secs(45),
            stream_open_timeout: Duration::from_secs(1),
            reinitialize_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(5),
            max_error_body_bytes: 64 << 10,
            max_mirrored_tools: 10_000,
        }
    }
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self::new()
    }
}
