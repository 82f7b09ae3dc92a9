//! The bounds of the HTTP binding of a client.

use std::time::Duration;

use mcp_core::http_client::NetworkLimits;

/// What a client tries, waits for and holds over HTTP: the field `http` of
/// [`Limits`](crate::Limits).
///
/// ```
/// use std::time::Duration;
/// use mcp_client::{Client, Limits};
///
/// let mut limits = Limits::default();
/// limits.http.connect_timeout = Duration::from_secs(3);
/// let builder = Client::builder().limits(limits);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpLimits {
    /// Maximum number of times that one message is sent, if the network fails or the server is too
    /// busy. 4.
    ///
    /// A call that may have reached the server is sent again only if it may be carried out twice,
    /// which a `tools/call` may not, or if the server refused it with 429 and `Retry-After`.
    pub max_attempts: u32,
    /// Whether 503 with `Retry-After` means that nothing was done, so that a `tools/call` too is
    /// sent again. `false`.
    ///
    /// Set it only where you know that a 503 is sent before a request is handled. A gateway may
    /// send one after it has passed the request on.
    pub retry_unavailable: bool,
    /// Maximum pause that a server may ask for (`Retry-After`, and `retry` of a stream). 30 s.
    pub max_retry_delay: Duration,
    /// Maximum number of redirects of one message; all must stay on the server's origin. 3.
    pub max_redirects: u32,
    /// Maximum number of times that one message is refused for its credentials and sent with other
    /// ones. 4.
    pub max_authorizations: u32,
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
    /// Time that a stream on which the server has sent keep-alives may be silent; then it is lost.
    /// 45 s.
    pub stream_idle_timeout: Duration,
    /// Time that the first subscription, and the first call in which the server may ask for
    /// something, waits until the server has opened the stream of a legacy session. 1 s.
    pub stream_open_timeout: Duration,
    /// Time that it may take to begin another session in place of one that the server has
    /// forgotten. 30 s.
    pub reinitialize_timeout: Duration,
    /// Time that the end of a session, and a notification, may take. 5 s.
    pub shutdown_timeout: Duration,
    /// Maximum length of the body of an error response that is read, in bytes. 64 KiB.
    pub max_error_body_bytes: usize,
    /// Maximum number of tools with arguments that are mirrored into header fields; further ones
    /// are not remembered. 10,000.
    pub max_mirrored_tools: usize,
    /// Maximum number of pages of `tools/list` that are read to find out what one call has to
    /// mirror. 100.
    pub max_mirror_pages: usize,
    /// Time that a server of HTTP+SSE has to name the URL for messages. 10 s.
    pub sse_endpoint_timeout: Duration,
    /// Maximum number of messages that wait to be posted to a server of HTTP+SSE. 64.
    pub max_queued_posts: usize,
    /// Maximum number of messages that are posted to a server of HTTP+SSE at a time. 256.
    pub max_concurrent_posts: usize,
    /// Time that a message to a server of HTTP+SSE delays the next one: some servers respond to it
    /// only when the work is done. 500 ms.
    pub post_order_timeout: Duration,
}

impl HttpLimits {
    /// The defaults.
    ///
    /// ```
    /// use mcp_client::Limits;
    ///
    /// let mut limits = Limits::new();
    /// limits.http.max_attempts = 1; // A request is never sent again.
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_attempts: 4,
            retry_unavailable: false,
            max_retry_delay: Duration::from_secs(30),
            max_redirects: 3,
            max_authorizations: 4,
            connect_timeout: Duration::from_secs(10),
            pool_idle_timeout: Duration::from_secs(60),
            max_idle_connections: 64,
            keep_alive_interval: Duration::from_secs(15),
            keep_alive_timeout: Duration::from_secs(20),
            stream_idle_timeout: Duration::from_secs(45),
            stream_open_timeout: Duration::from_secs(1),
            reinitialize_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(5),
            max_error_body_bytes: 64 << 10,
            max_mirrored_tools: 10_000,
            max_mirror_pages: 100,
            sse_endpoint_timeout: Duration::from_secs(10),
            max_queued_posts: 64,
            max_concurrent_posts: 256,
            post_order_timeout: Duration::from_millis(500),
        }
    }
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self::new()
    }
}

/// The limits of connections among them.
impl From<&HttpLimits> for NetworkLimits {
    fn from(limits: &HttpLimits) -> Self {
        let mut network = Self::new();
        network.connect_timeout = limits.connect_timeout;
        network.pool_idle_timeout = limits.pool_idle_timeout;
        network.max_idle_connections = limits.max_idle_connections;
        network.keep_alive_interval = limits.keep_alive_interval;
        network.keep_alive_timeout = limits.keep_alive_timeout;
        network
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_of_connections_are_those_of_the_network() {
        assert_eq!(NetworkLimits::from(&HttpLimits::new()), NetworkLimits::new());
    }
}
