//! HTTP+SSE, the transport of 2024-11-05: one stream of events from the server, and a URL that it
//! names for what the client sends. The engine for byte streams runs it: each event is a line, each
//! line a POST. Spec: 2024-11-05 basic/transports, "HTTP with SSE" (SSE-1).

mod events;
mod open;
mod posts;

pub(crate) use events::Events;
pub(crate) use open::open;
pub(crate) use posts::Posts;
