//! The findings of a rule.

use std::fmt;

/// One violation of a rule: where, what is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    pub(super) file: String,
    /// Counted from 1.
    pub(super) line: usize,
    /// The problem, `; `, and what to do.
    pub(super) text: String,
}

impl Finding {
    pub(super) fn new(file: &str, line: usize, text: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.text)
    }
}
