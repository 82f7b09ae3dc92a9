//! The seam between the two sides: one small trait, [`Service`].
//!
//! A server's connection is a [`Service`], and so is a client's way to its server; stdio, HTTP and the
//! in-memory transport join two of them. A service takes calls concurrently through `&self` and has no
//! readiness; a layer in front of it sets a bound where one is needed. Dropping the future of a call
//! cancels the call, on every transport.

mod accept;
mod catch_panic;
mod conversation;
mod reply;
mod request;

pub use accept::Accept;
pub use catch_panic::CatchPanic;
pub use conversation::{BoxConversation, Conversation};
pub use reply::{BatchReply, CallError, Reply, check_outgoing, outgoing, write_reply};
pub use request::{BoxFuture, BoxService, Notification, Peer, Request, Service};
