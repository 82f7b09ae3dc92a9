//! Descriptions of JSON values for error messages that models read.

use std::fmt;

use mcp_core::text::PeerText;
use serde::de::Unexpected;

/// Maximum length of a caller's string in an error message, in characters.
const MAX_SHOWN_CHARS: usize = 64;

/// Describes a value: `the string "two"`, `an array`.
pub(crate) struct DescribeValue<'a>(pub(crate) Unexpected<'a>);

impl fmt::Display for DescribeValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Unexpected::Bool(value) => write!(f, "the boolean {value}"),
            Unexpected::Unsigned(value) => write!(f, "the integer {value}"),
            Unexpected::Signed(value) => write!(f, "the integer {value}"),
            Unexpected::Float(value) => write!(f, "the number {value}"),
            Unexpected::Str(text) => write!(f, "the string \"{}\"", truncated(text)),
            Unexpected::Unit => f.write_str("null"),
            Unexpected::Seq => f.write_str("an array"),
            Unexpected::Map => f.write_str("an object"),
            other => other.fmt(f),
        }
    }
}

/// Truncates a string from the caller.
pub(crate) fn truncated(text: &str) -> PeerText<'_> {
    PeerText::with_max(text, MAX_SHOWN_CHARS)
}
