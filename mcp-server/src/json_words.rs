//! JSON values in the words of an error message, as a model would name them.

use std::fmt;

use mcp_core::text::PeerText;
use serde::de::Unexpected;

/// Longest text of a caller that an error message repeats, in characters.
const MAX_SHOWN_CHARS: usize = 64;

/// What was found: `the string "two"`, `an array`.
pub(crate) struct Found<'a>(pub(crate) Unexpected<'a>);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Unexpected::Bool(value) => write!(f, "the boolean {value}"),
            Unexpected::Unsigned(value) => write!(f, "the integer {value}"),
            Unexpected::Signed(value) => write!(f, "the integer {value}"),
            Unexpected::Float(value) => write!(f, "the number {value}"),
            Unexpected::Str(text) => write!(f, "the string \"{}\"", shown(text)),
            Unexpected::Unit => f.write_str("null"),
            Unexpected::Seq => f.write_str("an array"),
            Unexpected::Map => f.write_str("an object"),
            other => other.fmt(f),
        }
    }
}

/// A text of the caller, shortened.
pub(crate) fn shown(text: &str) -> PeerText<'_> {
    PeerText::with_max(text, MAX_SHOWN_CHARS)
}
