//! Reads JSON strictly in one pass: the grammar, the nesting and the number of values are checked
//! while the caller notes where the members are that it needs (step 2 of a call, see
//! ARCHITECTURE.md).

use std::ops::Range;

use super::scan::MAX_DEPTH;

/// A reader of one JSON text.
///
/// A method returns `None` if the text is not JSON or exceeds a limit, and never says why: whoever
/// needs the reason reads the text again with [`scan`](super::scan::scan) and a parser. The limits
/// and the count of values are those of `scan`, and the grammar is that of a parser that skips the
/// values. In particular a string may have escapes that are not text, such as a lone surrogate.
///
/// Objects and arrays are read by recursion, at most [`MAX_DEPTH`] levels deep.
#[derive(Debug)]
pub(crate) struct StrictReader<'a> {
    text: &'a str,
    at: usize,
    levels_left: usize,
    values_left: usize,
}

impl<'a> StrictReader<'a> {
    /// Creates a reader that allows the nesting and the number of values that `scan` allows.
    pub(crate) fn new(text: &'a str, depth: usize, nodes: usize) -> Self {
        Self {
            text,
            at: 0,
            levels_left: depth.min(MAX_DEPTH),
            values_left: nodes.saturating_sub(1), // The text is one value.
        }
    }

    /// Skips white space. Returns the next byte, which is not consumed.
    pub(crate) fn token(&mut self) -> Option<u8> {
        loop {
            let byte = self.peek()?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// Returns the number of bytes that have been read.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Whether only white space is left.
    pub(crate) fn is_at_end(&mut self) -> bool {
        self.token().is_none()
    }

    /// Reads an object. Calls `member` with each name, as it is written between the quotes; it has
    /// to read the value, with [`value`](Self::value) or this method. Returns the range of the
    /// object.
    pub(crate) fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, &'a str) -> Option<()>,
    ) -> Option<Range<usize>> {
        let start = self.open(b'{')?;
        if self.token()? != b'}' {
            loop {
                let name = self.name()?;
                member(self, name)?;
                if !self.separator(b'}')? {
                    break;
                }
            }
        }
        self.close(start)
    }

    /// Reads a value. Returns its range.
    pub(crate) fn value(&mut self) -> Option<Range<usize>> {
        let first = self.token()?;
        let start = self.at;
        match first {
            b'"' => drop(self.string()?),
            b'{' => return self.object(|reader, _| reader.value().map(drop)),
            b'[' => return self.array(),
            b't' => self.word(b"true")?,
            b'f' => self.word(b"false")?,
            b'n' => self.word(b"null")?,
            _ => self.number()?,
        }
        Some(start..self.at)
    }

    fn array(&mut self) -> Option<Range<usize>> {
        let start = self.open(b'[')?;
        self.count_value()?; // `scan` counts an empty array like one with an item.
        if self.token()? != b']' {
            loop {
                self.value()?;
                if !self.separator(b']')? {
                    break;
                }
                self.count_value()?;
            }
        }
        self.close(start)
    }

    /// Reads the first byte of an object or array. Returns its position.
    fn open(&mut self, bracket: u8) -> Option<usize> {
        let found = self.token()?;
        self.levels_left = self.levels_left.checked_sub(1)?;
        self.at += 1;
        (found == bracket).then_some(self.at - 1)
    }

    /// Reads the last byte of the object or array that starts at `start`. Returns its range.
    fn close(&mut self, start: usize) -> Option<Range<usize>> {
        self.at += 1;
        self.levels_left += 1;
        Some(start..self.at)
    }

    /// Returns true after it has read a comma, and false before the bracket `end`.
    fn separator(&mut self, end: u8) -> Option<bool> {
        let found = self.token()?;
        if found == b',' {
            self.at += 1;
            return Some(true);
        }
        (found == end).then_some(false)
    }

    /// Reads the name of a member and the colon after it.
    fn name(&mut self) -> Option<&'a str> {
        if self.token()? != b'"' {
            return None;
        }
        let name = self.string()?;
        if self.token()? != b':' {
            return None;
        }
        self.at += 1;
        self.count_value()?;
        self.text.get(name)
    }

    fn count_value(&mut self) -> Option<()> {
        self.values_left = self.values_left.checked_sub(1)?;
        Some(())
    }

    /// Reads a string. Returns the range between the quotes.
    fn string(&mut self) -> Option<Range<usize>> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let mut at = start;
        loop {
            at = find_special(bytes, at)?;
            match bytes.get(at)? {
                b'"' => break,
                b'\\' => at += escape_length(bytes.get(at + 1..)?)?,
                _ => return None, // A control character must be escaped.
            }
        }
        self.at = at + 1;
        Some(start..at)
    }

    fn number(&mut self) -> Option<()> {
        self.skip(|byte| byte == b'-');
        if !self.skip(|byte| byte == b'0') {
            self.digits()?;
        }
        if self.skip(|byte| byte == b'.') {
            self.digits()?;
        }
        if self.skip(|byte| matches!(byte, b'e' | b'E')) {
            self.skip(|byte| matches!(byte, b'+' | b'-'));
            self.digits()?;
        }
        Some(())
    }

    /// Reads one digit or more.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.skip(|byte| byte.is_ascii_digit()) {}
        (self.at > start).then_some(())
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        let end = self.at + word.len();
        (self.text.as_bytes().get(self.at..end)? == word).then(|| self.at = end)
    }

    /// Reads the next byte if it is one of those that `wanted` accepts.
    fn skip(&mut self, wanted: impl Fn(u8) -> bool) -> bool {
        let found = self.peek().is_some_and(wanted);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

/// Returns the length of an escape with its backslash. `rest` starts after the backslash.
fn escape_length(rest: &[u8]) -> Option<usize> {
    match rest.first()? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => rest.get(1..5)?.iter().all(u8::is_ascii_hexdigit).then_some(6),
        _ => None,
    }
}

/// Length of the blocks in which long strings are searched, in bytes. The compiler turns the check
/// of a block into a few vector instructions.
const BLOCK_BYTES: usize = 32;

/// Returns the position of the first quote, backslash or control character at or after `at`.
fn find_special(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    // Most strings are names and short values, which end in the first block.
    let (first, long) = rest.split_at_checked(BLOCK_BYTES).unwrap_or((rest, &[]));
    if let Some(found) = find_special_in_words(first) {
        return Some(at + found);
    }
    let (blocks, _) = long.as_chunks::<BLOCK_BYTES>();
    let plain = blocks.iter().take_while(|block| !block.iter().fold(false, has_special)).count();
    let skipped = first.len() + plain * BLOCK_BYTES;
    find_special_in_words(rest.get(skipped..)?).map(|found| at + skipped + found)
}

fn has_special(found: bool, byte: &u8) -> bool {
    found | is_special(*byte)
}

/// Whether a byte cannot be part of a string as it is.
fn is_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

/// Searches eight bytes at a time.
fn find_special_in_words(bytes: &[u8]) -> Option<usize> {
    let (words, tail) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let marked = mark_special(u64::from_le_bytes(*word));
        if marked != 0 {
            return Some(index * 8 + marked.trailing_zeros() as usize / 8);
        }
    }
    tail.iter().position(|byte| is_special(*byte)).map(|found| words.len() * 8 + found)
}

/// Sets the highest bit of the first byte that [`is_special`], counted from the lowest one. Bits of
/// later bytes may be set as well, because subtractions borrow from the next byte; those of earlier
/// bytes are not.
const fn mark_special(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // With this bit changed, quotes and control characters, but no other ASCII, are below 0x21.
    let below = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    // A subtraction sets the highest bit where it borrows, and where the byte is not ASCII.
    (below | backslash) & !word & (ONES * 0x80)
}
