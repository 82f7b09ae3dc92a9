//! A string of a JSON text.

use std::borrow::Cow;

use serde::Deserialize;

/// A string that is borrowed from the JSON text if it contains no escapes. Serde borrows a `Cow`
/// only in a field with `serde(borrow)`.
#[derive(Deserialize)]
pub(crate) struct JsonText<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_string_with_escapes_is_copied() {
        let JsonText(plain) = serde_json::from_str(r#""plain""#).unwrap();
        assert!(matches!(plain, Cow::Borrowed("plain")));
        let JsonText(escaped) = serde_json::from_str(r#""a\/b""#).unwrap();
        assert!(matches!(escaped, Cow::Owned(text) if text == "a/b"));
    }
}
