//! The keys of states, and their rotation.

use std::fmt;
use std::sync::Arc;

use mcp_core::sync::RwLock;

use super::cipher::{NoRandomness, digest, random};
use super::token::KEY_ID;

/// Keys that are kept after rotations, to open what they sealed. Fixed: a state expires long before
/// the fifth rotation after it.
const MAX_OLD_KEYS: usize = 4;

/// Shortest secret, in bytes: that of the key which is derived from it.
const MIN_SECRET_BYTES: usize = 32;

/// The secrets that seal `requestState`: one seals, older ones still open.
///
/// A server makes a key of its own when it is given none. That is enough for one process; where
/// several serve one address, or a call outlives a restart, they need a secret in common:
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mcp_server::Server;
/// use mcp_server::input::KeyRing;
///
/// # let (secret, last_month) = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210");
/// let keys = KeyRing::new(secret)?.also_opens(last_month)?;
/// let server = Server::builder("notes", "1.0.0").state_keys(keys.clone());
/// // Later, without a restart: new states take the new secret, those on the way still open.
/// keys.rotate("another secret of at least 32 bytes")?;
/// # Ok(())
/// # }
/// ```
///
/// Clones share their keys.
#[derive(Clone)]
pub struct KeyRing(Arc<RwLock<Keys>>);

#[derive(Default)]
struct Keys {
    /// The key that seals; none until an ephemeral ring is first needed.
    sealing: Option<Key>,
    /// Keys that only open, the newest first.
    opening: Vec<Key>,
}

struct Key {
    id: [u8; KEY_ID],
    key: [u8; 32],
}

impl KeyRing {
    /// A ring with one secret: at least 32 random bytes, such as 32 to 64 hexadecimal digits from a
    /// secret store.
    ///
    /// # Errors
    /// When the secret is too short, or one byte over and over.
    pub fn new(secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let sealing = Some(Key::derive(secret.as_ref())?);
        Ok(Self(Arc::new(RwLock::new(Keys { sealing, opening: Vec::new() }))))
    }

    /// A ring whose secret is made when it is first needed, and ends with the process.
    #[must_use]
    pub fn ephemeral() -> Self {
        Self(Arc::default())
    }

    /// Adds an older secret, which opens states and seals none.
    ///
    /// # Errors
    /// As for [`KeyRing::new`].
    pub fn also_opens(self, secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let key = Key::derive(secret.as_ref())?;
        self.0.write().opening.push(key);
        Ok(self)
    }

    /// Seals with a new secret from now on. The four before it still open.
    ///
    /// # Errors
    /// As for [`KeyRing::new`].
    pub fn rotate(&self, secret: impl AsRef<[u8]>) -> Result<(), KeyError> {
        let key = Key::derive(secret.as_ref())?;
        let mut keys = self.0.write();
        keys.opening.retain(|other| other.id != key.id);
        let new_id = key.id;
        if let Some(old) = keys.sealing.replace(key).filter(|old| old.id != new_id) {
            keys.opening.insert(0, old);
        }
        keys.opening.truncate(MAX_OLD_KEYS);
        Ok(())
    }

    /// The key that seals.
    pub(super) fn current(&self) -> Result<([u8; KEY_ID], [u8; 32]), NoRandomness> {
        if let Some(key) = &self.0.read().sealing {
            return Ok((key.id, key.key));
        }
        let fresh = Key::of(&random::<32>()?);
        let mut keys = self.0.write();
        let key = keys.sealing.get_or_insert(fresh);
        Ok((key.id, key.key))
    }

    pub(super) fn find(&self, id: [u8; KEY_ID]) -> Option<[u8; 32]> {
        let keys = self.0.read();
        keys.sealing.iter().chain(&keys.opening).find(|key| key.id == id).map(|key| key.key)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.read();
        let count = keys.opening.len() + usize::from(keys.sealing.is_some());
        f.debug_struct("KeyRing").field("keys", &count).finish_non_exhaustive()
    }
}

impl Key {
    fn derive(secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(KeyError("a secret for states needs at least 32 bytes"));
        }
        if secret.iter().all(|byte| Some(byte) == secret.first()) {
            return Err(KeyError("a secret for states is one byte over and over"));
        }
        Ok(Self::of(secret))
    }

    /// The secret serves this purpose alone: its key is derived under a name.
    fn of(secret: &[u8]) -> Self {
        let key = digest(&[b"mcp requestState key 1\0", secret]);
        let id = digest(&[b"mcp requestState key id 1\0", &key]);
        let [a, b, c, d, ..] = id;
        Self { id: [a, b, c, d], key }
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.key.fill(0);
        std::hint::black_box(&self.key);
    }
}

/// A secret that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(&'static str);

#[cfg(all(test, feature = "sealed-state"))]
mod tests {
    use super::*;

    #[test]
    fn poor_secrets_are_refused() {
        assert!(KeyRing::new("short").is_err());
        assert!(KeyRing::new([0; 32]).is_err());
        let ring = KeyRing::new("0123456789abcdef0123456789abcdef").unwrap();
        assert!(ring.rotate([7; 64]).is_err());
        assert!(ring.clone().also_opens("").is_err());
        assert_eq!(format!("{ring:?}"), "KeyRing { keys: 1, .. }");
    }

    #[test]
    fn an_older_secret_opens_and_does_not_seal() {
        let old = KeyRing::new("fedcba9876543210fedcba9876543210").unwrap();
        let (old_id, _) = old.current().unwrap();
        for ring in
            [KeyRing::ephemeral(), KeyRing::new("0123456789abcdef0123456789abcdef").unwrap()]
        {
            let ring = ring.also_opens("fedcba9876543210fedcba9876543210").unwrap();
            let (sealing, _) = ring.current().unwrap();
            assert_ne!(sealing, old_id);
            assert!(ring.find(old_id).is_some() && ring.find(sealing).is_some());
        }
    }

    #[test]
    fn a_rotation_to_the_same_secret_changes_nothing() {
        let secret = "0123456789abcdef0123456789abcdef";
        let ring = KeyRing::new(secret).unwrap();
        let (id, _) = ring.current().unwrap();
        ring.rotate(secret).unwrap();
        assert_eq!(ring.current().unwrap().0, id);
        assert_eq!(format!("{ring:?}"), "KeyRing { keys: 1, .. }");
    }

    #[test]
    fn old_keys_go_in_the_end() {
        let ring = KeyRing::ephemeral();
        let (first, _) = ring.current().unwrap();
        assert_eq!(ring.current().unwrap().0, first);
        for round in 0..MAX_OLD_KEYS {
            ring.rotate(format!("a secret of at least 32 bytes: {round}")).unwrap();
            assert!(ring.find(first).is_some(), "{round}");
        }
        ring.rotate("one more secret of at least 32 bytes").unwrap();
        assert!(ring.find(first).is_none());
    }
}
