//! The regular expressions of `pattern`.

use regex_lite::Regex;

/// Maximum length of a string that is matched against a pattern, in bytes. Fixed: matching takes
/// time proportional to the string and the pattern, and patterns are not meant for longer strings
/// (THREAT-54).
pub(super) const MAX_STRING_BYTES: usize = 64 << 10;

/// A pattern. Matching takes time linear in the length of the string, without backtracking.
#[derive(Debug)]
pub(super) struct Pattern {
    source: String,
    regex: Regex,
}

impl Pattern {
    /// Compiles a pattern. Returns `None`, with a warning in the log, for an unsupported
    /// expression: JSON Schema uses the syntax of ECMAScript, of which look-around and
    /// back-references are not supported.
    pub(super) fn compile(source: &str) -> Option<Self> {
        match Regex::new(source) {
            Ok(regex) => Some(Self { source: source.to_owned(), regex }),
            Err(error) => {
                tracing::warn!(pattern = source, %error, "a pattern of a schema is not supported and not enforced");
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
