//! One conversation: which era a message belongs to, and what a legacy session remembers (step 3 of the walk
//! of a call).
//!
//! The choice is made message by message: one that names a protocol version in `_meta` is served as a modern
//! request whatever came before; any other belongs to the session that `initialize` began.

mod call_meta;
mod call_params;
mod connection;
mod encoder;
mod project;
mod session;
mod wire_result;

pub(crate) use call_meta::{CallMeta, Claim};
#[cfg(feature = "http")]
pub(crate) use call_params::CallParams;
pub use connection::Connection;
pub(crate) use connection::{Binding, ConversationState};
pub(crate) use encoder::Encoder;
pub(crate) use project::{wrap_structured, wraps};
pub(crate) use session::Session;
pub(crate) use wire_result::WireResult;
