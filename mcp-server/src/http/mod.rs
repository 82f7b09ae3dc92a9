//! Streamable HTTP. Spec: basic/transports/streamable-http (since 2025-03-26).
//!
//! A request walks through these files: [`service`](HttpService) (which HTTP method, which path), `security`
//! (Host, Origin, media type: nothing else is read before), `admission` (global bounds), `read` (the body; `arriving` says which has to make room),
//! `post` (which era), then `modern` or `legacy`. Of the modern era nothing outlives its request: the response
//! future polls the handler, and so does the response body once it is a stream, so a client that leaves drops
//! the handler.

mod activity;
mod admission;
mod arriving;
mod body;
mod call;
mod connection;
mod delete;
mod event_store;
mod events;
mod exchange;
mod get;
mod headers;
mod keep_alive;
mod legacy;
mod limits;
mod modern;
mod options;
mod outbox;
mod post;
mod read;
mod request;
mod security;
mod serve;
mod service;
mod session;
mod socket;
#[cfg(feature = "http-sse")]
mod sse_2024;
mod stall;
mod status;
mod stream;
mod tasks;

pub use body::HttpBody;
pub use event_store::{
    EventStore, EventStoreLimits, MemoryEventStore, ReplayError, StoredEvent, StreamKey,
};
pub use limits::HttpLimits;
pub use options::HttpOptions;
pub use request::PeerAddress;
pub use service::{HttpFuture, HttpService};
pub use session::SessionId;

/// A response of ours.
pub(crate) type Response = http::Response<HttpBody>;
