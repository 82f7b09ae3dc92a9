//! What a value does against its schema.

use std::fmt;

/// A place in a value that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// A JSON pointer.
    pub(crate) pointer: String,
    pub(crate) reason: String,
    /// Whether a derived `Deserialize` enforces this as well: types, names and required members,
    /// but no bounds.
    pub(crate) is_shape: bool,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.reason)
    }
}
