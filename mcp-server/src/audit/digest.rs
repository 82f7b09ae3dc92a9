//! SHA-256 and HMAC-SHA-256, as text.

use std::fmt;

use ring::digest::{Context, SHA256};
use ring::hmac;

use crate::hex::hex;

/// A hash of which parts are known one after the other.
#[derive(Clone)]
pub(super) struct Hasher(Context);

impl Hasher {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// In hexadecimal.
    pub(super) fn finish(self) -> String {
        hex(self.0.finish().as_ref())
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

/// Returns the SHA-256 of the parts, in hexadecimal.
pub(super) fn sha256(parts: &[&[u8]]) -> String {
    let mut hasher = Hasher::default();
    for part in parts {
        hasher.update(part);
    }
    hasher.finish()
}

/// Returns the HMAC-SHA-256 of a text (RFC 2104), in hexadecimal.
pub(super) fn hmac_sha256(key: &[u8], text: &[u8]) -> String {
    hex(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref())
}

/// Whether a text is a hash as records have it.
pub(super) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_has_the_values_of_rfc_4231() {
        assert_eq!(
            hmac_sha256(&[0x0b; 20], b"Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(
            hmac_sha256(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }
}
