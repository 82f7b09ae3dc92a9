//! Seals what a store keeps.

use std::fmt;

use bytes::Bytes;

use super::cipher::{self, random};
use super::keys::KeyRing;
use super::token::{HEAD_BYTES, NONCE_BYTES, Sealed};

/// The version of the layout, which is the first byte. It differs from that of a token.
const VERSION: u8 = 2;

/// Seals what leaves the process, with the keys that seal states:
/// `version ‖ key id ‖ nonce ‖ ciphertext ‖ tag`. The associated data binds a record to its place,
/// so that no record can take the place of another.
#[derive(Debug)]
pub(crate) struct Vault(Option<KeyRing>);

impl Vault {
    /// Creates a vault. Without keys, nothing is sealed.
    pub(crate) const fn new(keys: Option<KeyRing>) -> Self {
        Self(keys)
    }

    /// Seals a record.
    ///
    /// # Errors
    /// If there are no random bytes.
    pub(crate) fn seal(&self, place: &Place<'_>, record: Vec<u8>) -> Result<Bytes, VaultError> {
        // Exact, because a store keeps it.
        let Some(keys) = &self.0 else { return Ok(record.into_boxed_slice().into()) };
        let failed = |error: &dyn fmt::Display| VaultError(error.to_string());
        let (id, key) = keys.current().map_err(|error| failed(&error))?;
        let nonce: [u8; NONCE_BYTES] = random().map_err(|error| failed(&error))?;
        let mut sealed = Vec::with_capacity(HEAD_BYTES + record.len() + 16);
        sealed.push(VERSION);
        sealed.extend_from_slice(&id);
        sealed.extend_from_slice(&nonce);
        let associated_data = place.associated(&sealed);
        let mut text = record;
        cipher::encrypt(&key, &nonce, &associated_data, &mut text)
            .ok_or_else(|| failed(&"the encryption failed"))?;
        sealed.extend_from_slice(&text);
        Ok(sealed.into())
    }

    /// Opens a record.
    ///
    /// # Errors
    /// If it was not sealed with one of the keys, was altered, or comes from another place.
    pub(crate) fn open(&self, place: &Place<'_>, sealed: &Bytes) -> Result<Bytes, VaultError> {
        let Some(keys) = &self.0 else { return Ok(sealed.clone()) };
        let failed = |reason: &str| VaultError(reason.to_owned());
        let Some(Sealed { head, key_id, nonce, text }) = Sealed::split(sealed, VERSION) else {
            return Err(failed("the record has an unknown layout"));
        };
        let key = keys.find(key_id).ok_or_else(|| {
            failed(
                "the record is sealed with an unknown key; all instances need the same secrets \
                 (ServerBuilder::state_keys)",
            )
        })?;
        let mut text = text.to_vec();
        cipher::decrypt(&key, &nonce, &place.associated(head), &mut text)
            .ok_or_else(|| failed("the record was altered, or belongs to another place"))?;
        Ok(text.into())
    }
}

/// The place of a record in a store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// What the record is.
    pub(crate) kind: &'static str,
    /// What it belongs to.
    pub(crate) id: &'a str,
}

impl Place<'_> {
    fn associated(&self, head: &[u8]) -> Vec<u8> {
        [head, self.kind.as_bytes(), b"\0", self.id.as_bytes()].concat()
    }
}

/// Why a record cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct VaultError(String);

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn vault(secret: &str) -> Vault {
        Vault::new(Some(KeyRing::new(secret).unwrap()))
    }

    #[test]
    fn a_record_opens_only_at_its_place_and_with_its_key() {
        let vault_a = vault(SECRET);
        let place = Place { kind: "call", id: "a" };
        let sealed = vault_a.seal(&place, b"secret".to_vec()).unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_eq!(vault(SECRET).open(&place, &sealed).unwrap().as_ref(), b"secret");
        for other in [Place { kind: "call", id: "b" }, Place { kind: "step", id: "a" }] {
            vault_a.open(&other, &sealed).unwrap_err();
        }
        vault("another secret of at least 32 bytes").open(&place, &sealed).unwrap_err();
        for index in 0..sealed.len() {
            let mut altered = sealed.to_vec();
            altered[index] ^= 1;
            vault_a.open(&place, &altered.into()).unwrap_err();
            vault_a.open(&place, &sealed.slice(..index)).unwrap_err();
        }
    }

    #[test]
    fn a_vault_without_keys_keeps_records_as_they_are() {
        let (vault, place) = (Vault::new(None), Place { kind: "call", id: "a" });
        let mut record = Vec::with_capacity(4_096);
        record.extend_from_slice(b"plain");
        let kept = vault.seal(&place, record).unwrap();
        assert_eq!(kept.as_ref(), b"plain");
        assert_eq!(vault.open(&place, &kept).unwrap().as_ref(), b"plain");
        // A store would keep the space that is not used.
        assert_eq!(Vec::from(kept).capacity(), 5);
    }
}
