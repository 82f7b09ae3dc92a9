//! Why a schema has no form in a dialect.

/// A schema has no form in a dialect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at #{pointer}: {kind}")]
#[non_exhaustive]
pub struct DialectError {
    /// Where in the schema as written, as a JSON pointer. Empty at the root.
    pub pointer: String,
    /// What has no form.
    pub kind: DialectErrorKind,
}

/// What has no form in a dialect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialectErrorKind {
    /// The schema refers to itself, and its references would be replaced without end.
    #[error(
        "the schema refers to itself through {target:?}, so its references cannot be replaced; use \
         a type that is not recursive, or SchemaDialect::AsWritten for this tool"
    )]
    Recursive {
        /// The reference.
        target: String,
    },
    /// The schema grows over the limit, because each reference is replaced by a copy.
    #[error(
        "the schema in this dialect has more than {max_bytes} bytes (max_dialect_schema_bytes); \
         use fewer types that occur repeatedly, or raise the limit"
    )]
    TooLarge {
        /// The limit, in bytes.
        max_bytes: usize,
    },
    /// The schema is nested too deeply.
    #[error("the schema is nested deeper than {max_levels} levels; use fewer nested types")]
    TooDeep {
        /// The limit, in subschemas.
        max_levels: usize,
    },
    /// A reference leads to nothing in the schema.
    #[error("the reference {target:?} leads to nothing in the schema; use `#/$defs/…`")]
    Unresolved {
        /// The reference.
        target: String,
    },
    /// The arguments have no names.
    #[error(
        "the arguments as a whole are a map, and this dialect needs names; use a struct, or \
         SchemaDialect::AsWritten for this tool"
    )]
    Unnamed,
    /// Clients would not find the arguments that HTTP headers mirror.
    #[error(
        "an argument with x-mcp-header is optional, or in an optional object, which `Strict` \
         cannot express; make it required, or use another dialect for this tool"
    )]
    Header,
    /// What was written is not a schema.
    #[error("the schema in this dialect is not valid: {reason}")]
    Invalid {
        /// What is wrong.
        reason: String,
    },
}
