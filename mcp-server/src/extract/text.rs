//! Typed values from texts: prompt arguments and template variables are strings on the wire.

use std::collections::BTreeMap;

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::text::PeerText;
use serde::de::value::{Error as ValueError, MapDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};

use super::Absent;

/// Reads a value from a text: a string as it is, a number or boolean by its spelling, an `Option`
/// as none when there is no text.
///
/// # Errors
/// −32602 that names the argument and says what was expected.
pub fn from_text<T: DeserializeOwned>(name: &str, text: Option<&str>) -> Result<T, ErrorObject> {
    let read = match text {
        Some(text) => T::deserialize(Text(text)),
        None => T::deserialize(Absent),
    };
    read.map_err(|error| match text {
        Some(_) => ErrorObject::invalid_params(format!("/arguments/{name}: {error}")),
        None => ErrorObject::invalid_params(format!("/arguments/{name}: the argument is required")),
    })
}

/// Reads a struct from named texts.
pub(crate) fn from_texts<T: DeserializeOwned>(
    texts: &BTreeMap<String, String>,
) -> Result<T, ErrorObject> {
    let fields = texts.iter().map(|(name, text)| (name.as_str(), Text(text)));
    T::deserialize(MapDeserializer::new(fields))
        .map_err(|error: ValueError| ErrorObject::invalid_params(format!("/arguments: {error}")))
}

/// A text that answers to whatever type is asked of it.
#[derive(Clone, Copy)]
struct Text<'a>(&'a str);

impl<'de> IntoDeserializer<'de> for Text<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $type:ty, $expected:literal;)+) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            match self.0.trim().parse::<$type>() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(de::Error::custom(format_args!("expected {}, got \"{}\"", $expected, PeerText::with_max(self.0, 64)))),
            }
        }
    )+ };
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = ValueError;

    parsed! {
        deserialize_bool visit_bool bool, "true or false";
        deserialize_i8 visit_i8 i8, "an integer of 8 bits";
        deserialize_i16 visit_i16 i16, "an integer of 16 bits";
        deserialize_i32 visit_i32 i32, "an integer of 32 bits";
        deserialize_i64 visit_i64 i64, "an integer";
        deserialize_i128 visit_i128 i128, "an integer";
        deserialize_u8 visit_u8 u8, "a non-negative integer of 8 bits";
        deserialize_u16 visit_u16 u16, "a non-negative integer of 16 bits";
        deserialize_u32 visit_u32 u32, "a non-negative integer of 32 bits";
        deserialize_u64 visit_u64 u64, "a non-negative integer";
        deserialize_u128 visit_u128 u128, "a non-negative integer";
        deserialize_f32 visit_f32 f32, "a number";
        deserialize_f64 visit_f64 f64, "a number";
        deserialize_char visit_char char, "one character";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        let variant: de::value::StrDeserializer<'_, ValueError> = self.0.into_deserializer();
        variant.deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Id(u32);

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Tone {
        Dry,
        Warm,
    }

    #[test]
    fn a_text_answers_to_the_type_that_is_asked() {
        assert_eq!(from_text::<String>("a", Some("12")).unwrap(), "12");
        assert_eq!(from_text::<i64>("a", Some("-12")).unwrap(), -12);
        assert_eq!(from_text::<Id>("a", Some("12")).unwrap(), Id(12));
        assert_eq!(from_text::<Tone>("a", Some("warm")).unwrap(), Tone::Warm);
        assert_eq!(from_text::<Option<f64>>("a", Some("1.5")).unwrap(), Some(1.5));
        assert_eq!(from_text::<Option<bool>>("a", None).unwrap(), None);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let error = from_text::<u8>("age", Some("old")).unwrap_err();
        assert_eq!(
            error.message(),
            "/arguments/age: expected a non-negative integer of 8 bits, got \"old\""
        );
        let error = from_text::<String>("age", None).unwrap_err();
        assert_eq!(error.message(), "/arguments/age: the argument is required");
        assert!(from_text::<Tone>("tone", Some("x")).unwrap_err().message().contains("dry"));
    }
}
