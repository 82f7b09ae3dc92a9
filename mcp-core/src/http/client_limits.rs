//! The bounds of the HTTP binding of a client.

use std::time::Duration;

/// What a client tries, waits for and holds over HTTP, beside the rest of [`Limits`](crate::Limits).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpClientLimits {
    /// Most times that one message is sent, when the network fails or the server is too busy. 4.
    ///
    /// A call that may have reached the server is sent again only if it may be carried out twice, which `tools/call`
    /// may not; or if the server itself says that it did not take it (429 or 503, with `Retry-After`).
    pub attempts: u32,
    /// Longest pause that a server may ask for (`Retry-After`, and `retry` of a stream). 30 s.
    pub longest_retry: Duration,
    /// Most redirects of one message; all stay on the server's origin. 3.
    pub redirects: u32,
    /// Most times that one message is refused for its credentials and sent with other ones. 4.
    pub authorizations: u32,
    /// How long a stream may be silent that has had keep-alives before; then it is taken for dead. 45 s.
    pub stream_idle: Duration,
    /// How long a session that the server has forgotten may take to begin anew. 30 s.
    pub handshake: Duration,
    /// How long the end of a session, and messages that nobody waits for, may take. 5 s.
    pub farewell: Duration,
    /// Most bytes of an error page that are read. 64 KiB.
    pub error_bytes: usize,
    /// Most tools whose arguments are mirrored into header fields that are remembered. 10,000.
    pub mirrored_tools: usize,
}

impl HttpClientLimits {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            attempts: 4,
            longest_retry: Duration::from_secs(30),
            redirects: 3,
            authorizations: 4,
            stream_idle: Duration::from_secs(45),
            handshake: Duration::from_secs(30),
            farewell: Duration::from_secs(5),
            error_bytes: 64 << 10,
            mirrored_tools: 10_000,
        }
    }
}

impl Default for HttpClientLimits {
    fn default() -> Self {
        Self::new()
    }
}
