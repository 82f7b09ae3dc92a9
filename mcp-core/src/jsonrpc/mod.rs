//! JSON-RPC 2.0: messages, and how they are decoded and encoded.
//!
//! Step 2 of a call (see ARCHITECTURE.md): a frame becomes a [`Message`] in one strict pass, which
//! checks the JSON, its depth and its number of values, and notes where the members are. `params`
//! and `result` remain slices of the frame. Spec: basic (all revisions), JSON-RPC 2.0.

mod capability_names;
pub mod code;
mod correlation;
mod decode;
mod encode;
mod envelope;
mod error;
mod error_kind;
pub(crate) mod error_table;
mod id;
mod message;
mod params;

pub use capability_names::capability_names;
pub use decode::{Decoded, Malformed, decode, decode_by_parser, too_long};
#[cfg(feature = "stream")]
pub(crate) use decode::{reserved_name, scan_rejection};
#[cfg(feature = "stream")]
pub(crate) use encode::is_one_line;
pub use encode::{
    write_error, write_notification, write_request, write_result, write_result_start,
};
pub use error::ErrorObject;
pub use error_kind::ErrorKind;
pub use error_table::{ErrorRow, ErrorTable};
pub use id::{MethodName, RequestId};
pub use message::Message;
pub use params::Params;
