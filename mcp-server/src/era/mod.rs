//! One conversation: which era a message belongs to, and what a legacy session remembers (step 3 of the walk
//! of a call).
//!
//! The choice is made message by message: one that names a protocol version in `_meta` is served as a modern
//! request whatever came before; any other belongs to the session that `initialize` began.

mod connection;
mod session;

pub use connection::Connection;
pub(crate) use connection::{Binding, Conversation};
pub(crate) use session::Session;
