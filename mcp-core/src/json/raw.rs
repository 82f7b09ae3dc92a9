//! One JSON value whose text is kept: the order of members, the spelling of numbers and `null`
//! survive a round trip.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::JsonObject;

/// One JSON value, kept as the text that arrived.
///
/// It is used where the protocol allows any JSON (arguments, structured content) and for JSON
/// Schemas, which must survive a round trip unchanged. A clone shares the text. The text never
/// contains a line break, so a value from a pretty-printed HTTP body can be written to a
/// line-framed transport.
///
/// Equality compares the JSON values, not their text.
///
/// ```
/// use mcp_core::json::RawJson;
///
/// let raw: RawJson = serde_json::from_str(r#"{"b": 1, "a": null}"#)?;
/// assert_eq!(raw.get(), r#"{"b": 1, "a": null}"#);
/// assert_eq!(raw, RawJson::from(serde_json::json!({"a": null, "b": 1})));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
pub struct RawJson(Arc<RawValue>);

impl RawJson {
    /// Serializes a value.
    ///
    /// ```
    /// use mcp_core::json::RawJson;
    ///
    /// #[derive(serde::Serialize)]
    /// struct Note {
    ///     title: String,
    /// }
    ///
    /// let raw = RawJson::new(&Note { title: "milk".to_owned() })?;
    /// assert_eq!(raw.get(), r#"{"title":"milk"}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the value's `Serialize` fails, or it has a map whose keys are not strings.
    pub fn new(value: &(impl Serialize + ?Sized)) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self::from)
    }

    /// Returns the value `null`.
    ///
    /// ```
    /// use mcp_core::json::RawJson;
    ///
    /// assert_eq!(RawJson::null().get(), "null");
    /// ```
    #[must_use]
    pub fn null() -> Self {
        RawValue::NULL.to_owned().into()
    }

    /// Returns the JSON text.
    ///
    /// ```
    /// use mcp_core::json::RawJson;
    ///
    /// let raw: RawJson = serde_json::from_str("1.50")?;
    /// assert_eq!(raw.get(), "1.50"); // As it was written.
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// Returns the text as serde_json's raw value.
    ///
    /// ```
    /// use mcp_core::json::RawJson;
    /// use serde_json::value::RawValue;
    ///
    /// let raw: RawJson = serde_json::from_str("[1, 2]")?;
    /// let value: &RawValue = raw.as_raw_value(); // For a program that uses serde_json's type.
    /// assert_eq!(value.get(), "[1, 2]");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn as_raw_value(&self) -> &RawValue {
        &self.0
    }

    /// Whether the value is `null`.
    ///
    /// ```
    /// use mcp_core::json::RawJson;
    ///
    /// assert!(RawJson::null().is_null());
    /// ```
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.get() == "null"
    }

    /// Parses the value as a `T`, which may borrow from the text.
    ///
    /// ```
    /// use mcp_core::json::RawJson;
    ///
    /// let raw: RawJson = serde_json::from_str(r#"{"a": 1, "b": 2}"#)?;
    /// let members: std::collections::BTreeMap<&str, i64> = raw.parse()?;
    /// assert_eq!(members["b"], 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the text is not a `T`.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.get())
    }

    /// Parses the value into a tree. The result is `null` if the text has a number beyond the range
    /// of `f64` or is nested deeper than the parser allows (128 levels).
    ///
    /// ```
    /// use mcp_core::json::RawJson;
    ///
    /// let raw: RawJson = serde_json::from_str(r#"{"temperature": 21.5}"#)?;
    /// assert_eq!(raw.to_value()["temperature"], 21.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.parse().unwrap_or(Value::Null)
    }
}

impl From<Box<RawValue>> for RawJson {
    fn from(raw: Box<RawValue>) -> Self {
        let text = raw.get().as_bytes();
        if memchr::memchr2(b'\n', b'\r', text).is_none() {
            return Self(raw.into());
        }
        // Inside a string a line break is escaped, so a raw one is white space between tokens.
        let text = raw.get().replace(['\n', '\r'], " ");
        Self(RawValue::from_string(text).unwrap_or(raw).into())
    }
}

impl From<Value> for RawJson {
    fn from(value: Value) -> Self {
        // A `Value` can always be serialized, because its keys are strings.
        Self::new(&value).unwrap_or_else(|_| Self::null())
    }
}

impl From<JsonObject> for RawJson {
    fn from(object: JsonObject) -> Self {
        Value::Object(object).into()
    }
}

impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get() || self.to_value() == other.to_value()
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

impl fmt::Display for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn member_order_and_number_spelling_are_kept() {
        let text = r#"{"z":1.0,"a":[1e3,null]}"#;
        let raw: RawJson = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&raw).unwrap(), text);
    }

    #[test]
    fn line_breaks_between_tokens_are_removed() {
        let raw: RawJson = serde_json::from_str("{\r\n  \"a\": \"x\\ny\"\n}").unwrap();
        assert!(!raw.get().contains(['\n', '\r']));
        assert_eq!(raw.to_value(), json!({"a": "x\ny"}));
    }

    #[test]
    fn raw_json_can_be_read_from_a_tree() {
        let raw: RawJson = serde_json::from_value(json!({"b": 1, "a": 2})).unwrap();
        assert_eq!(raw.get(), r#"{"b":1,"a":2}"#);
        assert_eq!(serde_json::to_value(&raw).unwrap(), json!({"b": 1, "a": 2}));
    }

    #[test]
    fn equality_compares_values_and_not_text() {
        let spaced: RawJson = serde_json::from_str(r#"{ "a" : 1 }"#).unwrap();
        assert_eq!(spaced, RawJson::from(json!({"a": 1})));
        assert_ne!(spaced, RawJson::from(json!({"a": 2})));
        assert!(RawJson::null().is_null());
    }
}
