//! How many requests are read, handled and kept at a time, and how many bytes they hold.

mod arriving;
mod body;
mod counts;
#[cfg(feature = "auth")]
mod discard;
mod read;

pub(super) use body::RequestBody;
pub(super) use counts::{Admission, Admitted, Full};
#[cfg(feature = "auth")]
pub(super) use discard::discard;
pub(super) use read::read;
