//! Change notifications of what the caller chose.

mod acknowledgement;
mod guard;
mod handle;
mod listen;
mod subscribe;
mod watch;

pub(crate) use guard::{Guard, Watch};
pub use handle::Subscription;
pub(crate) use handle::may_pass;
pub(crate) use subscribe::subscribe;
