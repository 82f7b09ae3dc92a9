//! JSON strings.

use std::borrow::Cow;

/// Reads a JSON string, which must be valid. Only one with escapes is copied. `None` if it is not a
/// string, or has an escape that is not text.
pub(crate) fn read_string(json: &str) -> Option<Cow<'_, str>> {
    match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
        _ => serde_json::from_str(json).ok().map(Cow::Owned),
    }
}
