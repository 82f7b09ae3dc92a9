//! Detects by its type whether an argument is optional. `Option<T>` is, also behind a type alias.

use serde::{
    de::{DeserializeOwned, Deserializer, Error as _, Visitor, value::Error},
    forward_to_deserialize_any,
};

/// Whether a `T` can be deserialized from a missing value. serde asks the same for a missing field.
pub(crate) fn is_optional<T: DeserializeOwned>() -> bool {
    T::deserialize(Absent).is_ok()
}

/// Deserializes a missing value, which only an `Option` accepts.
pub(crate) struct Absent;

impl<'de> Deserializer<'de> for Absent {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("the argument is required"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::is_optional;

    #[test]
    fn an_alias_of_option_is_optional() {
        type Alias = Option<u8>;
        assert!(is_optional::<Alias>());
        assert!(!is_optional::<u8>());
        assert!(!is_optional::<Vec<u8>>());
    }
}
