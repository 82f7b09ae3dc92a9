//! JSON that is kept as text.

mod bytes;

pub use bytes::JsonBytes;
