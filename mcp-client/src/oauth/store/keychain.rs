//! Credentials in the keychain of the user: that of macOS, the Credential Manager of Windows, or a
//! Secret Service such as GNOME Keyring or KWallet.

use std::fmt;
use std::mem::ManuallyDrop;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use keyring_core::Entry;
use mcp_core::fetch::Secret;
use mcp_core::jose::{base64url, sha256};
use tokio::sync::Mutex;

use super::credential_store::{CredentialStore, StoreLock};
use super::file_access::prepare_folder;
use super::file_lock::RefreshLocks;
use super::key::CredentialKey;
use super::key_locks::KeyLocks;
use crate::http::BoxError;
use crate::oauth::error::{Error, ErrorKind};

/// Keeps credentials in the keychain of the user, which is encrypted and opened with the log-in to
/// the system. Feature `keychain`.
///
/// Each credential is an entry of the service that the application names; its account is a digest
/// of the [key](CredentialKey), because some keychains limit the length. The keychain may ask the user,
/// which `OAuthLimits::store_timeout` limits. The Credential Manager of Windows holds at most 2,560
/// bytes in an entry: a longer token is not saved, which the log says, and the user logs in again
/// after a restart.
///
/// Authorizers with clones of one store make one refresh, and use the keychain one after the other.
/// Keychains have no locks between processes: if several processes of an application use one, give
/// them [lock files](KeychainStore::with_lock_files).
///
/// ```no_run
/// # async fn example() -> Result<(), mcp_client::oauth::Error> {
/// use mcp_client::oauth::{KeychainStore, OAuth};
///
/// let store = KeychainStore::system("com.example.notes").await?;
/// let oauth = OAuth::authorization_code().store(store).build();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct KeychainStore {
    service: Arc<str>,
    backend: Arc<Backend>,
    /// Held during an operation. While the keychain waits for the user, further operations wait
    /// here, and not each on a thread of its own.
    turn: Arc<Mutex<()>>,
    locks: Arc<KeyLocks>,
    refreshes: Option<Arc<RefreshLocks>>,
}

impl KeychainStore {
    /// The keychain of the system, for the entries of a service: a name of the application, such as
    /// `com.example.notes`.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::oauth::{FileStore, KeychainStore, OAuth};
    ///
    /// let oauth = match KeychainStore::system("com.example.notes").await {
    ///     Ok(store) => OAuth::authorization_code().store(store),
    ///     // A server without a desktop.
    ///     Err(_) => OAuth::authorization_code().store(FileStore::open("credentials/mcp.json")?),
    /// };
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Store`] if there is none, as on a Linux system without a Secret Service.
    pub async fn system(service: impl Into<String>) -> Result<Self, Error> {
        let opened = blocking(|| system_backend().map_err(|error| error.to_string())).await;
        let backend = opened.and_then(|backend| backend.map_err(BoxError::from));
        let backend = backend.map_err(|error| {
            let message = "the system has no keychain that can be used; `FileStore` keeps \
                           credentials in a file";
            Error::new(ErrorKind::Store, message).with_source(error)
        })?;
        Ok(Self::with_backend(service, backend))
    }

    /// Another store of the crate `keyring-core`, such as its mock store for tests.
    ///
    /// ```
    /// use mcp_client::oauth::KeychainStore;
    ///
    /// // In a test: no keychain asks anyone.
    /// let backend = keyring_core::mock::Store::new()?;
    /// let store = KeychainStore::with_backend("com.example.notes", backend);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_backend(
        service: impl Into<String>,
        backend: Arc<keyring_core::CredentialStore>,
    ) -> Self {
        let (locks, refreshes) = (Arc::default(), None);
        let backend = Arc::new(Backend(Some(backend)));
        Self { service: service.into().into(), backend, turn: Arc::default(), locks, refreshes }
    }

    /// Takes a lock file around each refresh, so that several processes make one. `path` is the
    /// beginning of the names of these files, which stay and are empty. Their folder is made, and
    /// must not be writable by others.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::oauth::KeychainStore;
    ///
    /// // The program and its background service use the same log-ins.
    /// let store = KeychainStore::system("com.example.notes").await?;
    /// let store = store.with_lock_files("notes/state/log-ins")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Store`] if the folder cannot be used.
    pub fn with_lock_files(mut self, path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        prepare_folder(path)?;
        self.refreshes = Some(Arc::new(RefreshLocks::new(path)));
        Ok(self)
    }

    /// Does something with the entry of a key, on a thread that may block. What has begun ends even
    /// if the future is dropped.
    async fn with_entry<T: Send + 'static>(
        &self,
        key: &CredentialKey,
        work: impl FnOnce(&Entry) -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<Option<T>, BoxError> {
        let (service, backend) = (Arc::clone(&self.service), Arc::clone(&self.backend));
        let account = base64url(&sha256(key.as_str().as_bytes()));
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let done = blocking(move || {
            let _turn = turn;
            let entry = backend.entry(&service, &account)?;
            match work(&entry) {
                Ok(value) => Ok(Some(value)),
                Err(keyring_core::Error::NoEntry) => Ok(None),
                Err(error) => Err(error),
            }
        });
        // Some errors hold the value, which `Debug` would show.
        done.await?.map_err(|error| error.to_string().into())
    }
}

/// A keychain, until it is dropped. Some block then, and panic if a task of a runtime drops them,
/// so that happens on a thread of its own.
struct Backend(Option<Arc<keyring_core::CredentialStore>>);

impl Backend {
    fn entry(&self, service: &str, account: &str) -> keyring_core::Result<Entry> {
        let store = self.0.as_ref().ok_or(keyring_core::Error::NoDefaultStore)?;
        store.build(service, account, None)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        let Some(store) = self.0.take() else { return };
        // Without a thread it is not dropped at all.
        let store = ManuallyDrop::new(store);
        let dropping = move || drop(ManuallyDrop::into_inner(store));
        if let Err(error) = std::thread::Builder::new().spawn(dropping) {
            tracing::debug!(%error, "a keychain stays open until the process ends");
        }
    }
}

#[async_trait]
impl CredentialStore for KeychainStore {
    async fn load(&self, key: &CredentialKey) -> Result<Option<Secret>, BoxError> {
        let Some(bytes) = self.with_entry(key, Entry::get_secret).await? else { return Ok(None) };
        // An entry of another program is as good as none.
        Ok(String::from_utf8(bytes).ok().map(Secret::from))
    }

    async fn save(&self, key: &CredentialKey, value: &Secret) -> Result<(), BoxError> {
        let value = value.clone();
        let saved = self.with_entry(key, move |entry| entry.set_secret(value.expose().as_bytes()));
        saved.await?.ok_or_else(|| "the keychain did not take the entry".into())
    }

    async fn remove(&self, key: &CredentialKey) -> Result<(), BoxError> {
        self.with_entry(key, Entry::delete_credential).await.map(drop)
    }

    async fn lock(&self, key: &CredentialKey) -> Result<StoreLock, BoxError> {
        match &self.refreshes {
            Some(refreshes) => Ok(StoreLock::new(refreshes.take(key).await?)),
            None => Ok(StoreLock::new(self.locks.lock(key).await)),
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, BoxError> {
    Ok(tokio::task::spawn_blocking(work).await?)
}

#[cfg(all(unix, not(target_os = "macos")))]
fn system_backend() -> keyring_core::Result<Arc<keyring_core::CredentialStore>> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn system_backend() -> keyring_core::Result<Arc<keyring_core::CredentialStore>> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(windows)]
fn system_backend() -> keyring_core::Result<Arc<keyring_core::CredentialStore>> {
    Ok(windows_native_keyring_store::Store::new()?)
}

impl fmt::Debug for KeychainStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeychainStore").field("service", &self.service).finish_non_exhaustive()
    }
}
