//! The dialects.

use std::fmt;

use mcp_core::limits::ConnectionLimits;

/// A form of JSON Schema that a group of hosts accepts.
///
/// Set it for all tools with
/// [`ServerBuilder::schema_dialect`](crate::ServerBuilder::schema_dialect), and for one tool with
/// [`ToolBuilder::schema_dialect`](crate::tool::ToolBuilder::schema_dialect) or
/// `#[tool(dialect = "strict")]`. A dialect changes what `tools/list` shows, in all revisions. The
/// arguments of a call are understood in the form of the dialect and in that of the schema as
/// written, and are validated against the schema as written.
///
/// | in the schema | `Strict` | `Flat` |
/// |---|---|---|
/// | optional member | required, `anyOf` with `null` | not required |
/// | member or item that may be null | `anyOf` with `null` | `"type": [T, "null"]`; for an enum `anyOf` with `null` |
/// | object | `"additionalProperties": false` | without `additionalProperties` |
/// | map | list of entries, `{"key": …, "value": …}` | the same |
/// | `$ref` | replaced by its target; a recursive one stays | replaced by its target; recursion is an error |
/// | enum with documented variants (`oneOf` of `const`) | one `enum`; the docs are in the description | the same |
/// | other `oneOf` | `anyOf` | `anyOf` |
/// | alternatives at the root, or next to `properties` | one object with the members of all | the same |
/// | tuple (`prefixItems`) | `items` with the types of all items | the same |
/// | untyped (a bare `Value`) | a string that contains JSON | the same |
/// | keyword that the hosts do not know, `default` | in the description | in the description |
///
/// In a call, `null` for an optional member is as if it were absent, so that defaults apply; a list
/// of entries becomes a map; and a string for an untyped value is parsed, unless it is not JSON.
///
/// The schema of a result tells what clients may rely on, and clients validate results against it.
/// So `Strict` leaves it as written, and `Flat` rewrites only what keeps it true: references,
/// documented enums, `oneOf` and tuples.
///
/// ```
/// use mcp_server::dialect::SchemaDialect;
/// use mcp_server::{Server, routes, tool};
///
/// /// Search the archive.
/// #[tool]
/// async fn search(query: String, limit: Option<u8>) -> String {
///     format!("{query}: {}", limit.unwrap_or(10))
/// }
///
/// let server = Server::builder("archive", "1.0.0")
///     .routes(routes![search])
///     .schema_dialect(SchemaDialect::Strict)
///     .build()?;
/// # Ok::<(), mcp_server::BuildError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SchemaDialect {
    /// The schema as it was derived or set: JSON Schema 2020-12. Claude accepts it, except
    /// alternatives at the root.
    #[default]
    AsWritten,
    /// What the strict modes of OpenAI and Claude require: every member is required, an optional
    /// one may be null, and every object is closed. Recursive schemas keep their references, which
    /// some hosts do not accept as strict.
    Strict,
    /// What converters to an OpenAPI subset accept, such as those for Gemini: no references, no
    /// `oneOf`, no tuples.
    Flat,
}

impl fmt::Display for SchemaDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsWritten => "AsWritten",
            Self::Strict => "Strict",
            Self::Flat => "Flat",
        })
    }
}

/// What a server sets for its tools.
#[derive(Debug, Clone)]
pub(crate) struct ServerDialect {
    pub(crate) dialect: SchemaDialect,
    /// Maximum length of a rewritten schema, in bytes.
    pub(crate) max_bytes: usize,
    /// They apply to the JSON in strings.
    pub(crate) limits: ConnectionLimits,
}
