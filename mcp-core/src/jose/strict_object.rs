//! JSON objects whose meaning cannot depend on the parser: a member that occurs twice is refused,
//! at any depth. RFC 7515 §4 and RFC 7519 §4 allow to refuse it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::codec::scan::{ScanError, scan};
use crate::json::has_reserved_name;

/// Maximum nesting of the JSON in tokens and keys. Fixed: claims of authorization servers have four
/// levels at most.
pub(super) const MAX_DEPTH: usize = 16;

/// Reads an object. The error says what is wrong with it.
pub(super) fn read_object(json: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(json).map_err(|_| "is not UTF-8".to_owned())?;
    // The length of the text limits the number of values.
    match scan(text, MAX_DEPTH, usize::MAX) {
        Err(ScanError::TooDeep) => return Err(format!("is nested deeper than {MAX_DEPTH} levels")),
        Err(ScanError::TooManyNodes) => return Err("has too many values".to_owned()),
        Ok(()) => {}
    }
    if has_reserved_name(text) {
        return Err("has a member whose name is reserved".to_owned());
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let not_read = |error: serde_json::Error| match error.to_string() {
        // Only the name of a member of the peer can be long or unprintable.
        error if error.starts_with(TWICE) => TWICE.to_owned(),
        error => format!("is not JSON: {error}"),
    };
    let value = Strict.deserialize(&mut reader).map_err(not_read)?;
    reader.end().map_err(not_read)?;
    match value {
        Value::Object(members) => Ok(members),
        _ => Err("is not a JSON object".to_owned()),
    }
}

const TWICE: &str = "has a member twice";

/// A value without doubled members.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom(TWICE));
            }
            let value = members.next_value_seed(Self)?;
            object.insert(name, value);
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(json: &str) -> String {
        read_object(json.as_bytes()).unwrap_err()
    }

    #[test]
    fn what_was_read_equals_what_serde_json_reads() {
        let text = r#" {"a":[1,-2,1.5,1e300,null,true,"x\u0041",{}],"b":{"a":{"a":18446744073709551615}}} "#;
        let expected: Value = serde_json::from_str(text).unwrap();
        assert_eq!(Value::Object(read_object(text.as_bytes()).unwrap()), expected);
    }

    #[test]
    fn doubled_members_are_refused_at_any_depth_and_in_any_spelling() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"b":2,"\u0061":1}"#,
            r#"{"a":[{"b":{"c":1,"d":1,"c":2}}]}"#,
            r#"{"":1,"":2}"#,
        ] {
            assert_eq!(error(text), "has a member twice", "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let nested =
            |depth: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert!(read_object(nested(MAX_DEPTH - 1).as_bytes()).is_ok());
        assert!(error(&nested(MAX_DEPTH)).contains("deeper than 16 levels"));
        assert!(error(r#"{"$serde_json::private::RawValue":"[]"}"#).contains("reserved"));
        for text in ["[]", "1", "\"a\"", "null"] {
            assert_eq!(error(text), "is not a JSON object");
        }
        for text in ["", "{", "{}x", "{}{}", "{\"a\":1,}", "{'a':1}", "{\"a\":NaN}", "{a:1}"] {
            assert!(error(text).contains("is not JSON"), "{text}");
        }
        assert_eq!(read_object(b"{\"\xff\":1}").unwrap_err(), "is not UTF-8");
    }
}
