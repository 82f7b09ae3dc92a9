//! The registered routes: an immutable snapshot, which each change replaces.

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
