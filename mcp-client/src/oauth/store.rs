//! Where credentials are kept: the trait, and the one in memory.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use mcp_core::service::BoxFuture;

use super::secret::Secret;
use crate::http::BoxError;

/// Most entries of a [`MemoryStore`].
const MOST_ENTRIES: usize = 1_024;

/// Keeps the registrations and tokens of clients: texts by key.
///
/// [`MemoryStore`] is the default, and is gone with the process. A keychain, a vault or a database can be put behind
/// this trait: it needs to know nothing of what the texts mean, only that they are secrets.
///
/// ```
/// use mcp_client::http::BoxError;
/// use mcp_client::oauth::{CredentialKey, CredentialStore, Secret};
/// use mcp_client::service::BoxFuture;
/// # struct Keychain;
/// # impl Keychain {
/// #     async fn get(&self, _: &str) -> Result<Option<String>, BoxError> { Ok(None) }
/// #     async fn set(&self, _: &str, _: &str) -> Result<(), BoxError> { Ok(()) }
/// #     async fn delete(&self, _: &str) -> Result<(), BoxError> { Ok(()) }
/// # }
///
/// impl CredentialStore for Keychain {
///     fn load<'a>(&'a self, key: &'a CredentialKey) -> BoxFuture<'a, Result<Option<Secret>, BoxError>> {
///         Box::pin(async move { Ok(self.get(key.as_str()).await?.map(Secret::from)) })
///     }
///
///     fn save<'a>(&'a self, key: &'a CredentialKey, value: &'a Secret) -> BoxFuture<'a, Result<(), BoxError>> {
///         Box::pin(async move { self.set(key.as_str(), value.expose()).await })
///     }
///
///     fn remove<'a>(&'a self, key: &'a CredentialKey) -> BoxFuture<'a, Result<(), BoxError>> {
///         Box::pin(async move { self.delete(key.as_str()).await })
///     }
/// }
/// ```
pub trait CredentialStore: Send + Sync + 'static {
    /// The text of a key, if there is one.
    ///
    /// # Errors
    /// When the store cannot be read. The authorization fails with it: nobody is asked to log in again because a
    /// disk was busy.
    fn load<'a>(
        &'a self,
        key: &'a CredentialKey,
    ) -> BoxFuture<'a, Result<Option<Secret>, BoxError>>;

    /// Keeps a text, in place of the one before. When it returns, the text must be there for good: a refresh token is
    /// good for one use, and the next one is in it.
    ///
    /// # Errors
    /// When it could not be kept. The token is used all the same, with a warning in the log.
    fn save<'a>(
        &'a self,
        key: &'a CredentialKey,
        value: &'a Secret,
    ) -> BoxFuture<'a, Result<(), BoxError>>;

    /// Removes a text, if it is there.
    ///
    /// # Errors
    /// When it could not be removed.
    fn remove<'a>(&'a self, key: &'a CredentialKey) -> BoxFuture<'a, Result<(), BoxError>>;

    /// Waits until nobody else has the lock of a key, and holds it until the guard is dropped: around a refresh, so
    /// that two authorizers with one store do not use one refresh token twice, for which some authorization servers end
    /// all tokens of the user. The default has no lock, which suits a store that one authorizer alone uses.
    ///
    /// # Errors
    /// When there is no lock to be had. The refresh is not tried.
    fn lock<'a>(&'a self, key: &'a CredentialKey) -> BoxFuture<'a, Result<StoreLock, BoxError>> {
        let _ = key;
        Box::pin(std::future::ready(Ok(StoreLock::none())))
    }
}

impl<S: CredentialStore + ?Sized> CredentialStore for Arc<S> {
    fn load<'a>(
        &'a self,
        key: &'a CredentialKey,
    ) -> BoxFuture<'a, Result<Option<Secret>, BoxError>> {
        S::load(self, key)
    }

    fn save<'a>(
        &'a self,
        key: &'a CredentialKey,
        value: &'a Secret,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        S::save(self, key, value)
    }

    fn remove<'a>(&'a self, key: &'a CredentialKey) -> BoxFuture<'a, Result<(), BoxError>> {
        S::remove(self, key)
    }

    fn lock<'a>(&'a self, key: &'a CredentialKey) -> BoxFuture<'a, Result<StoreLock, BoxError>> {
        S::lock(self, key)
    }
}

/// A lock that is held until it is dropped.
pub struct StoreLock {
    _guard: Option<Box<dyn Any + Send>>,
}

impl StoreLock {
    /// No lock at all.
    #[must_use]
    pub fn none() -> Self {
        Self { _guard: None }
    }

    /// A lock that a guard holds.
    #[must_use]
    pub fn new(guard: impl Any + Send) -> Self {
        Self { _guard: Some(Box::new(guard)) }
    }
}

impl fmt::Debug for StoreLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreLock")
    }
}

/// What a credential is for. Credentials of one authorization server have no key in common with those of another, so
/// that none is ever sent where it does not belong.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CredentialKey(String);

impl CredentialKey {
    /// What a client is called at an authorization server.
    pub(crate) fn registration(issuer: &str) -> Self {
        Self::of(&["registration", issuer])
    }

    /// The registration that the tokens for an MCP server belong to.
    pub(crate) fn registration_for(issuer: &str, endpoint: &str) -> Self {
        Self::of(&["registration", issuer, endpoint])
    }

    /// The tokens of a client for an MCP server; those that are bound to a key are for that key alone.
    pub(crate) fn token(issuer: &str, resource: &str, client: &str, key: Option<&str>) -> Self {
        match key {
            None => Self::of(&["token", issuer, resource, client]),
            Some(key) => Self::of(&["token", issuer, resource, client, key]),
        }
    }

    /// The authorization server that a client id which its user configured belongs to.
    pub(crate) fn issuer_of(client: &str, resource: &str) -> Self {
        Self::of(&["issuer", client, resource])
    }

    /// The parts as one text: no two lists of parts have the same.
    fn of(parts: &[&str]) -> Self {
        Self(serde_json::to_string(parts).unwrap_or_default())
    }

    /// The key as a text: for a database or a keychain. No secret.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Keeps credentials in memory, as long as the process runs. Clones share what they keep.
///
/// It has at most 1,024 entries; the ones kept longest make room.
#[derive(Clone, Default)]
pub struct MemoryStore {
    entries: Arc<Mutex<Entries>>,
}

#[derive(Default)]
struct Entries {
    /// With the number of the save that made each.
    texts: HashMap<CredentialKey, (u64, Secret)>,
    saves: u64,
    /// The locks that somebody holds or waits for.
    locks: HashMap<CredentialKey, Weak<tokio::sync::Mutex<()>>>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, work: impl FnOnce(&mut Entries) -> T) -> T {
        work(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl CredentialStore for MemoryStore {
    fn load<'a>(
        &'a self,
        key: &'a CredentialKey,
    ) -> BoxFuture<'a, Result<Option<Secret>, BoxError>> {
        let found = self.with(|entries| entries.texts.get(key).map(|(_, text)| text.clone()));
        Box::pin(std::future::ready(Ok(found)))
    }

    fn save<'a>(
        &'a self,
        key: &'a CredentialKey,
        value: &'a Secret,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        self.with(|entries| {
            entries.saves += 1;
            entries.texts.insert(key.clone(), (entries.saves, value.clone()));
            if entries.texts.len() > MOST_ENTRIES {
                let oldest = entries
                    .texts
                    .iter()
                    .min_by_key(|(_, (save, _))| *save)
                    .map(|(key, _)| key.clone());
                oldest.map(|key| entries.texts.remove(&key));
            }
        });
        Box::pin(std::future::ready(Ok(())))
    }

    fn remove<'a>(&'a self, key: &'a CredentialKey) -> BoxFuture<'a, Result<(), BoxError>> {
        self.with(|entries| entries.texts.remove(key));
        Box::pin(std::future::ready(Ok(())))
    }

    fn lock<'a>(&'a self, key: &'a CredentialKey) -> BoxFuture<'a, Result<StoreLock, BoxError>> {
        let lock = self.with(|entries| {
            entries.locks.retain(|_, lock| lock.strong_count() > 0);
            let lock = entries.locks.get(key).and_then(Weak::upgrade).unwrap_or_default();
            entries.locks.insert(key.clone(), Arc::downgrade(&lock));
            lock
        });
        Box::pin(async move { Ok(StoreLock::new(lock.lock_owned().await)) })
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("entries", &self.with(|entries| entries.texts.len()))
            .finish()
    }
}
