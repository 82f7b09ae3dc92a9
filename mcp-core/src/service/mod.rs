//! The interface between the two sides: one small trait, [`Service`].
//!
//! A server's connection is a [`Service`], and so is a client's connection to its server; stdio,
//! HTTP and the in-memory transport join two of them. A service handles calls concurrently through
//! `&self` and has no readiness. A layer in front of it limits concurrency where that is needed.
//! Dropping the future of a call cancels the call, on every transport.

mod accept;
mod cancel_reason;
mod catch_panic;
mod conversation;
mod reply;
mod request;

pub use accept::Accept;
pub use cancel_reason::CancelReason;
pub use catch_panic::{CatchPanic, catch_panic};
pub use conversation::{BoxConversation, Conversation};
pub use reply::{BatchReply, CallError, Reply, check_outgoing, outgoing, write_reply};
pub use request::{BoxFuture, BoxService, Notification, Peer, Request, Service};
