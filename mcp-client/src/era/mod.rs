//! The two shapes of a conversation, and how the client finds out which one the server speaks.

mod establish;
pub(crate) mod input_required;
mod known;
mod legacy;
mod modern;
mod probe;
pub(crate) mod result_kind;
mod session;

pub(crate) use establish::{Reopen, establish};
pub use known::KnownServer;
pub(crate) use session::{Session, Settings};
