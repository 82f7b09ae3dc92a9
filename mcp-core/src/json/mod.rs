//! JSON that is kept as text, and the macros that shape the wire types.
//!
//! [`JsonBytes`] is a slice of a frame; [`RawJson`] stands in wire types. serde's `flatten` and untagged
//! enums buffer into a private tree in which raw JSON fails, so the objects of the protocol get hand-shaped
//! code: `object!` for structs, `tagged!` for enums told apart by a member, `string_enum!` for enums of
//! strings.

mod adapter;
mod bytes;
mod canonical;
mod extra;
mod members;
mod object;
mod raw;
mod string_enum;
mod tagged;

pub use bytes::JsonBytes;
pub use canonical::canonical;
pub use extra::Extra;
pub use members::MembersError;
pub use raw::RawJson;

/// A JSON object in the order in which its members came.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;

pub(crate) use adapter::{Float, Int, Millis, Plain};
pub(crate) use object::object;
pub(crate) use string_enum::string_enum;
pub(crate) use tagged::tagged;

/// What the macros of this module name in their expansion.
pub(crate) mod shape {
    pub(crate) use super::adapter::{Optional, Required, Written};
    pub(crate) use super::object::{Constant, KeySeed, Members};
    pub(crate) use super::tagged::{Replay, Tag};
}
