//! JSON that is kept as text, and the macros that shape the wire types.
//!
//! [`JsonBytes`] is a slice of a frame; [`RawJson`] stands in wire types. serde's `flatten` and untagged
//! enums buffer into a private tree in which raw JSON fails, so macros write the
//! code of the protocol's objects: `object!` for structs, `tagged!` for enums that one member distinguishes,
//! `string_enum!` for enums of strings.

mod adapter;
mod bytes;
mod canonical;
mod extra;
mod map;
mod members;
mod object;
mod raw;
mod string_enum;
mod tagged;
mod visitor;

pub use bytes::JsonBytes;
pub use canonical::canonical;
pub use extra::Extra;
pub use map::JsonObject;
pub use members::MembersError;
pub use raw::RawJson;

pub(crate) use adapter::{Float, Int, Millis, Plain};
pub(crate) use object::object;
pub(crate) use string_enum::string_enum;
pub(crate) use tagged::tagged;

/// What the macros of this module name in their expansion.
pub(crate) mod shape {
    pub(crate) use super::adapter::{Optional, Required, Written};
    pub(crate) use super::tagged::{Replay, Tag};
    pub(crate) use super::visitor::{Constant, KeySeed, Members};
}
