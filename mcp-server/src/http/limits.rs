//! The limits of the HTTP binding of a server.

use std::time::Duration;

/// What a server accepts and holds over HTTP, in addition to the rest of [`Limits`](crate::Limits).
///
/// A [`Principal`](crate::Principal) has a share of what all callers have. Callers that no layer has
/// authenticated are not a principal: only the limits of the whole server apply to them. Limits for
/// each address belong into the proxy in front, which knows the addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpLimits {
    // ---- connections, enforced by the accept loop of `serve_http`
    // ------------------------------------
    /// Maximum number of connections; further ones wait in the system's queue. 10,000.
    pub max_connections: usize,
    /// Maximum length of the head of an HTTP/1 request that has not arrived whole, in bytes, and
    /// the size of a connection's buffer. A head may be longer by what one read returns. 64 KiB.
    pub max_head_bytes: usize,
    /// Maximum number of header fields of an HTTP/1 request. 100.
    pub max_header_fields: usize,
    /// Maximum size of the header fields of an HTTP/2 request, in bytes. 16 KiB.
    pub max_http2_header_list_bytes: u32,
    /// Maximum number of concurrent streams of one HTTP/2 connection. 128.
    pub max_http2_streams: u32,
    /// Maximum number of streams that an HTTP/2 peer reset and that were not accepted yet, before
    /// its connection is closed. 20.
    pub max_http2_pending_resets: usize,
    /// Maximum number of streams that this side reset for errors of an HTTP/2 peer, before its
    /// connection is closed. 128.
    pub max_http2_local_resets: usize,
    /// Time after which an HTTP/2 connection is pinged, and then pinged again. 30 s.
    pub http2_ping_interval: Duration,
    /// Time that an HTTP/2 peer has to answer a ping. 20 s.
    pub http2_ping_timeout: Duration,
    /// Time without traffic after which TCP probes whether the peer is still there, and time that
    /// sent data may stay unacknowledged, where the system has such a limit; for that, at least
    /// `write_stall_timeout`. 1 minute.
    pub tcp_keep_alive: Duration,
    /// Time that the head of a request may take to arrive. 10 s.
    pub head_timeout: Duration,
    /// Time that a connection may stay without a request. 75 s.
    pub idle_timeout: Duration,
    /// Time that running requests have to finish after the server was told to stop. 10 s. Replaces
    /// [`ConnectionLimits::shutdown_timeout`](mcp_core::ConnectionLimits::shutdown_timeout), which
    /// suits processes on pipes.
    pub shutdown_timeout: Duration,

    // ---- requests
    // ------------------------------------------------------------------------------------
    /// Maximum number of requests whose bodies are arriving; the next one is answered 503. 10,000:
    /// slow ones must not keep the others out, and what has arrived is counted in
    /// `max_body_bytes_in_flight`.
    pub max_pending_bodies: usize,
    /// Time that the body of a request may take to arrive. 30 s.
    pub body_timeout: Duration,
    /// Maximum number of requests that are handled at a time; the next one is answered 503. 1,024.
    pub max_in_flight_requests: usize,
    /// Maximum number of requests of one principal that are handled at a time; the next one is
    /// answered 429. 256.
    pub max_in_flight_requests_per_principal: usize,
    /// Maximum size of the bodies that are read or handled at a time, in bytes; beyond it requests
    /// are answered 503, and pending uploads are evicted, largest bytes × age first.
    /// `subscriptions/listen` streams hold at most a quarter of it, and so do detached calls. 64
    /// MiB.
    pub max_body_bytes_in_flight: usize,

    // ---- streams
    // -------------------------------------------------------------------------------------
    /// Maximum number of `subscriptions/listen` streams; the next one is answered 503. 1,024.
    pub max_listen_streams: usize,
    /// Maximum number of `subscriptions/listen` streams of one principal; the next one is answered
    /// 429. 32.
    pub max_listen_streams_per_principal: usize,
    /// Maximum number of notifications that wait in one stream before their sender waits. 256.
    pub max_stream_events: usize,
    /// Maximum size of the notifications that wait in one stream before their sender waits, in
    /// bytes. 64 KiB: more would not be written any faster, and thousands of streams may have a
    /// reader that stalls.
    pub max_stream_bytes: usize,
    /// Time that a handler may run before its response becomes an event stream, so that keep-alives
    /// can flow. 5 s.
    pub stream_upgrade_delay: Duration,
    /// Time between two comments in a stream that has no other output. At least 100 ms. 15 s.
    pub keep_alive_interval: Duration,

    // ---- sessions of the legacy era
    // ------------------------------------------------------------------
    /// Maximum number of sessions; then idle ones end, or the next one is answered 503. 10,000.
    pub max_sessions: usize,
    /// Maximum number of sessions of one principal; the next one is answered 429. 100.
    pub max_sessions_per_principal: usize,
    /// Maximum size of what all sessions remember of their clients, in bytes, each at most
    /// [`Limits::max_session_bytes`](crate::Limits::max_session_bytes); then `initialize` and
    /// `resources/subscribe` fail. 64 MiB.
    pub max_total_session_bytes: usize,
    /// Time that a session lasts whose client does not come back after `initialize`. 10 s.
    pub session_init_timeout: Duration,
    /// Time that a session lasts without a call, and without a stream that is read. 5 minutes.
    pub session_idle_timeout: Duration,
    /// Time after which a client should resume an interrupted stream. 1 s.
    pub stream_retry_delay: Duration,
    /// Time that an [event store](crate::store::EventStore) has to keep an event or to return some; then a
    /// stream goes on without them, and cannot be resumed from before. 5 s.
    pub event_store_timeout: Duration,
    /// Maximum number of detached calls: those that go on after their client has disconnected, so
    /// that it can resume their streams. They do not count in `max_in_flight_requests`; the next
    /// one is cancelled. 1,024.
    pub max_detached_calls: usize,
    /// Maximum number of detached calls of one session; the next one is cancelled. 64.
    pub max_detached_calls_per_session: usize,
    /// Maximum number of detached calls of one principal; the next one is cancelled. 256.
    pub max_detached_calls_per_principal: usize,
}

impl HttpLimits {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            max_connections: 10_000,
            max_head_bytes: 64 << 10,
            max_header_fields: 100,
            max_http2_header_list_bytes: 16 << 10,
            max_http2_streams: 128,
            max_http2_pending_resets: 20,
            max_http2_local_resets: 128,
            http2_ping_interval: Duration::from_secs(30),
            http2_ping_timeout: Duration::from_secs(20),
            tcp_keep_alive: Duration::from_secs(60),
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            shutdown_timeout: Duration::from_secs(10),
            max_pending_bodies: 10_000,
            body_timeout: Duration::from_secs(30),
            max_in_flight_requests: 1_024,
            max_in_flight_requests_per_principal: 256,
            max_body_bytes_in_flight: 64 << 20,
            max_listen_streams: 1_024,
            max_listen_streams_per_principal: 32,
            max_stream_events: 256,
            max_stream_bytes: 64 << 10,
            stream_upgrade_delay: Duration::from_secs(5),
            keep_alive_interval: Duration::from_secs(15),
            max_sessions: 10_000,
            max_sessions_per_principal: 100,
            max_total_session_bytes: 64 << 20,
            session_init_timeout: Duration::from_secs(10),
            session_idle_timeout: Duration::from_secs(300),
            stream_retry_delay: Duration::from_secs(1),
            event_store_timeout: Duration::from_secs(5),
            max_detached_calls: 1_024,
            max_detached_calls_per_session: 64,
            max_detached_calls_per_principal: 256,
        }
    }
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self::new()
    }
}
