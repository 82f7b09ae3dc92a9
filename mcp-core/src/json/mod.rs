//! JSON that is kept as text, and the macros that define the wire types.
//!
//! - [`JsonBytes`] is a slice of a frame: the parameters or the result of a message.
//! - [`RawJson`] is a value inside a wire type whose text must survive a round trip.
//! - [`canonical`] writes a value in one defined form, for digests.
//!
//! serde's `flatten` and untagged enums buffer their input in a private tree that cannot hold raw
//! JSON. The macros of this module write the serde code of the protocol's objects instead:
//! `object!` for structs, `tagged!` for enums whose variants are distinguished by one member, and
//! `string_enum!` for enums of strings.

mod adapter;
mod bytes;
mod canonical;
mod escape;
mod extra;
mod map;
mod members;
mod number;
mod object;
mod raw;
mod reserved;
mod string;
mod string_enum;
mod tagged;
mod visitor;
mod write;

pub use bytes::JsonBytes;
pub use canonical::{canonical, canonical_order};
pub use escape::write_string;
pub use extra::Extra;
pub use map::JsonObject;
pub use members::{MembersError, member_ranges, member_ranges_of};
pub use raw::RawJson;
pub(crate) use reserved::RESERVED_NAME;
pub use reserved::has_reserved_name;
pub use write::{to_text, write};

pub(crate) use adapter::{Float, Int, Millis, Plain};
pub(crate) use number::MAX_EXACT_INTEGER;
pub(crate) use object::object;
pub(crate) use string::read_string;
pub(crate) use string_enum::string_enum;
pub(crate) use tagged::tagged;

/// What the expansions of this module's macros refer to.
pub(crate) mod macro_support {
    pub(crate) use super::adapter::{Optional, Required, SerializeWith};
    pub(crate) use super::tagged::{TagValue, UntaggedMembers};
    pub(crate) use super::visitor::{Constant, KeySeed, ObjectVisitor};
}
