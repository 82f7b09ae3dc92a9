//! Session ids: 256 bits of the operating system's randomness, written as 64 hexadecimal digits.
//!
//! Spec: basic/transports (2025-03-26 … 2025-11-25), Session Management: visible ASCII, globally
//! unique, cryptographically secure.

use std::fmt;

const BYTES: usize = 32;

/// The name of a session, which is also its only secret where there is no principal. Made by the
/// server, never chosen by a client.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId([u8; BYTES]);

impl SessionId {
    /// No session: where the server keeps none.
    pub(super) const NONE: Self = Self([0; BYTES]);

    /// A new id.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Reads the text form; `None` for a text that this server cannot have made.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let (pairs, []) = text.as_chunks::<2>() else { return None };
        let pairs: &[[u8; 2]; BYTES] = pairs.try_into().ok()?;
        let mut bytes = [0; BYTES];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Some(Self(bytes))
    }

    /// The text form, as it stands in `Mcp-Session-Id`. A secret: keep it out of logs and URLs.
    pub fn to_text(self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
    }
}

/// Lower case alone, so that a session has one name.
fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

/// Enough to tell sessions apart in a log, too little to use one.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_visible_ascii_and_reads_back() {
        let id = SessionId::random().unwrap();
        let text = id.to_text();
        assert_eq!(text.len(), 64);
        assert!(text.bytes().all(|byte| (0x21..=0x7e).contains(&byte)));
        assert_eq!(SessionId::parse(text.as_bytes()), Some(id));
        assert!(!format!("{id:?}").contains(&text[..8]), "the id is not in logs");
    }

    #[test]
    fn nothing_else_is_read() {
        let good = SessionId([0xab; BYTES]).to_text();
        let upper = good.to_uppercase();
        let long = format!("{good}00");
        for bad in ["", "1", "abc", &good[1..], &upper, &long, &good.replacen('a', "g", 1)] {
            assert_eq!(SessionId::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_hundred_thousand_are_different() {
        let mut seen = std::collections::HashSet::new();
        assert!((0..100_000).all(|_| seen.insert(SessionId::random().unwrap())));
    }
}
