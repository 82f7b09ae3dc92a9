//! One call: what its request says, the conversation it belongs to, and what its server lends it
//! (step 3 of the walk of a call).
//!
//! The bottom of the crate: nothing here knows of routes, handlers, layers or transports. The rooms
//! above add what they offer to handlers as `impl Context` blocks of their own.
//!
//! Which era a request belongs to is decided request by request: one that names a protocol version
//! in `_meta` is a modern one whatever came before, any other belongs to the session that
//! `initialize` opened.

mod answer_stream;
mod conversation;
mod data;
mod environment;
mod gate;
mod meta;
mod params;
mod progress;
mod session;

pub(crate) use answer_stream::AnswerStream;
#[cfg(feature = "http")]
pub(crate) use answer_stream::ResumableStream;
pub(crate) use conversation::{Binding, ConversationState};
pub(crate) use data::{Call, EndOfCall};
pub(crate) use environment::Environment;
pub(crate) use meta::{CallMeta, Claim};
pub(crate) use params::CallParams;
pub(crate) use session::LegacySession;
