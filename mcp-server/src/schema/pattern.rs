//! Regular expressions of `pattern`.

use regex_lite::Regex;

/// Longest text that is held against a pattern, in bytes. Fixed: the time that matching takes is
/// proportional to the text and to the pattern, and no pattern is meant for more (THREAT-54).
pub(super) const MAX_TEXT_BYTES: usize = 64 << 10;

/// A pattern. Matching takes time linear in the text: there is no backtracking.
#[derive(Debug)]
pub(super) struct Pattern {
    source: String,
    regex: Regex,
}

impl Pattern {
    /// `None`, with a warning, for an expression that cannot be compiled: JSON Schema has the
    /// syntax of ECMA-262, of which look-around and back-references are not supported.
    pub(super) fn compile(source: &str) -> Option<Self> {
        match Regex::new(source) {
            Ok(regex) => Some(Self { source: source.to_owned(), regex }),
            Err(error) => {
                tracing::warn!(pattern = source, %error, "a pattern of a schema is not enforced");
                None
            }
        }
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}
