//! What a server offers: an immutable snapshot at any moment, which a change replaces as a whole.

mod family;
mod handle;
mod live;
mod snapshot;

pub(crate) use family::ListRequest;
pub use handle::ServerHandle;
pub(crate) use live::Live;
pub(crate) use snapshot::Registry;
