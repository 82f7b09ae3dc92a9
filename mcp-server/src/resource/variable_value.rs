//! The value of one variable of a URI template.

use super::template_error::Mismatch;
use crate::fragment::percent_decode;

/// What separates the segments of a path on any system.
pub(super) const SEPARATORS: [char; 2] = ['/', '\\'];

/// Whether a decoded value has no segment that leads out of a folder, and no NUL.
pub(super) fn stays(value: &str) -> bool {
    !value.contains('\0') && !value.split(SEPARATORS).any(|part| matches!(part, "." | ".."))
}

/// Percent-decodes the value of a variable once.
///
/// # Errors
/// If it is not UTF-8 after decoding.
pub(super) fn decode(name: &str, value: &str) -> Result<String, Mismatch> {
    percent_decode(value).ok_or_else(|| Mismatch::Encoding(name.to_owned()))
}
