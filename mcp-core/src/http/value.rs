//! How a value of the body is encoded in a header field.
//!
//! Spec: basic/transports/streamable-http, "Value encoding" (HDR-3 to HDR-5, TRAP-19). Visible
//! ASCII with spaces and tabs inside is sent unchanged. Any other value is sent as `=?base64?…?=`
//! around the base64 of its UTF-8, and so is a value that already has that form.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const PREFIX: &str = "=?base64?";
const SUFFIX: &str = "?=";

/// A header value has characters that are not allowed, or base64 that is not canonical.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value is neither plain ASCII nor canonical base64 of UTF-8")]
#[non_exhaustive]
pub struct BadValue;

/// Encodes a value for a header field.
///
/// ```
/// use mcp_core::http::encode_value;
///
/// assert_eq!(encode_value("eu west"), "eu west");
/// assert_eq!(encode_value("Köln"), "=?base64?S8O2bG4=?=");
/// ```
#[must_use]
pub fn encode_value(value: &str) -> Cow<'_, str> {
    let looks_encoded = value.starts_with(PREFIX) && value.ends_with(SUFFIX);
    if is_plain(value.as_bytes()) && !looks_encoded {
        return Cow::Borrowed(value);
    }
    let mut encoded = String::from(PREFIX);
    STANDARD.encode_string(value, &mut encoded);
    encoded.push_str(SUFFIX);
    Cow::Owned(encoded)
}

/// Decodes the value of a header field. Surrounding white space belongs to the field and is
/// removed.
///
/// ```
/// use mcp_core::http::decode_value;
///
/// assert_eq!(decode_value(b"=?base64?S8O2bG4=?=")?, "Köln");
/// # Ok::<(), mcp_core::http::BadValue>(())
/// ```
///
/// # Errors
/// [`BadValue`] if the field has characters other than visible ASCII, spaces and tabs, or base64
/// that is not canonical or not UTF-8.
pub fn decode_value(field: &[u8]) -> Result<Cow<'_, str>, BadValue> {
    let field = field.trim_ascii();
    if !is_plain(field) {
        return Err(BadValue);
    }
    let text = std::str::from_utf8(field).map_err(|_| BadValue)?;
    let encoded = text.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    let Some(encoded) = encoded else { return Ok(Cow::Borrowed(text)) };
    // The engine rejects missing padding and unused bits, so that a value has one base64 form.
    let bytes = STANDARD.decode(encoded).map_err(|_| BadValue)?;
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| BadValue)
}

fn is_plain(value: &[u8]) -> bool {
    let is_allowed = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t');
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    value.iter().all(is_allowed) && !is_blank(value.first()) && !is_blank(value.last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_value_is_plain_ascii_and_decodes_to_the_original() {
        let values = [
            "",
            "a",
            "a b",
            "a\tb",
            " a",
            "a ",
            "\t",
            "\u{0}",
            "a\r\nb",
            "ü",
            "日本",
            "=?base64?YQ==?=",
            "=?base64?=",
            "=?base64??=",
            "=?BASE64?YQ==?=",
            "=?base64?YQ==",
            "\u{7f}",
            "🦀",
        ];
        for value in values {
            let encoded = encode_value(value);
            assert!(is_plain(encoded.as_bytes()), "{value:?}");
            assert_eq!(decode_value(encoded.as_bytes()).as_deref(), Ok(value), "{value:?}");
        }
    }

    #[test]
    fn malformed_encodings_are_rejected_and_similar_text_is_literal() {
        for bad in [
            "=?base64?YQ?=",
            "=?base64?YR==?=",
            "=?base64?Y Q==?=",
            "=?base64?!!?=",
            "=?base64?/w==?=",
            "ü",
            "a\u{1}b",
        ] {
            assert_eq!(decode_value(bad.as_bytes()), Err(BadValue), "{bad:?}");
        }
        for literal in ["YQ==", "=?base64?YQ==", "YQ==?=", "=?Base64?YQ==?=", "=?base64?="] {
            assert_eq!(decode_value(literal.as_bytes()).as_deref(), Ok(literal));
        }
        assert_eq!(decode_value(b" \ta\t ").as_deref(), Ok("a"));
    }
}
