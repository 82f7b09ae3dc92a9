//! How many requests are read, handled and kept at a time, and how many bytes they hold.

mod arriving;
mod body;
mod counts;
mod read;

pub(super) use body::RequestBody;
pub(super) use counts::{Admission, Admitted, Full};
pub(super) use read::read;
