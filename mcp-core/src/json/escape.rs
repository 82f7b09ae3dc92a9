//! The characters that end a run of plain text in a JSON string, and how they are written.
//!
//! Long texts consist of plain runs. They are found in blocks of 32 bytes that the compiler turns
//! into vector instructions, and copied whole.

/// Appends a string as JSON, with the escapes that `serde_json` writes.
pub(super) fn write_string(out: &mut String, text: &str) {
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

/// Returns the position of the first quote, backslash or control character from `from` on, or the
/// length if there is none.
#[inline]
pub(super) fn find_special(bytes: &[u8], from: usize) -> usize {
    // Where there is one, the next is often near.
    if let Some(word) = bytes.get(from..).and_then(<[u8]>::first_chunk) {
        match first_special(*word) {
            Some(found) => from + found,
            None => find_far(bytes, from + 8),
        }
    } else {
        find_in_tail(bytes, from)
    }
}

/// Searches three more words, and then blocks.
fn find_far(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    let mut words_left = 3;
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        if let Some(found) = first_special(*word) {
            return at + found;
        }
        at += 8;
        words_left -= 1;
        if words_left == 0 {
            let (blocks, _) = bytes[at..].as_chunks::<BLOCK>();
            at += BLOCK * blocks.iter().take_while(|block| is_plain(block)).count();
            words_left = usize::MAX;
        }
    }
    find_in_tail(bytes, at)
}

fn find_in_tail(bytes: &[u8], from: usize) -> usize {
    let special = bytes[from..].iter().position(|byte| is_special(*byte));
    special.map_or(bytes.len(), |found| from + found)
}

/// Number of bytes that are searched at once.
const BLOCK: usize = 32;

/// Every byte of a word is 1.
const ONES: u64 = u64::MAX / 255;

const fn is_special(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

fn is_plain(block: &[u8; BLOCK]) -> bool {
    // Without branches, so that the compiler can use vector instructions.
    let special =
        |byte: u8| u8::from(byte < b' ') | u8::from(byte == b'"') | u8::from(byte == b'\\');
    block.iter().fold(0, |found, byte| found | special(*byte)) == 0
}

/// Returns the index of the first special byte of a word.
fn first_special(word: [u8; 8]) -> Option<usize> {
    let word = u64::from_le_bytes(word);
    // Sets the highest bit of each byte that is below `limit`, and perhaps of bytes above such a
    // one, which come after it in the text.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let special = (below(word, b' ') | equal(b'"') | equal(b'\\')) & (ONES << 7);
    (special != 0).then(|| special.trailing_zeros() as usize / 8)
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
    fn an_escape_at_any_position_of_any_length_is_found() {
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
                    assert_eq!(find_special(text.as_bytes(), 0), position);
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
