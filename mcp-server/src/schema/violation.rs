//! The violation of a schema.

use std::fmt;

/// A violation of a schema, at one position in a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The position, as a JSON pointer.
    pub(crate) pointer: String,
    pub(crate) reason: String,
    /// Whether a derived `Deserialize` also enforces the violated keyword: types, names and
    /// required members, but not bounds.
    pub(crate) is_shape: bool,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.reason)
    }
}
