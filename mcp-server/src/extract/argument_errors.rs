//! Errors about arguments, each with its JSON pointer, so that a model can correct its call.

use std::borrow::Cow;
use std::fmt;

/// The errors in the arguments of a call, one entry for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgumentErrors(Vec<String>);

impl ArgumentErrors {
    /// Creates an error for one argument. `pointer` is its JSON pointer within the arguments, such
    /// as `/city`.
    pub fn new(pointer: &str, reason: impl fmt::Display) -> Self {
        Self(vec![format!("{pointer}: {reason}")])
    }

    /// Creates it from errors of the form `pointer: reason`.
    pub(crate) const fn from_errors(errors: Vec<String>) -> Self {
        Self(errors)
    }

    /// Returns the errors, each of the form `pointer: reason`.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for ArgumentErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The arguments do not match the tool's input schema:")?;
        for error in &self.0 {
            write!(f, "\n- {error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ArgumentErrors {}

/// Maximum length of a segment of a JSON pointer in an error message, in characters. Fixed: the
/// caller knows the name.
const MAX_SEGMENT_CHARS: usize = 64;

/// Encodes a name as a segment of a JSON pointer (RFC 6901), truncated to 64 characters.
pub(crate) fn escape(name: &str) -> Cow<'_, str> {
    let end = name.char_indices().nth(MAX_SEGMENT_CHARS).map_or(name.len(), |(index, _)| index);
    let name = &name[..end];
    if name.contains(['~', '/']) {
        Cow::Owned(name.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(name)
    }
}
