//! A string of a JSON text.

use std::borrow::Cow;

use serde::Deserialize;

/// A string that is borrowed from the JSON text if it contains no escapes. Serde borrows a `Cow`
/// only in a field with `serde(borrow)`.
#[derive(Deserialize)]
pub(crate) struct JsonText<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// Reads a value that is a string. One without escapes is its text between the quotes.
///
/// # Errors
/// If the value is not a string, or has an escape that is not text.
pub(crate) fn read_text(json: &str) -> Result<Cow<'_, str>, serde_json::Error> {
    match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Ok(Cow::Borrowed(plain)),
        _ => serde_json::from_str(json).map(|JsonText(text)| text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_read_as_the_parser_reads_it() {
        for text in [r#""""#, r#""a""#, r#""a\"b""#, r#""\ud800""#, r#""\"""#, "1", "null", "[]"] {
            let parsed = serde_json::from_str::<String>(text);
            assert_eq!(read_text(text).ok().as_deref(), parsed.as_deref().ok(), "{text}");
        }
    }

    #[test]
    fn only_a_string_with_escapes_is_copied() {
        let JsonText(plain) = serde_json::from_str(r#""plain""#).unwrap();
        assert!(matches!(plain, Cow::Borrowed("plain")));
        let JsonText(escaped) = serde_json::from_str(r#""a\/b""#).unwrap();
        assert!(matches!(escaped, Cow::Owned(text) if text == "a/b"));
    }
}
