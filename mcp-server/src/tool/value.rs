//! Deserializes a JSON tree and reports where and why it fails.
//!
//! The errors of serde_json name a line and a column of a text that the model does not see. A model
//! corrects a call by JSON pointers.

use std::fmt;

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Unexpected, VariantAccess, Visitor,
};
use serde_json::{Map, Value};

use crate::describe_value::{DescribeValue, truncated};
use crate::extract::escape;

/// An error at a JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ValueError {
    pointer: String,
    reason: String,
}

impl ValueError {
    /// Prepends a segment to the pointer.
    pub(super) fn at(mut self, segment: &str) -> Self {
        self.pointer.insert_str(0, segment);
        self.pointer.insert(0, '/');
        self
    }

    /// Whether both errors have the same pointer.
    pub(super) fn has_pointer_of(&self, other: &Self) -> bool {
        self.pointer == other.pointer
    }

    /// Removes the member at fault from the value. Returns false if it is not a member of an
    /// object, or missing.
    pub(super) fn remove_from(&self, value: &mut Value) -> bool {
        let Some((parent, name)) = self.pointer.rsplit_once('/') else { return false };
        let name = name.replace("~1", "/").replace("~0", "~");
        match value.pointer_mut(parent) {
            Some(Value::Object(members)) => members.shift_remove(&name).is_some(),
            _ => false,
        }
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.reason)
    }
}

impl std::error::Error for ValueError {}

impl de::Error for ValueError {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self { pointer: String::new(), reason: reason.to_string() }
    }

    fn invalid_type(got: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format_args!(
            "expected {}, got {}",
            describe_type(&expected.to_string()),
            DescribeValue(got)
        ))
    }

    fn invalid_value(got: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(got, expected)
    }

    fn invalid_length(length: usize, expected: &dyn de::Expected) -> Self {
        Self::custom(format_args!("expected {expected}, got {length} elements"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let (expected, variant) = (expected.join(", "), truncated(variant));
        Self::custom(format_args!("expected one of {expected}, got \"{variant}\""))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let reason = match expected {
            [] => "unknown member; the object has none".to_owned(),
            names => format!("unknown member; known are {}", names.join(", ")),
        };
        Self { pointer: format!("/{}", escape(field)), reason }
    }

    fn missing_field(field: &'static str) -> Self {
        Self { pointer: format!("/{}", escape(field)), reason: "the member is required".to_owned() }
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self { pointer: format!("/{}", escape(field)), reason: "duplicate member".to_owned() }
    }
}

/// Describes a Rust type in JSON terms.
fn describe_type(expected: &str) -> &str {
    match expected {
        "i8" => "an integer from -128 to 127",
        "i16" => "an integer from -32768 to 32767",
        "i32" => "an integer of 32 bits",
        "i64" | "i128" | "isize" => "an integer",
        "u8" => "an integer from 0 to 255",
        "u16" => "an integer from 0 to 65535",
        "u32" => "a non-negative integer of 32 bits",
        "u64" | "u128" | "usize" => "a non-negative integer",
        "f32" | "f64" => "a number",
        other => other,
    }
}

/// Deserializes a [`Value`], with the pointer of each error.
pub(super) struct ValueReader<'a>(&'a Value);

impl<'a> ValueReader<'a> {
    pub(super) fn new(value: &'a Value) -> Self {
        Self(value)
    }
}

impl<'de> de::IntoDeserializer<'de, ValueError> for ValueReader<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for ValueReader<'de> {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => {
                if let Some(value) = number.as_u64() {
                    visitor.visit_u64(value)
                } else if let Some(value) = number.as_i64() {
                    visitor.visit_i64(value)
                } else {
                    visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
                }
            }
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => visit_array(items, visitor),
            Value::Object(members) => visit_object(members, visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        if name.starts_with("$serde_json::private::") {
            // A `RawValue`: only serde_json's own deserializer supports it.
            return self.0.deserialize_newtype_struct(name, visitor).map_err(de::Error::custom);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(Variant { name, value: None }),
            Value::Object(members) if members.len() == 1 => {
                let (name, value) =
                    members.iter().next().ok_or_else(|| de::Error::custom("empty"))?;
                visitor.visit_enum(Variant { name, value: Some(value) })
            }
            other => {
                let expected = format!("one of {}", variants.join(", "));
                Err(de::Error::invalid_type(unexpected(other), &expected.as_str()))
            }
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => Unexpected::Signed(value),
            (None, Some(value)) => Unexpected::Unsigned(value),
            (None, None) => Unexpected::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Unexpected::Str(text),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    }
}

fn visit_array<'de, V: Visitor<'de>>(
    items: &'de [Value],
    visitor: V,
) -> Result<V::Value, ValueError> {
    struct Items<'a> {
        rest: std::iter::Enumerate<std::slice::Iter<'a, Value>>,
    }
    impl<'de> de::SeqAccess<'de> for Items<'de> {
        type Error = ValueError;

        fn next_element_seed<T: DeserializeSeed<'de>>(
            &mut self,
            seed: T,
        ) -> Result<Option<T::Value>, ValueError> {
            let Some((index, item)) = self.rest.next() else { return Ok(None) };
            seed.deserialize(ValueReader(item))
                .map(Some)
                .map_err(|error| error.at(&index.to_string()))
        }

        fn size_hint(&self) -> Option<usize> {
            Some(self.rest.len())
        }
    }
    let mut access = Items { rest: items.iter().enumerate() };
    let value = visitor.visit_seq(&mut access)?;
    if access.rest.len() > 0 {
        let expected = format!("{} elements", items.len() - access.rest.len());
        return Err(de::Error::invalid_length(items.len(), &expected.as_str()));
    }
    Ok(value)
}

fn visit_object<'de, V: Visitor<'de>>(
    members: &'de Map<String, Value>,
    visitor: V,
) -> Result<V::Value, ValueError> {
    struct Members<'a> {
        rest: serde_json::map::Iter<'a>,
        current: Option<(&'a String, &'a Value)>,
    }
    impl<'de> de::MapAccess<'de> for Members<'de> {
        type Error = ValueError;

        fn next_key_seed<K: DeserializeSeed<'de>>(
            &mut self,
            seed: K,
        ) -> Result<Option<K::Value>, ValueError> {
            self.current = self.rest.next();
            let Some((name, _)) = self.current else { return Ok(None) };
            seed.deserialize(de::value::BorrowedStrDeserializer::new(name)).map(Some)
        }

        fn next_value_seed<T: DeserializeSeed<'de>>(
            &mut self,
            seed: T,
        ) -> Result<T::Value, ValueError> {
            let (name, value) = self
                .current
                .ok_or_else(|| de::Error::custom("a value was requested before its key"))?;
            seed.deserialize(ValueReader(value)).map_err(|error| error.at(&escape(name)))
        }
    }
    visitor.visit_map(Members { rest: members.iter(), current: None })
}

/// A variant of an enum: a name, or a name with a value.
struct Variant<'a> {
    name: &'a str,
    value: Option<&'a Value>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = ValueError;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self), ValueError> {
        let name =
            seed.deserialize(de::value::BorrowedStrDeserializer::<ValueError>::new(self.name))?;
        Ok((name, self))
    }
}

impl<'de> Variant<'de> {
    fn value(&self) -> Result<&'de Value, ValueError> {
        self.value.ok_or_else(|| {
            de::Error::custom(format_args!("the variant {} needs a value", self.name))
        })
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = ValueError;

    fn unit_variant(self) -> Result<(), ValueError> {
        match self.value {
            None | Some(Value::Null) => Ok(()),
            Some(_) => {
                Err(de::Error::custom(format_args!("the variant {} has no value", self.name)))
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, ValueError> {
        let value = self.value()?;
        seed.deserialize(ValueReader(value)).map_err(|error| error.at(&escape(self.name)))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ValueError> {
        ValueReader(self.value()?)
            .deserialize_any(visitor)
            .map_err(|error| error.at(&escape(self.name)))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        ValueReader(self.value()?)
            .deserialize_any(visitor)
            .map_err(|error| error.at(&escape(self.name)))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the errors of decoding are tested")]
    struct Trip {
        city: String,
        days: u8,
        stops: Option<Vec<Stop>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    #[expect(dead_code, reason = "only the errors of decoding are tested")]
    enum Stop {
        Museum,
        Cafe { seats: u32 },
        Geo(f64, f64),
    }

    fn error(value: Value) -> String {
        Trip::deserialize(ValueReader::new(&value)).unwrap_err().to_string()
    }

    #[test]
    fn errors_name_the_pointer_and_the_expected_type() {
        assert_eq!(error(json!({"city": 1})), "/city: expected a string, got the integer 1");
        assert_eq!(error(json!({"city": "a"})), "/days: the member is required");
        assert_eq!(
            error(json!({"city": "a", "days": 300})),
            "/days: expected an integer from 0 to 255, got the integer 300"
        );
        assert_eq!(
            error(json!({"city": "a", "days": 1, "x/y": 0})),
            "/x~1y: unknown member; known are city, days, stops"
        );
        assert_eq!(
            error(json!({"city": "a", "days": 1, "stops": ["museum", {"cafe": {"seats": "two"}}]})),
            "/stops/1/cafe/seats: expected a non-negative integer of 32 bits, got the string \"two\""
        );
        assert_eq!(
            error(json!({"city": "a", "days": 1, "stops": ["zoo"]})),
            "/stops/0: expected one of museum, cafe, geo, got \"zoo\""
        );
        assert_eq!(
            error(json!({"city": "a", "days": 1, "stops": [{"geo": [1.0, 2.0, 3.0]}]})),
            "/stops/0/geo: expected 2 elements, got 3 elements"
        );
    }

    #[test]
    fn a_valid_value_is_deserialized() {
        let stops = json!(["museum", {"cafe": {"seats": 2}}, {"geo": [1.5, 2]}]);
        let value = json!({"city": "a", "days": 1, "stops": stops});
        assert_eq!(Trip::deserialize(ValueReader::new(&value)).unwrap().stops.unwrap().len(), 3);
        let value = json!({"city": "a", "days": 1, "stops": null});
        assert!(Trip::deserialize(ValueReader::new(&value)).unwrap().stops.is_none());
    }
}
