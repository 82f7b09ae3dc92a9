//! A JSON Schema whose text is kept. Spec: basic, "JSON Schema Usage".

use std::sync::LazyLock;

use serde::Serialize;
use serde::de::{self, Deserialize, Deserializer};
use serde_json::Value;

use crate::json::{JsonObject, RawJson};

/// A JSON Schema.
///
/// The text is kept, so that the dialect, definitions, unknown keywords and the order of members
/// reach the other side unchanged. The root is an object or a boolean.
///
/// ```
/// use mcp_core::types::Schema;
/// use serde_json::json;
///
/// let schema = Schema::try_from(json!({"type": "object", "required": ["a"]}))?;
/// assert_eq!(schema.as_value()["type"], "object");
/// assert!(Schema::try_from(json!("object")).is_err());
/// # Ok::<(), mcp_core::types::SchemaError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Schema(RawJson);

/// The root of a JSON Schema is neither an object nor a boolean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a JSON Schema must be an object or a boolean")]
#[non_exhaustive]
pub struct SchemaError;

impl Schema {
    /// Returns the schema of an object without members, for tools without arguments.
    #[must_use]
    pub fn empty_object() -> Self {
        // Shared, because every tool starts with it.
        static EMPTY_OBJECT: LazyLock<Schema> = LazyLock::new(|| {
            let schema = serde_json::json!({
                "type": "object",
                "properties": {},
                "required": [],
                "additionalProperties": false,
            });
            Schema(schema.into())
        });
        EMPTY_OBJECT.clone()
    }

    /// Returns the schema of any object.
    #[must_use]
    pub fn any_object() -> Self {
        Self(serde_json::json!({"type": "object"}).into())
    }

    /// Returns the JSON text.
    #[must_use]
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// Returns the schema as raw JSON.
    #[must_use]
    pub fn as_raw(&self) -> &RawJson {
        &self.0
    }

    /// Parses the schema into a tree. Each call parses the text again.
    #[must_use]
    pub fn as_value(&self) -> Value {
        self.0.to_value()
    }
}

impl TryFrom<RawJson> for Schema {
    type Error = SchemaError;

    fn try_from(raw: RawJson) -> Result<Self, SchemaError> {
        match raw.get().as_bytes().first() {
            Some(b'{' | b't' | b'f') => Ok(Self(raw)),
            _ => Err(SchemaError),
        }
    }
}

impl TryFrom<Value> for Schema {
    type Error = SchemaError;

    fn try_from(value: Value) -> Result<Self, SchemaError> {
        RawJson::from(value).try_into()
    }
}

impl From<JsonObject> for Schema {
    fn from(object: JsonObject) -> Self {
        Self(object.into())
    }
}

impl From<schemars::Schema> for Schema {
    fn from(schema: schemars::Schema) -> Self {
        Self(schema.to_value().into())
    }
}

impl From<bool> for Schema {
    fn from(anything: bool) -> Self {
        Self(Value::Bool(anything).into())
    }
}

impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RawJson::deserialize(deserializer)?.try_into().map_err(de::Error::custom)
    }
}
