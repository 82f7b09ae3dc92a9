//! What a lint found.

use std::fmt;

/// Something in the name or the input schema of a tool that some hosts break on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The name of the tool.
    pub tool: String,
    /// Where in the input schema as it is listed, as a JSON pointer. `None` if it is in the name.
    pub pointer: Option<String>,
    /// What was found.
    pub problem: Problem,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tool {:?}", self.tool)?;
        if let Some(pointer) = &self.pointer {
            write!(f, " at #{pointer}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

/// What some hosts break on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The name has more than 40 characters. Hosts put a prefix before it and cut it at 64.
    LongName {
        /// The number of characters.
        chars: usize,
    },
    /// The name has a dot. Model providers allow letters, digits, `_` and `-`.
    DottedName,
    /// The name of an argument is not 1 to 64 letters, digits, `_`, `-` or `.`.
    ArgumentName,
    /// A schema refers to itself.
    Recursion,
    /// A schema says nothing about its type: a bare `Value`.
    Untyped,
    /// A list has a schema for each position (`prefixItems`).
    Tuple,
    /// The root has alternatives: `oneOf`, `anyOf` or `allOf`.
    RootAlternatives,
    /// `oneOf`: an enum with documented variants, or one with data.
    OneOf,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LongName { chars } => write!(
                f,
                "a name of {chars} characters, which some hosts cut; use at most 40 characters"
            ),
            Self::DottedName => {
                f.write_str("a name with a dot, which some hosts rewrite; use `_` or `-`")
            }
            Self::ArgumentName => f.write_str(
                "the name of an argument that some hosts refuse; use 1 to 64 of the characters \
                 A-Z a-z 0-9 _ - .",
            ),
            Self::Recursion => f.write_str(
                "a schema that refers to itself, which some hosts refuse; use a type that is not \
                 recursive",
            ),
            Self::Untyped => f.write_str(
                "a schema without a type, which some hosts refuse; use a type with a schema, or a \
                 SchemaDialect",
            ),
            Self::Tuple => f.write_str(
                "a tuple (prefixItems), which some hosts refuse; use a struct, or a SchemaDialect",
            ),
            Self::RootAlternatives => f.write_str(
                "alternatives at the root, which some hosts refuse; use a struct with an enum in \
                 it, or a SchemaDialect",
            ),
            Self::OneOf => f.write_str(
                "an enum with documented variants or with data (oneOf), which some hosts refuse; \
                 use a SchemaDialect",
            ),
        }
    }
}
