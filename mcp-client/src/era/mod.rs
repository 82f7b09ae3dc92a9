//! The two shapes of a conversation, and how the client finds out which one the server speaks.

pub(crate) mod input_required;
mod known;
mod legacy;
mod modern;
mod probe;
mod session;

pub use known::KnownServer;
pub(crate) use probe::{Reopen, establish};
pub(crate) use session::{Session, Settings};
