//! What a server offers: an immutable snapshot at any moment, which a change replaces as a whole.

mod family;
mod handle;
mod live;
mod rules;
mod snapshot;

pub(crate) use family::ListRequest;
pub use handle::ServerHandle;
pub(crate) use live::Live;
pub(crate) use rules::{check_prompt, check_resource, check_tool};
pub(crate) use snapshot::Registry;
