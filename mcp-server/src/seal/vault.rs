//! Seals what a store keeps.

use std::fmt;

use bytes::Bytes;

use super::cipher::{self, random};
use super::keys::KeyRing;
use super::token::{HEAD_BYTES, NONCE_BYTES, Sealed};

/// The version of the layout, which is the first byte. It differs from that of a token.
const VERSION: u8 = 2;

/// Length of what is added to a record, in bytes: what precedes the ciphertext, and the tag.
const ADDED_BYTES: usize = HEAD_BYTES + 16;

/// Length from which on a record that is not sealed is not copied, in bytes.
const MAX_COPIED_BYTES: usize = 16 << 10;

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

    /// Returns the length of a record of `length` bytes when it is sealed.
    pub(crate) const fn sealed_length(&self, length: usize) -> usize {
        match &self.0 {
            Some(_) => length.saturating_add(ADDED_BYTES),
            None => length,
        }
    }

    /// Seals a record.
    ///
    /// # Errors
    /// If there are no random bytes.
    pub(crate) fn seal(&self, place: &Place<'_>, record: &Bytes) -> Result<Bytes, VaultError> {
        let Some(keys) = &self.0 else {
            // A store keeps it, and would keep the unused space of its buffer too.
            let is_small = record.len() < MAX_COPIED_BYTES;
            return Ok(if is_small { Bytes::copy_from_slice(record) } else { record.clone() });
        };
        let failed = |error: &dyn fmt::Display| VaultError(error.to_string());
        let (id, key) = keys.current().map_err(|error| failed(&error))?;
        let nonce: [u8; NONCE_BYTES] = random().map_err(|error| failed(&error))?;
        let mut sealed = Vec::with_capacity(self.sealed_length(record.len()));
        sealed.push(VERSION);
        sealed.extend_from_slice(&id);
        sealed.extend_from_slice(&nonce);
        let associated_data = place.associated(&sealed);
        let mut text = record.to_vec();
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
    /// Who owns what it belongs to.
    pub(crate) owner: &'a str,
    /// What it belongs to.
    pub(crate) id: &'a str,
    /// Its number among the records of this kind.
    pub(crate) position: u64,
}

#[cfg(feature = "http")]
impl<'a> Place<'a> {
    /// The only record of a kind that belongs to something.
    pub(crate) const fn of(kind: &'static str, id: &'a str) -> Self {
        Self { kind, owner: "", id, position: 0 }
    }
}

impl Place<'_> {
    /// Each part is preceded by its length, so that no two places look alike.
    fn associated(&self, head: &[u8]) -> Vec<u8> {
        let position = self.position.to_be_bytes();
        let parts =
            [head, self.kind.as_bytes(), self.owner.as_bytes(), self.id.as_bytes(), &position];
        let length = parts.iter().map(|part| 8 + part.len()).sum();
        let mut data = Vec::with_capacity(length);
        for part in parts {
            data.extend_from_slice(&(part.len() as u64).to_be_bytes());
            data.extend_from_slice(part);
        }
        data
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

    const PLACE: Place<'_> = Place { kind: "entry", owner: "ada", id: "a", position: 3 };

    #[test]
    fn a_record_opens_only_at_its_place_and_with_its_key() {
        let vault_a = vault(SECRET);
        let sealed = vault_a.seal(&PLACE, &Bytes::from_static(b"secret")).unwrap();
        assert_eq!(sealed.len(), vault_a.sealed_length(6));
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_eq!(vault(SECRET).open(&PLACE, &sealed).unwrap().as_ref(), b"secret");
        for other in [
            Place { kind: "step", ..PLACE },
            Place { owner: "eve", ..PLACE },
            Place { owner: "adaa", id: "", ..PLACE },
            Place { id: "b", ..PLACE },
            Place { position: 2, ..PLACE },
        ] {
            vault_a.open(&other, &sealed).unwrap_err();
        }
        vault("another secret of at least 32 bytes").open(&PLACE, &sealed).unwrap_err();
        for index in 0..sealed.len() {
            let mut altered = sealed.to_vec();
            altered[index] ^= 1;
            vault_a.open(&PLACE, &altered.into()).unwrap_err();
            vault_a.open(&PLACE, &sealed.slice(..index)).unwrap_err();
        }
    }

    #[test]
    fn a_vault_without_keys_keeps_records_as_they_are() {
        let vault = Vault::new(None);
        let mut record = Vec::with_capacity(4_096);
        record.extend_from_slice(b"plain");
        let kept = vault.seal(&PLACE, &record.into()).unwrap();
        assert_eq!((kept.as_ref(), vault.sealed_length(5)), (b"plain".as_ref(), 5));
        assert_eq!(vault.open(&PLACE, &kept).unwrap().as_ref(), b"plain");
        // A store would keep the space that is not used.
        assert_eq!(Vec::from(kept).capacity(), 5);
    }
}
