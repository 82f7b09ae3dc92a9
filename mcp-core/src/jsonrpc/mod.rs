//! JSON-RPC 2.0: messages, and how they are decoded and encoded.
//!
//! Step 2 of a call (see ARCHITECTURE.md): a frame becomes a [`Message`] by one scan for UTF-8,
//! depth and number of values, and one flat parse of the envelope. `params` and `result` remain
//! slices of the frame. Spec: basic (all revisions), JSON-RPC 2.0.

mod correlation;
mod decode;
mod encode;
mod error;
mod id;
mod message;

#[cfg(feature = "stream")]
pub(crate) use decode::scan_rejection;
pub use decode::{Decoded, Malformed, decode, too_long};
#[cfg(feature = "stream")]
pub(crate) use encode::is_one_line;
pub use encode::{
    write_error, write_notification, write_request, write_result, write_result_start,
};
pub use error::{ErrorObject, code};
pub use id::{MethodName, RequestId};
pub use message::Message;
