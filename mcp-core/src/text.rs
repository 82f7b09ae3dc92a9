//! Text from the peer, made safe for logs and error messages (THREAT-12).

use std::error::Error;
use std::fmt;

/// Default for the longest text that [`PeerText`] shows, in characters. Fixed: a log line or an
/// error needs a recognizable excerpt, and the caller can pass another number.
const DEFAULT_MAX_CHARS: usize = 256;

/// Shows text from the peer in a log line or an error message: shortened, and without characters
/// that could forge a line, move the cursor or change the order in which text is displayed.
///
/// Control characters and Unicode's invisible formatting characters are escaped (`\n`, `\u{202e}`).
/// An omitted rest is marked with `…`.
///
/// ```
/// use mcp_core::text::PeerText;
///
/// assert_eq!(PeerText::new("a\nb").to_string(), "a\\nb");
/// assert_eq!(PeerText::with_max("abcdef", 3).to_string(), "abc…");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct PeerText<'a> {
    text: &'a str,
    max_chars: usize,
}

impl<'a> PeerText<'a> {
    /// Shows at most 256 characters of `text`.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self::with_max(text, DEFAULT_MAX_CHARS)
    }

    /// Shows at most `max_chars` characters of `text`.
    #[must_use]
    pub const fn with_max(text: &'a str, max_chars: usize) -> Self {
        Self { text, max_chars }
    }
}

impl fmt::Display for PeerText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        let mut characters = self.text.chars();
        for character in characters.by_ref().take(self.max_chars) {
            if is_hidden(character) {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        if characters.next().is_some() { f.write_char('…') } else { Ok(()) }
    }
}

/// Returns the beginning of a text: at most `max_bytes` bytes, and whole characters.
///
/// ```
/// use mcp_core::text::prefix;
///
/// assert_eq!(prefix("größe", 3), "gr");
/// assert_eq!(prefix("größe", 4), "grö");
/// assert_eq!(prefix("a", 4), "a");
/// ```
#[must_use]
pub fn prefix(text: &str, max_bytes: usize) -> &str {
    let mut end = text.len().min(max_bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Writes the sources of an error behind it, each after a colon, so that an error and its causes
/// are one line.
///
/// # Errors
/// Those of `f`.
pub fn write_sources(f: &mut impl fmt::Write, error: &dyn Error) -> fmt::Result {
    let mut source = error.source();
    while let Some(error) = source {
        write!(f, ": {error}")?;
        source = error.source();
    }
    Ok(())
}

/// Invisible characters, and characters that change how their neighbours are displayed.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peer_text_cannot_forge_a_line_or_change_its_order() {
        for (text, shown) in [
            ("plain, with \"quotes\" and ü", "plain, with \"quotes\" and ü"),
            ("a\r\n2026 ERROR forged", "a\\r\\n2026 ERROR forged"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("safe\u{202e}txt.exe", "safe\\u{202e}txt.exe"),
            ("\u{2028}\u{85}\0", "\\u{2028}\\u{85}\\u{0}"),
        ] {
            assert_eq!(PeerText::new(text).to_string(), shown);
        }
    }

    #[test]
    fn long_text_is_cut_at_a_character_boundary_and_marked() {
        let long = "ü".repeat(300);
        let shown = PeerText::new(&long).to_string();
        assert_eq!(shown.chars().count(), DEFAULT_MAX_CHARS + 1);
        assert!(shown.ends_with('…'));
        assert_eq!(PeerText::with_max("ab", 2).to_string(), "ab");
    }
}
