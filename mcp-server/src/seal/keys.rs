//! The keys that seal states, and their rotation.

use std::fmt;
use std::sync::Arc;

use mcp_core::sync::RwLock;

use super::cipher::{RandomError, digest, random};
use super::token::KEY_ID_BYTES;

/// Maximum number of old keys that are kept after rotations, to open what they sealed. Fixed: a
/// state expires long before the fifth rotation after it, and so does a task, unless it is kept for
/// months.
const MAX_OLD_KEYS: usize = 4;

/// Minimum length of a secret, in bytes: that of the key derived from it.
const MIN_SECRET_BYTES: usize = 32;

/// The secrets that seal what leaves the process: `requestState`, and the records of tasks in a
/// store outside of it. The current one seals and opens, older ones only open.
///
/// By default, a server generates a key that is lost when its process ends. If several instances
/// serve one address, or calls and tasks should survive a restart, configure a common secret. A
/// secret that has sealed tasks must stay in the ring ([`KeyRing::also_opens`]) until they have
/// expired: an instance without it leaves them to others, and cannot show them.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mcp_server::Server;
/// use mcp_server::input::KeyRing;
///
/// # let (secret, last_month) = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210");
/// let keys = KeyRing::new(secret)?.also_opens(last_month)?;
/// let server = Server::builder("notes", "1.0.0").state_keys(keys.clone());
/// // Later, without a restart: new states use the new secret, and existing ones still open.
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
    /// The key that seals. `None` in an ephemeral ring before its first use.
    sealing: Option<Key>,
    /// The keys that only open, newest first.
    opening: Vec<Key>,
    /// Whether the key that seals was generated here, and is lost when the process ends.
    is_ephemeral: bool,
}

struct Key {
    id: [u8; KEY_ID_BYTES],
    key: [u8; 32],
}

impl KeyRing {
    /// Creates a ring with one secret of at least 32 random bytes, such as 64 hexadecimal digits
    /// from a secret store.
    ///
    /// ```
    /// use mcp_server::input::KeyRing;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let secret = "6d1f0c9a4be27583d0f2c6e89a1b7354"; // From a secret store.
    /// let keys = KeyRing::new(secret)?;
    /// assert!(KeyRing::new("too short").is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the secret is too short, or repeats a single byte.
    pub fn new(secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let sealing = Some(Key::derive(secret.as_ref())?);
        Ok(Self(Arc::new(RwLock::new(Keys { sealing, ..Keys::default() }))))
    }

    /// Creates a ring whose secret is generated at its first use and lost when the process ends.
    ///
    /// ```
    /// # use mcp_server::Server;
    /// # use mcp_server::input::KeyRing;
    /// // Two servers of one process that accept each other's states; a restart ends open questions.
    /// let keys = KeyRing::ephemeral();
    /// let notes = Server::builder("notes", "1.0.0").state_keys(keys.clone());
    /// let admin = Server::builder("notes-admin", "1.0.0").state_keys(keys);
    /// ```
    #[must_use]
    pub fn ephemeral() -> Self {
        Self(Arc::new(RwLock::new(Keys { is_ephemeral: true, ..Keys::default() })))
    }

    /// Whether what it seals cannot be opened when the process has ended.
    #[cfg(any(feature = "http", feature = "tasks"))]
    pub(crate) fn is_ephemeral(&self) -> bool {
        self.0.read().is_ephemeral
    }

    /// Adds an older secret, which only opens states and records.
    ///
    /// ```
    /// # use mcp_server::input::KeyRing;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (july, august) = ("july-july-july-july-july-july-july", "august-august-august-august-august");
    /// // Calls that were sealed in July still open after the restart.
    /// let keys = KeyRing::new(august)?.also_opens(july)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The errors of [`KeyRing::new`].
    pub fn also_opens(self, secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let key = Key::derive(secret.as_ref())?;
        self.0.write().opening.push(key);
        Ok(self)
    }

    /// Seals with a new secret from now on. The four secrets before it still open states and
    /// records. A task whose call was sealed with an older one cannot be read any more, so the time
    /// of four rotations must exceed the time to live of tasks.
    ///
    /// ```
    /// # use mcp_server::input::KeyRing;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (july, august) = ("july-july-july-july-july-july-july", "august-august-august-august-august");
    /// let keys = KeyRing::new(july)?;
    /// let of_server = keys.clone(); // Passed to `ServerBuilder::state_keys`.
    /// keys.rotate(august)?; // The server seals with the new secret from now on.
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The errors of [`KeyRing::new`].
    pub fn rotate(&self, secret: impl AsRef<[u8]>) -> Result<(), KeyError> {
        let key = Key::derive(secret.as_ref())?;
        let mut keys = self.0.write();
        keys.opening.retain(|other| other.id != key.id);
        let new_id = key.id;
        keys.is_ephemeral = false;
        if let Some(old) = keys.sealing.replace(key).filter(|old| old.id != new_id) {
            keys.opening.insert(0, old);
        }
        keys.opening.truncate(MAX_OLD_KEYS);
        Ok(())
    }

    /// Returns the key that seals.
    pub(super) fn current(&self) -> Result<([u8; KEY_ID_BYTES], [u8; 32]), RandomError> {
        if let Some(key) = &self.0.read().sealing {
            return Ok((key.id, key.key));
        }
        let fresh = Key::of(&random::<32>()?);
        let mut keys = self.0.write();
        let key = keys.sealing.get_or_insert(fresh);
        Ok((key.id, key.key))
    }

    pub(super) fn find(&self, id: [u8; KEY_ID_BYTES]) -> Option<[u8; 32]> {
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
            return Err(KeyError(
                "the secret has fewer than 32 bytes; use at least 32 random bytes",
            ));
        }
        if secret.iter().all(|byte| Some(byte) == secret.first()) {
            return Err(KeyError("the secret repeats a single byte; use random bytes"));
        }
        Ok(Self::of(secret))
    }

    /// Derives the key with a label, so that the secret can also be used for other purposes.
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

/// The secret of a [`KeyRing`] is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(&'static str);

#[cfg(all(test, feature = "sealed-state"))]
mod tests {
    use super::*;

    #[test]
    fn weak_secrets_are_refused() {
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
    fn the_oldest_keys_are_dropped() {
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
