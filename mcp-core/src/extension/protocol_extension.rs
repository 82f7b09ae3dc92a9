//! The description of an extension.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::json::object;
use crate::method::Row;

/// A protocol extension: its id, the types of its settings, and its methods.
///
/// Implement it for a marker type, such as an empty enum. The
/// [module documentation](crate::extension) has an example.
pub trait ProtocolExtension: 'static {
    /// The id: a prefix, a slash and a name, such as `com.example/search`. An incompatible
    /// change needs a new id.
    const ID: &'static str;
    /// The settings that a server declares. They must be written as an object.
    type ServerSettings: Serialize + DeserializeOwned;
    /// The settings that a client declares. They must be written as an object.
    type ClientSettings: Serialize + DeserializeOwned;
    /// The requests and notifications of the extension, made by [`Row::of_extension`].
    const METHODS: &'static [Row] = &[];
}

object! {
    /// The settings of an extension that has none: an empty object.
    pub struct NoSettings {}
}
