//! Errors about arguments, each with its JSON pointer, so that a model can repair its call.

use std::fmt;

/// Why the arguments of a call do not fit: one entry for each mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgumentErrors(Vec<String>);

impl ArgumentErrors {
    /// One mistake at a place in the arguments, given as a JSON pointer such as `/city`.
    pub fn new(pointer: &str, reason: impl fmt::Display) -> Self {
        Self(vec![format!("{pointer}: {reason}")])
    }

    /// The mistakes, each as `pointer: reason`.
    pub(crate) const fn from_mistakes(mistakes: Vec<String>) -> Self {
        Self(mistakes)
    }

    /// The mistakes, each as `pointer: reason`.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for ArgumentErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The arguments do not fit the tool's input schema:")?;
        for mistake in &self.0 {
            write!(f, "\n- {mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ArgumentErrors {}

/// A name as a part of a JSON pointer (RFC 6901), shortened to 64 characters.
pub(crate) fn escape(name: &str) -> String {
    let name: String = name.chars().take(64).collect();
    name.replace('~', "~0").replace('/', "~1")
}
