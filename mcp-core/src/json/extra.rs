//! Members of an object that this SDK does not know: kept and written back, for peers that do.

use serde::ser::SerializeMap;
use serde_json::Value;

use super::JsonObject;

/// The unknown members of a wire object, in the order in which they came; one word while there are none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extra(Option<Box<JsonObject>>);

impl Extra {
    /// Whether there are none, as is usual.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|members| members.is_empty())
    }

    /// The value of a member.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.as_ref()?.get(key)
    }

    /// Adds or replaces a member and returns the value it had.
    ///
    /// The key must not be one of the object's own members: it would be written twice.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        self.0.get_or_insert_default().insert(key.into(), value.into())
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().flat_map(|members| members.iter()).map(|(key, value)| (key.as_str(), value))
    }

    /// Writes the members into a map that is being serialized.
    pub(crate) fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))
    }
}
