//! The value of one variable of a URI template.

use super::template_error::Mismatch;

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

/// Percent-decodes once. `None` for an invalid escape or bytes that are not UTF-8.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}
