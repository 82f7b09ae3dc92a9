//! JSON-RPC 2.0: what a message is, how it is read and how it is written.
//!
//! Step 2 of the walk of a call: a frame becomes a [`Message`] by one scan for size, depth and node count
//! and one flat parse of the envelope. `params` and `result` stay slices of the frame.
//! Spec: basic (all revisions), JSON-RPC 2.0.

mod correlation;
mod decode;
mod encode;
mod error;
mod id;
mod message;

pub use decode::{Decoded, Malformed, decode};
#[cfg(feature = "stream")]
pub(crate) use encode::is_one_line;
pub use encode::{
    write_error, write_notification, write_request, write_result, write_result_start,
};
pub use error::{ErrorObject, code};
pub use id::{MethodName, RequestId};
pub use message::Message;
