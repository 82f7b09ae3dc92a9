//! Text as records have it: in normalization form C, without control characters, and short.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::digest::sha256;

/// The length of `\cut{sha256:…}`.
const CUT_BYTES: usize = 77;

/// Returns a text as a record has it, with at most `max_bytes` bytes, at least 77.
pub(super) fn normalized(text: &str, max_bytes: usize) -> Cow<'_, str> {
    if is_normal(text) && text.len() <= max_bytes {
        return text.into();
    }
    let mut out = String::with_capacity(text.len().min(max_bytes));
    // Where the text can be cut so that the mark fits.
    let mut cut = 0;
    let last = text.len() - text.chars().next_back().map_or(0, char::len_utf8);
    for (at, character) in text.char_indices() {
        let is_edge = at == 0 || at == last;
        match character {
            '\\' => out.push_str("\\\\"),
            ' ' if is_edge => out.push_str("\\u{20}"),
            character if is_stable(character) => out.push(character),
            // Writing to a text cannot fail.
            character => drop(write!(out, "\\u{{{:x}}}", u32::from(character))),
        }
        if out.len() + CUT_BYTES <= max_bytes {
            cut = out.len();
        }
        if out.len() > max_bytes {
            out.truncate(cut);
            let _ = write!(out, "\\cut{{sha256:{}}}", sha256(&[text.as_bytes()]));
            return out.into();
        }
    }
    out.into()
}

/// Whether a text is in its normal form already, as nearly all are. Others may be too.
fn is_normal(text: &str) -> bool {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' if *byte != b'\\');
    text.as_bytes().iter().all(is_plain) && !text.starts_with(' ') && !text.ends_with(' ')
}

/// Whether a text could stand in a record of any writer: it has no control characters, and no
/// spaces at its ends.
pub(super) fn is_valid(text: &str) -> bool {
    !text.starts_with(' ') && !text.ends_with(' ') && !text.chars().any(char::is_control)
}

/// Whether a text of such characters is in normalization form C whatever their order: none of them
/// combines with the one before, and none has another composed form. There are more; these are
/// those of common scripts, in ranges, so that no table of Unicode is needed.
const fn is_stable(character: char) -> bool {
    matches!(
        character,
        '\u{20}'..='\u{7e}'
            // Latin. No character below U+0300 combines; U+00AD is invisible.
            | '\u{a0}'..='\u{ac}'
            | '\u{ae}'..='\u{2ff}'
            // Greek, without those that have another form.
            | '\u{388}'..='\u{38a}' | '\u{38c}' | '\u{38e}'..='\u{3a1}' | '\u{3a3}'..='\u{3ff}'
            // Cyrillic, without combining marks.
            | '\u{400}'..='\u{482}' | '\u{48a}'..='\u{52f}'
            // Hebrew and Arabic letters.
            | '\u{5d0}'..='\u{5ea}' | '\u{620}'..='\u{64a}'
            // Dashes, quotation marks and the ellipsis.
            | '\u{2010}'..='\u{2027}' | '\u{20ac}'
            // Kana, ideographs and Hangul syllables.
            | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}'
            | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_in_one_form_or_is_invisible_is_escaped() {
        for (text, written) in [
            ("", ""),
            ("plain \"text\"", "plain \"text\""),
            (" a b ", "\\u{20}a b\\u{20}"),
            (" ", "\\u{20}"),
            ("a\nb\u{0}\u{7f}\u{85}", "a\\u{a}b\\u{0}\\u{7f}\\u{85}"),
            ("C:\\u{41}", "C:\\\\u{41}"),
            ("\u{e9}", "\u{e9}"),
            ("e\u{301}", "e\\u{301}"),
            ("\u{212b}", "\\u{212b}"),
            ("a\u{202e}b\u{ad}", "a\\u{202e}b\\u{ad}"),
            ("Москва 東京 서울 Ωμέγα", "Москва 東京 서울 Ωμέγα"),
        ] {
            assert_eq!(normalized(text, 1_000), written);
            assert!(is_valid(written));
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_keeps_its_hash() {
        for unit in ["a", "é", "\n", "\\", "東"] {
            let (text, other) = (unit.repeat(400), unit.repeat(401));
            let written = normalized(&text, 200);
            assert!(written.len() <= 200 && written.len() > 200 - 8, "{}", written.len());
            let hash = sha256(&[text.as_bytes()]);
            assert!(written.ends_with(&format!("\\cut{{sha256:{hash}}}")));
            assert_ne!(written, normalized(&other, 200));
        }
        let exact = "a".repeat(200);
        assert_eq!(normalized(&exact, 200), exact);
    }

    #[test]
    fn different_texts_are_written_differently() {
        let texts = ["\\u{301}", "\u{301}", "\\\\u{301}", " a", "a", "\\u{20}a", "\\cut{sha256:"];
        for (index, one) in texts.iter().enumerate() {
            for other in &texts[index + 1..] {
                assert_ne!(normalized(one, 500), normalized(other, 500));
            }
        }
    }
}
