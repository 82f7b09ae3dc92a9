//! A schema in a dialect.

use mcp_core::http::param_headers;
use mcp_core::types::Schema;
use serde_json::Value;

use super::error::{DialectError, DialectErrorKind};
use super::kind::SchemaDialect;
use super::output;
use super::rewriter::Rewriter;

impl SchemaDialect {
    /// Returns the schema of arguments in this dialect. `max_bytes` limits the length of the
    /// result, which may be longer than the schema.
    ///
    /// ```
    /// use mcp_server::dialect::SchemaDialect;
    /// use mcp_server::types::Schema;
    /// use serde_json::json;
    ///
    /// let written = Schema::try_from(json!({
    ///     "type": "object",
    ///     "properties": { "days": { "type": "integer" } },
    /// }))?;
    /// let strict = SchemaDialect::Strict.input_schema(&written, 1_024)?;
    /// assert_eq!(strict.as_value()["required"], json!(["days"]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the schema has no form in this dialect.
    pub fn input_schema(self, schema: &Schema, max_bytes: usize) -> Result<Schema, DialectError> {
        if self == Self::AsWritten {
            return Ok(schema.clone());
        }
        let written = schema.as_value();
        let rewritten = Rewriter::new(&written, self, max_bytes).arguments()?;
        if param_headers(&written).ok() != param_headers(&rewritten).ok() {
            return Err(at_root(DialectErrorKind::Header));
        }
        finish(rewritten, max_bytes)
    }

    /// Returns the schema of results in this dialect. It is true for every value for which
    /// `schema` is.
    ///
    /// ```
    /// use mcp_server::dialect::SchemaDialect;
    /// use mcp_server::types::Schema;
    /// use serde_json::json;
    ///
    /// let written = Schema::try_from(json!({
    ///     "type": "object",
    ///     "properties": { "at": { "$ref": "#/$defs/Point" } },
    ///     "$defs": { "Point": { "type": "object" } },
    /// }))?;
    /// let flat = SchemaDialect::Flat.output_schema(&written, 1_024)?;
    /// assert_eq!(flat.as_value()["properties"]["at"]["type"], "object"); // No reference.
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the schema has no form in this dialect.
    pub fn output_schema(self, schema: &Schema, max_bytes: usize) -> Result<Schema, DialectError> {
        if self != Self::Flat {
            return Ok(schema.clone());
        }
        let written = schema.as_value();
        finish(output::flat(&written, max_bytes)?, max_bytes)
    }
}

fn finish(rewritten: Value, max_bytes: usize) -> Result<Schema, DialectError> {
    let schema = Schema::try_from(rewritten)
        .map_err(|error| at_root(DialectErrorKind::Invalid { reason: error.to_string() }))?;
    if schema.get().len() > max_bytes {
        return Err(at_root(DialectErrorKind::TooLarge { max_bytes }));
    }
    Ok(schema)
}

fn at_root(kind: DialectErrorKind) -> DialectError {
    DialectError { pointer: String::new(), kind }
}
