//! The name of an instance of a server.

use std::fmt;

/// The name of an instance of a server: a random number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct InstanceId(u64);

impl InstanceId {
    /// A new name.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        Ok(Self(getrandom::u64()?))
    }

    /// Reads the text form; `None` for other texts.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_hexadecimal =
            text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        is_hexadecimal.then(|| u64::from_str_radix(text, 16).ok().map(Self)).flatten()
    }
}

/// 16 hexadecimal digits.
impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
