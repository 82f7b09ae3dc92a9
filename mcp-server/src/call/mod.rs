//! The data of a call: its `_meta`, its conversation, and what its server provides for it.
//!
//! This is the bottom of the crate: it does not know routes, handlers, layers or transports. The
//! modules above add methods for handlers in `impl Context` blocks of their own.
//!
//! The era is decided for each request. A request that names a protocol version in `_meta` is
//! modern, whatever came before on the connection. Any other request belongs to the session that
//! `initialize` opened.

mod answer_stream;
mod conversation;
mod data;
mod environment;
mod gate;
mod meta;
mod notification_limiter;
mod pace;
mod running_task;
mod session;
mod session_memory;

pub(crate) use answer_stream::AnswerStream;
#[cfg(feature = "http")]
pub(crate) use answer_stream::ResumableStream;
pub(crate) use conversation::{Binding, ConversationState};
pub(crate) use data::{Call, CloseOnDrop};
pub(crate) use environment::Environment;
pub(crate) use meta::{
    CallMeta, Claim, client_capabilities, client_info, known_digests, trace_context,
    whole as whole_meta,
};
pub(crate) use notification_limiter::Admission;
pub(crate) use running_task::RunningTask;
pub(crate) use session::{ClientDescription, LegacySession};
pub(crate) use session_memory::{SessionBudget, SessionMemory, SessionMemoryFull};
