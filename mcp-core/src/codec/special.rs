//! Finds the bytes that a JSON string cannot contain as they are: quotes, backslashes and control
//! characters. A reader stops at them, and a writer escapes them.

/// Number of words that are searched before blocks. Most strings of a message are names and short
/// values, and in a text with escapes the next one is often near.
const SHORT_WORDS: usize = 4;

/// Number of bytes of a block. The compiler turns the check of a block into a few vector
/// instructions.
const BLOCK_BYTES: usize = 32;

/// Returns the position of the first special byte at or after `from`, or the length if there is
/// none.
#[inline]
pub(crate) fn find_special(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    for _ in 0..SHORT_WORDS {
        let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) else { break };
        if let Some(found) = first_special(*word) {
            return at + found;
        }
        at += word.len();
    }
    find_far(bytes, at)
}

/// As [`find_special`], for strings that are long, or that end with the text.
#[inline(never)]
fn find_far(bytes: &[u8], from: usize) -> usize {
    let Some(rest) = bytes.get(from..) else { return bytes.len() };
    let (blocks, _) = rest.as_chunks::<BLOCK_BYTES>();
    let mut at = from + BLOCK_BYTES * blocks.iter().take_while(|block| is_plain(block)).count();
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        if let Some(found) = first_special(*word) {
            return at + found;
        }
        at += word.len();
    }
    let special = bytes[at..].iter().position(|byte| is_special(*byte));
    special.map_or(bytes.len(), |found| at + found)
}

const fn is_special(byte: u8) -> bool {
    (byte < b' ') | (byte == b'"') | (byte == b'\\')
}

fn is_plain(block: &[u8; BLOCK_BYTES]) -> bool {
    // Without branches, so that the compiler can use vector instructions.
    !block.iter().fold(false, |found, byte| found | is_special(*byte))
}

/// Returns the index of the first special byte of a word.
#[inline]
const fn first_special(word: [u8; 8]) -> Option<usize> {
    /// Every byte is 1.
    const ONES: u64 = u64::MAX / 255;
    let word = u64::from_le_bytes(word);
    // With this bit changed, quotes and control characters, but no other ASCII, are below 0x21.
    let below = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    // Of an ASCII byte the subtraction sets the highest bit exactly if it borrows. It borrows from
    // the next byte, so bytes after the first special one may be marked as well.
    let marked = (below | backslash) & !word & (ONES * 0x80);
    if marked == 0 { None } else { Some(marked.trailing_zeros() as usize / 8) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_special_byte_is_found_at_every_place() {
        let plain = "aé !#[]~\u{7f}\u{80}\u{1f600}".repeat(9);
        for (at, _) in plain.char_indices() {
            for special in ["\"", "\\", "\0", "\n", "\u{1f}", "\"\"", "\n\\\u{1}"] {
                let text = format!("{}{special}{}", &plain[..at], &plain[at..]);
                for start in 0..=at {
                    assert_eq!(find_special(text.as_bytes(), start), at, "{text:?} {start}");
                }
            }
        }
    }

    #[test]
    fn the_length_is_returned_if_no_byte_is_special() {
        for length in 0..100 {
            let plain = "x".repeat(length);
            for start in 0..=length {
                assert_eq!(find_special(plain.as_bytes(), start), length);
            }
        }
        assert_eq!(find_special(b"", 1), 0);
    }

    #[test]
    fn a_word_and_a_block_agree_on_every_byte() {
        for byte in 0..=u8::MAX {
            let at = first_special([b'x', byte, b'x', b'x', b'x', b'x', b'x', b'x']);
            assert_eq!(at, is_special(byte).then_some(1), "{byte}");
        }
    }
}
