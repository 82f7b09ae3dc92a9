//! The bounds of the HTTP binding of a server.

use std::time::Duration;

/// What a server accepts and holds over HTTP, beside the rest of [`Limits`](crate::Limits).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpLimits {
    /// Most connections at a time; further ones wait in the system's queue. 10,000.
    pub max_connections: usize,
    /// Most requests whose bodies are arriving at a time; the next one is answered 503. 10,000: slow ones must
    /// not keep the others out, and what has arrived is counted in `bytes_in_flight`.
    pub max_pending_bodies: usize,
    /// Most requests that are being handled at a time; the next one is answered 503. 1,024.
    pub max_in_flight_requests: usize,
    /// Most bytes of bodies that are being read or handled at a time; beyond, 503, first for those that have held
    /// most for longest while they arrive. `subscriptions/listen` streams hold at most a quarter of it. 64 MiB.
    pub max_body_bytes_in_flight: usize,
    /// Most `subscriptions/listen` streams at a time; beyond, 503. 1,024.
    pub max_listen_streams: usize,
    /// Most `subscriptions/listen` streams of one principal at a time; beyond, 429. Where nobody authenticates
    /// callers, they do not count as one. 32.
    pub max_listen_streams_per_principal: usize,
    /// Most notifications that wait in one stream before their sender waits. 256.
    pub max_stream_events: usize,
    /// Most bytes of the notifications that wait in one stream before their sender waits. 64 KiB: more would not
    /// be written any faster, and thousands of streams may have a reader that stalls.
    pub max_stream_bytes: usize,
    /// Longest head of a request, in bytes, and the size of a connection's buffer. 64 KiB.
    pub max_head_bytes: usize,
    /// Most header fields of an HTTP/1 request. 100.
    pub max_header_fields: usize,
    /// Longest list of header fields of an HTTP/2 request, in bytes. 16 KiB.
    pub max_http2_header_list_bytes: u32,
    /// Most streams of one HTTP/2 connection. 128.
    pub max_http2_streams: u32,
    /// Most streams that an HTTP/2 peer reset and that were not taken yet, before its connection ends. 20.
    pub max_http2_pending_resets: usize,
    /// Most streams of an HTTP/2 peer that we reset for its errors, before its connection ends. 128.
    pub max_http2_local_resets: usize,
    /// How long the head of a request may take to arrive. 10 s.
    pub head_timeout: Duration,
    /// How long the body of a request may take to arrive. 30 s.
    pub body_timeout: Duration,
    /// How long a connection may stay without a request. 75 s.
    pub idle_timeout: Duration,
    /// How long a handler may run before its answer becomes an event stream, so that keep-alives can flow.
    /// 5 s.
    pub stream_upgrade_delay: Duration,
    /// How often a comment is sent in a stream that has nothing else to say, at most ten times a second. 15 s.
    pub keep_alive_interval: Duration,
    /// Most sessions of the legacy era at a time; then those that nobody uses end, or 503. 10,000.
    pub max_sessions: usize,
    /// Most sessions of one principal at a time; beyond, 429. Where nobody authenticates callers, they do not
    /// count as one. 100.
    pub max_sessions_per_principal: usize,
    /// How long a session lasts whose client does not come back after `initialize`. 10 s.
    pub session_init_timeout: Duration,
    /// How long a session lasts in which nothing goes on: no call, and no stream that is read. 5 minutes.
    pub session_idle_timeout: Duration,
    /// After how long clients of the legacy era come back for the rest of a stream that was cut off. 1 s.
    pub stream_retry_delay: Duration,
    /// How long running requests may take to finish after the server was told to stop. 10 s. Takes the place
    /// of [`ConnectionLimits::shutdown_timeout`](mcp_core::ConnectionLimits::shutdown_timeout), which suits
    /// processes on pipes.
    pub shutdown_timeout: Duration,
}

impl HttpLimits {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            max_connections: 10_000,
            max_pending_bodies: 10_000,
            max_in_flight_requests: 1_024,
            max_body_bytes_in_flight: 64 << 20,
            max_listen_streams: 1_024,
            max_listen_streams_per_principal: 32,
            max_stream_events: 256,
            max_stream_bytes: 64 << 10,
            max_head_bytes: 64 << 10,
            max_header_fields: 100,
            max_http2_header_list_bytes: 16 << 10,
            max_http2_streams: 128,
            max_http2_pending_resets: 20,
            max_http2_local_resets: 128,
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            stream_upgrade_delay: Duration::from_secs(5),
            keep_alive_interval: Duration::from_secs(15),
            max_sessions: 10_000,
            max_sessions_per_principal: 100,
            session_init_timeout: Duration::from_secs(10),
            session_idle_timeout: Duration::from_secs(300),
            stream_retry_delay: Duration::from_secs(1),
            shutdown_timeout: Duration::from_secs(10),
        }
    }
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self::new()
    }
}
