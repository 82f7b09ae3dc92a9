//! Unknown members of a wire object. They are kept and written back, so that a newer peer's members
//! survive.

use serde::ser::SerializeMap;
use serde_json::Value;

use super::JsonObject;

/// The unknown members of a wire object, in the order in which they arrived. It has the size of a
/// pointer while it is empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extra(Option<Box<JsonObject>>);

impl Extra {
    /// Whether there are no unknown members, which is the usual case.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|members| members.is_empty())
    }

    /// Returns the value of a member.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.as_ref()?.get(key)
    }

    /// Sets a member and returns its previous value.
    ///
    /// The key must not be a known member of the object, because that member would be written
    /// twice.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        self.0.get_or_insert_default().insert(key.into(), value.into())
    }

    /// Returns the members, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().flat_map(|members| members.iter()).map(|(key, value)| (key.as_str(), value))
    }

    /// Writes the members into a map that is being serialized.
    pub(crate) fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))
    }
}
