//! The cryptography: everything that comes from elsewhere.

use std::fmt;

/// Whether states can be sealed: the feature `sealed-state`.
pub(crate) const AVAILABLE: bool = cfg!(feature = "sealed-state");

/// There is no randomness.
#[derive(Debug)]
pub(crate) struct NoRandomness(#[cfg(feature = "sealed-state")] getrandom::Error);

#[cfg(feature = "sealed-state")]
mod real {
    use chacha20poly1305::aead::AeadInOut as _;
    use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
    use sha2::{Digest as _, Sha256};

    use super::NoRandomness;

    pub(crate) fn encrypt(
        key: &[u8; 32],
        nonce: &[u8; 24],
        bound: &[u8],
        text: &mut Vec<u8>,
    ) -> Option<()> {
        XChaCha20Poly1305::new(key.into()).encrypt_in_place(nonce.into(), bound, text).ok()
    }

    pub(crate) fn decrypt(
        key: &[u8; 32],
        nonce: &[u8; 24],
        bound: &[u8],
        text: &mut Vec<u8>,
    ) -> Option<()> {
        XChaCha20Poly1305::new(key.into()).decrypt_in_place(nonce.into(), bound, text).ok()
    }

    /// SHA-256.
    pub(crate) fn digest(parts: &[&[u8]]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        hasher.finalize().into()
    }

    pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
        let mut bytes = [0; N];
        getrandom::fill(&mut bytes).map_err(NoRandomness)?;
        Ok(bytes)
    }
}

/// Without the feature nothing is ever sealed: questions fail before they get here.
#[cfg(not(feature = "sealed-state"))]
mod real {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};

    use super::NoRandomness;

    pub(crate) fn encrypt(_: &[u8; 32], _: &[u8; 24], _: &[u8], _: &mut Vec<u8>) -> Option<()> {
        None
    }

    pub(crate) fn decrypt(_: &[u8; 32], _: &[u8; 24], _: &[u8], _: &mut Vec<u8>) -> Option<()> {
        None
    }

    pub(crate) fn digest(_: &[&[u8]]) -> [u8; 32] {
        [0; 32]
    }

    /// Good for names, not for keys.
    pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
        let mut bytes = [0; N];
        for chunk in bytes.chunks_mut(8) {
            let word = RandomState::new().build_hasher().finish().to_le_bytes();
            chunk.iter_mut().zip(word).for_each(|(byte, random)| *byte = random);
        }
        Ok(bytes)
    }
}

pub(crate) use real::{decrypt, digest, encrypt, random};

impl fmt::Display for NoRandomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the system gives no randomness")?;
        #[cfg(feature = "sealed-state")]
        write!(f, ": {}", self.0)?;
        Ok(())
    }
}

impl std::error::Error for NoRandomness {}
