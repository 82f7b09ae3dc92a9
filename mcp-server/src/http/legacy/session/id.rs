//! Session ids: 256 bits of the operating system's randomness, written as 64 hexadecimal digits.
//!
//! Spec: basic/transports (2025-03-26 … 2025-11-25), Session Management: visible ASCII, globally
//! unique, cryptographically secure.

use std::fmt;

use crate::seal::digest;
use crate::store::SessionKey;

const BYTES: usize = 32;
/// The digits of the text form.
const TEXT: &[u8; 16] = b"0123456789abcdef";

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
        let (mut bytes, mut seen) = ([0; BYTES], 0);
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let [high, low] = [DIGITS[usize::from(*high)], DIGITS[usize::from(*low)]];
            *byte = high << 4 | low;
            seen |= high | low;
        }
        (seen < 16).then_some(Self(bytes))
    }

    /// What stores name the session by.
    pub(crate) fn key(self) -> SessionKey {
        SessionKey::new(digest(&[b"mcp session 1\0", &self.0]))
    }

    /// The text form, as it stands in `Mcp-Session-Id`. A secret: keep it out of logs and URLs.
    pub fn to_text(self) -> String {
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.map(|digit| char::from(TEXT[usize::from(digit)])).collect()
    }
}

/// The value of each digit, and 16 or more for other characters. Lower case alone, so that a
/// session has one name.
static DIGITS: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut value = 0;
    while value < 16 {
        values[TEXT[value as usize] as usize] = value;
        value += 1;
    }
    values
};

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
