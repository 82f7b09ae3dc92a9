//! What requests are answered with.

pub(super) mod body;
pub(super) mod keep_alive;
pub(super) mod status;
pub(super) mod watch;
