//! SHA-256, and bytes as base64url.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

/// Returns the SHA-256 of bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// Returns bytes as base64url without padding.
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads base64url strictly: without padding, white space, or bits after the last byte, so that
/// each value has one spelling.
pub(super) fn decode_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_spelling() {
        assert_eq!(decode_base64url("AQID").unwrap(), [1, 2, 3]);
        assert_eq!(decode_base64url("_-8").unwrap(), [255, 239]);
        for other in ["/+8", "AQ==", "AR", "A", "AQ ", " AQ", "A\nQ", "AQ.", "ÄQ"] {
            assert!(decode_base64url(other).is_none(), "{other:?}");
        }
    }
}
