//! Writes strings as JSON. Runs of plain text are copied whole; the characters that end them are
//! escaped.

use crate::codec::special::find_special;

/// Appends a string as JSON, with the escapes that `serde_json` writes. Long strings are several
/// times as fast as there.
///
/// ```
/// let mut out = String::new();
/// mcp_core::json::write_string(&mut out, "a \"b\"\n");
/// assert_eq!(out, r#""a \"b\"\n""#);
/// ```
pub fn write_string(out: &mut String, text: &str) {
    let bytes = text.as_bytes();
    out.reserve(text.len() + 2);
    out.push('"');
    let mut at = 0;
    loop {
        let special = match bytes.get(at) {
            Some(..b' ') => at, // A line break is often followed by another one, or by tabs.
            _ => find_special(bytes, at),
        };
        if special > at {
            out.push_str(&text[at..special]);
        }
        let Some(&byte) = bytes.get(special) else { break };
        write_escape(out, byte);
        at = special + 1;
    }
    out.push('"');
}

fn write_escape(out: &mut String, byte: u8) {
    match byte {
        b'"' => out.push_str("\\\""),
        b'\\' => out.push_str("\\\\"),
        b'\n' => out.push_str("\\n"),
        b'\t' => out.push_str("\\t"),
        b'\r' => out.push_str("\\r"),
        0x08 => out.push_str("\\b"),
        0x0c => out.push_str("\\f"),
        _ => {
            out.push_str("\\u00");
            out.push(if byte < 0x10 { '0' } else { '1' });
            out.push(char::from(b"0123456789abcdef"[usize::from(byte % 16)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut out = String::new();
        write_string(&mut out, text);
        out
    }

    #[test]
    fn every_character_is_written_as_serde_json_writes_it() {
        for char in (0..=0x2fff).chain(0xd7f0..0xe010).chain(0x1_f000..0x1_f010) {
            let Some(char) = char::from_u32(char) else { continue };
            let text = char.to_string();
            assert_eq!(written(&text), serde_json::to_string(&text).unwrap());
        }
    }

    /// Every position of a special character in texts of every length, and of two of them.
    #[test]
    fn an_escape_at_any_position_of_a_text_of_any_length_is_written() {
        for length in 0..200 {
            let plain = "x".repeat(length);
            assert_eq!(written(&plain), format!("\"{plain}\""));
            for position in 0..length {
                for (special, distance) in [("\n", 1), ("\"", 7), ("\\", 40), ("\u{1f}", 0)] {
                    let mut text = plain.clone();
                    text.replace_range(position..=position, special);
                    let other = position + distance;
                    if other < length {
                        text.replace_range(other..=other, special);
                    }
                    assert_eq!(written(&text), serde_json::to_string(&text).unwrap());
                }
            }
        }
    }

    #[test]
    fn characters_of_several_bytes_are_plain_wherever_they_are() {
        for length in 0..100 {
            let text = "x".repeat(length) + &"é€🦀\u{7f}".repeat(9);
            assert_eq!(written(&text), format!("\"{text}\""));
        }
    }
}
