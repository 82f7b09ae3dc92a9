//! JSON with comments and trailing commas, as editors write and read it.

/// The same text with spaces in place of comments and trailing commas, so that positions stay. Text
/// within strings is left alone.
pub(super) fn without_comments(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    // The comma that may turn out to be trailing. It follows a value.
    let mut comma = None;
    let mut follows_value = false;
    while let Some(&byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'"', _) => {
                (comma, follows_value) = (None, true);
                at = end_of_string(&bytes, at);
                continue;
            }
            (b'/', Some(b'/')) => {
                at = blank(&mut bytes, at, |rest| rest.first() == Some(&b'\n'));
                continue;
            }
            (b'/', Some(b'*')) => {
                bytes[at] = b' ';
                bytes[at + 1] = b' ';
                at = blank(&mut bytes, at + 2, |rest| rest.starts_with(b"*/"));
                for end in bytes.iter_mut().skip(at).take(2) {
                    *end = b' ';
                }
                continue;
            }
            (b',', _) => {
                comma = follows_value.then_some(at);
                follows_value = false;
            }
            (b'}' | b']', _) => {
                if let Some(comma) = comma.take() {
                    bytes[comma] = b' ';
                }
                follows_value = true;
            }
            (byte, _) if byte.is_ascii_whitespace() => {}
            (byte, _) => {
                comma = None;
                follows_value = !matches!(byte, b'{' | b'[' | b':');
            }
        }
        at += 1;
    }
    // Only whole characters were replaced.
    String::from_utf8(bytes).unwrap_or_default()
}

/// The position behind a string that begins here.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Replaces bytes by spaces until the rest is an end; line breaks stay.
fn blank(bytes: &mut [u8], start: usize, is_end: impl Fn(&[u8]) -> bool) -> usize {
    let mut at = start;
    while at < bytes.len() && !is_end(&bytes[at..]) {
        if bytes[at] != b'\n' {
            bytes[at] = b' ';
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use mcp_test_support::Random;

    use super::*;

    #[test]
    fn comments_and_trailing_commas_become_spaces() {
        // A dot is a space in place of something.
        for (text, expected) in [
            ("{}", "{}"),
            ("{ // a, \"b\"\n}", "{ .........\n}"),
            ("[1, /* 2, */ 3]", "[1, ........ 3]"),
            ("[1, 2,]", "[1, 2.]"),
            ("{\"a\": [1,\n],\n}", "{\"a\": [1.\n].\n}"),
            ("[1, // x\n]", "[1. ....\n]"),
            (r#"{"a": "// \" /* , ]"}"#, r#"{"a": "// \" /* , ]"}"#),
            ("{ /* ü */ }", "{ ........ }"),
            ("[1 /* open", "[1 ......."),
            ("\"open \\", "\"open \\"),
            ("/", "/"),
        ] {
            let found = without_comments(text);
            assert_eq!(found, expected.replace('.', " "), "{text}");
            assert_eq!(found.len(), text.len());
        }
        // Errors stay errors.
        for bad in ["[,]x", "[1,,]", "[,]", "{,}", "[[],,]", "{\"a\": ,}", "[ /* 1 */ , ]", ",]"] {
            let text = without_comments(bad);
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn any_text_keeps_its_length_and_json_its_meaning() {
        let pieces = ["{", "}", "[", "]", ",", ":", "\"", "\\", "/", "*", "//", "/*", "*/", "\n"];
        let pieces =
            [&pieces[..], &[" ", "1", "ü", "\"a\"", "\"/*\"", "\"\\\"\"", "null"]].concat();
        let mut random = Random::new(7);
        let mut valid = 0;
        for _ in 0..200_000 {
            let length = random.below(9);
            let text: String = (0..length).map(|_| *random.pick(&pieces)).collect();
            let found = without_comments(&text);
            assert_eq!(found.len(), text.len(), "{text:?}");
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) {
                valid += 1;
                assert_eq!(serde_json::from_str::<serde_json::Value>(&found).ok(), Some(value));
            }
        }
        assert!(valid > 1_000, "{valid} texts were JSON");
    }
}
