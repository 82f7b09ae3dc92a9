//! Whether an argument may be left out, asked of its type: `Option<T>`, under whatever name, can be
//! made from nothing.

use serde::{
    de::{DeserializeOwned, Deserializer, Error as _, Visitor, value::Error},
    forward_to_deserialize_any,
};

/// Whether a value of `T` can be made when there is none: the question that serde asks for a
/// missing field.
pub(crate) fn is_optional<T: DeserializeOwned>() -> bool {
    T::deserialize(Absent).is_ok()
}

/// No value: only an `Option` and a unit can be read from it.
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
    fn optional_by_type_not_by_name() {
        type Perhaps = Option<u8>;
        assert!(is_optional::<Perhaps>());
        assert!(!is_optional::<u8>());
        assert!(!is_optional::<Vec<u8>>());
    }
}
