//! The cryptographic primitives, from other crates.

use std::fmt;

/// Whether states can be sealed: the feature `sealed-state`.
pub(crate) const AVAILABLE: bool = cfg!(feature = "sealed-state");

/// The operating system failed to provide random bytes.
#[derive(Debug)]
pub(crate) struct RandomError;

#[cfg(feature = "sealed-state")]
mod primitives {
    use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
    use ring::digest::{Context, SHA256};
    use ring::hkdf::{HKDF_SHA256, Salt};
    use ring::rand::{SecureRandom as _, SystemRandom};

    use super::RandomError;

    /// Each message has a key of its own, derived with HKDF (RFC 5869) from `key` and 24 random
    /// bytes. So the nonce of ChaCha20-Poly1305, whose 12 bytes are too few to be random for as
    /// many messages as a server seals, is never used twice with one key.
    fn message_key(key: &[u8; 32], salt: &[u8; 24]) -> Option<LessSafeKey> {
        let secret = Salt::new(HKDF_SHA256, salt).extract(key);
        let derived = secret.expand(&[b"mcp sealed message 1"], &CHACHA20_POLY1305).ok()?;
        Some(LessSafeKey::new(UnboundKey::from(derived)))
    }

    fn only_nonce() -> Nonce {
        Nonce::assume_unique_for_key([0; 12])
    }

    pub(crate) fn encrypt(
        key: &[u8; 32],
        salt: &[u8; 24],
        associated_data: &[u8],
        text: &mut Vec<u8>,
    ) -> Option<()> {
        let key = message_key(key, salt)?;
        key.seal_in_place_append_tag(only_nonce(), Aad::from(associated_data), text).ok()
    }

    pub(crate) fn decrypt(
        key: &[u8; 32],
        salt: &[u8; 24],
        associated_data: &[u8],
        text: &mut Vec<u8>,
    ) -> Option<()> {
        let key = message_key(key, salt)?;
        let opened = key.open_in_place(only_nonce(), Aad::from(associated_data), text).ok()?;
        let length = opened.len();
        text.truncate(length);
        Some(())
    }

    /// SHA-256.
    pub(crate) fn digest(parts: &[&[u8]]) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        for part in parts {
            context.update(part);
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        digest
    }

    pub(crate) fn random<const N: usize>() -> Result<[u8; N], RandomError> {
        let mut bytes = [0; N];
        SystemRandom::new().fill(&mut bytes).map_err(|_| RandomError)?;
        Ok(bytes)
    }
}

/// Without the feature nothing is sealed: questions are refused earlier.
#[cfg(not(feature = "sealed-state"))]
mod primitives {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};

    use super::RandomError;

    pub(crate) fn encrypt(_: &[u8; 32], _: &[u8; 24], _: &[u8], _: &mut Vec<u8>) -> Option<()> {
        None
    }

    pub(crate) fn decrypt(_: &[u8; 32], _: &[u8; 24], _: &[u8], _: &mut Vec<u8>) -> Option<()> {
        None
    }

    pub(crate) fn digest(_: &[&[u8]]) -> [u8; 32] {
        [0; 32]
    }

    /// Random enough for ids, not for keys.
    pub(crate) fn random<const N: usize>() -> Result<[u8; N], RandomError> {
        let mut bytes = [0; N];
        for chunk in bytes.chunks_mut(8) {
            let word = RandomState::new().build_hasher().finish().to_le_bytes();
            chunk.iter_mut().zip(word).for_each(|(byte, random)| *byte = random);
        }
        Ok(bytes)
    }
}

pub(crate) use primitives::{decrypt, digest, encrypt, random};

impl fmt::Display for RandomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operating system failed to provide random bytes")
    }
}

impl std::error::Error for RandomError {}

#[cfg(all(test, feature = "sealed-state"))]
mod tests {
    use super::*;

    #[test]
    fn a_text_opens_only_with_its_key_its_salt_and_its_associated_data() {
        let (key, salt) = ([7; 32], [9; 24]);
        let mut sealed = b"the text".to_vec();
        encrypt(&key, &salt, b"call", &mut sealed).unwrap();
        assert_eq!(sealed.len(), 8 + 16);
        let open = |key, salt, data: &[u8]| {
            let mut text = sealed.clone();
            decrypt(key, salt, data, &mut text).map(|()| text)
        };
        assert_eq!(open(&key, &salt, b"call").unwrap(), b"the text");
        assert_eq!(open(&[8; 32], &salt, b"call"), None);
        assert_eq!(open(&key, &[8; 24], b"call"), None);
        assert_eq!(open(&key, &salt, b"other"), None);
    }

    /// Computed with the HKDF and the ChaCha20-Poly1305 of another library (Python's
    /// `cryptography`), so the construction is the documented one.
    #[test]
    fn sealing_is_hkdf_and_chacha20_poly1305() {
        let mut sealed = b"the text".to_vec();
        encrypt(&[7; 32], &[9; 24], b"call", &mut sealed).unwrap();
        let hex: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "c4ffe519deaaf23875faaff4b4c9bc3f3a8564ee0a0e8aef");
    }

    #[test]
    fn a_digest_is_that_of_the_joined_parts() {
        assert_eq!(digest(&[b"ab", b"c"]), digest(&[b"abc"]));
        assert_eq!(digest(&[b"abc"])[..4], [0xba, 0x78, 0x16, 0xbf]);
    }
}
