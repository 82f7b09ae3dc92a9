//! The trait of stores.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use mcp_core::fetch::Secret;

use super::key::CredentialKey;
use crate::http::BoxError;

/// Keeps the registrations and tokens of clients: texts by key.
///
/// [`MemoryStore`](super::MemoryStore) is the default and ends with the process;
/// [`FileStore`](super::FileStore) outlives it. A keychain, a vault or a database can be put behind
/// this trait: it needs to know nothing of the texts but that they are secrets.
///
/// ```
/// use mcp_client::http::{BoxError, async_trait};
/// use mcp_client::oauth::{CredentialKey, CredentialStore, Secret};
/// # struct Keychain;
/// # impl Keychain {
/// #     async fn get(&self, _: &str) -> Result<Option<String>, BoxError> { Ok(None) }
/// #     async fn set(&self, _: &str, _: &str) -> Result<(), BoxError> { Ok(()) }
/// #     async fn delete(&self, _: &str) -> Result<(), BoxError> { Ok(()) }
/// # }
///
/// #[async_trait]
/// impl CredentialStore for Keychain {
///     async fn load(&self, key: &CredentialKey) -> Result<Option<Secret>, BoxError> {
///         Ok(self.get(key.as_str()).await?.map(Secret::from))
///     }
///
///     async fn save(&self, key: &CredentialKey, value: &Secret) -> Result<(), BoxError> {
///         self.set(key.as_str(), value.expose()).await
///     }
///
///     async fn remove(&self, key: &CredentialKey) -> Result<(), BoxError> {
///         self.delete(key.as_str()).await
///     }
/// }
/// ```
#[async_trait]
pub trait CredentialStore: Send + Sync + 'static {
    /// The text of a key, if there is one.
    ///
    /// # Errors
    /// When the store cannot be read. The authorization fails with it: no user has to log in again
    /// because a disk was busy.
    async fn load(&self, key: &CredentialKey) -> Result<Option<Secret>, BoxError>;

    /// Saves a text and replaces the one before. The text must be durable when the future is
    /// ready: a refresh token may be valid for one use, and the next one is in the text.
    ///
    /// # Errors
    /// When it could not be saved. The token is used all the same, with a warning in the log.
    async fn save(&self, key: &CredentialKey, value: &Secret) -> Result<(), BoxError>;

    /// Removes a text, if it is there.
    ///
    /// # Errors
    /// When it could not be removed.
    async fn remove(&self, key: &CredentialKey) -> Result<(), BoxError>;

    /// Waits for the lock of a key, and holds it until the guard is dropped. It is held
    ///
    /// - during a refresh, so that two authorizers with one store do not use one refresh token
    ///   twice, for which some authorization servers end all tokens of the user;
    /// - while the tokens of a log-in are saved, and while a log-out removes them, so that none of
    ///   them undoes what another one has done.
    ///
    /// By default there is no lock, which suits a store with a single authorizer.
    ///
    /// # Errors
    /// When the lock cannot be taken. A refresh fails with it, and a log-out after it has removed
    /// the tokens without the lock; a new token is used and not saved, with a warning in the log.
    async fn lock(&self, key: &CredentialKey) -> Result<StoreLock, BoxError> {
        let _ = key;
        Ok(StoreLock::none())
    }
}

#[async_trait]
impl<S: CredentialStore + ?Sized> CredentialStore for Arc<S> {
    async fn load(&self, key: &CredentialKey) -> Result<Option<Secret>, BoxError> {
        S::load(self, key).await
    }

    async fn save(&self, key: &CredentialKey, value: &Secret) -> Result<(), BoxError> {
        S::save(self, key, value).await
    }

    async fn remove(&self, key: &CredentialKey) -> Result<(), BoxError> {
        S::remove(self, key).await
    }

    async fn lock(&self, key: &CredentialKey) -> Result<StoreLock, BoxError> {
        S::lock(self, key).await
    }
}

/// A lock that is held until it is dropped.
///
/// ```
/// use std::sync::Arc;
/// use mcp_client::oauth::StoreLock;
/// use tokio::sync::Mutex;
///
/// /// One refresh at a time in this process: for `CredentialStore::lock`.
/// async fn lock(all: &Arc<Mutex<()>>) -> StoreLock {
///     StoreLock::new(Arc::clone(all).lock_owned().await)
/// }
/// ```
pub struct StoreLock {
    _guard: Option<Box<dyn Any + Send>>,
}

impl StoreLock {
    /// No lock at all.
    ///
    /// ```
    /// use mcp_client::oauth::StoreLock;
    ///
    /// // For a store that only this process uses, and only with one authorizer.
    /// let lock = StoreLock::none();
    /// ```
    #[must_use]
    pub fn none() -> Self {
        Self { _guard: None }
    }

    /// A lock that a guard holds.
    ///
    /// ```
    /// use std::fs::File;
    /// use mcp_client::oauth::StoreLock;
    ///
    /// /// Waits for other processes. The lock ends when the file is closed.
    /// fn lock(path: &str) -> std::io::Result<StoreLock> {
    ///     let file = File::create(path)?;
    ///     file.lock()?;
    ///     Ok(StoreLock::new(file))
    /// }
    /// ```
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
