//! Credentials in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use mcp_core::fetch::Secret;
use mcp_core::sync::Mutex;

use super::credential_store::{CredentialStore, StoreLock};
use super::key::CredentialKey;
use super::key_locks::KeyLocks;
use crate::http::BoxError;

/// Entries of a [`MemoryStore`] unless its owner says otherwise.
const DEFAULT_MAX_ENTRIES: usize = 1_024;

/// Keeps credentials in memory, as long as the process runs. Clones share their entries.
///
/// By default it has at most 1,024 entries. When it is full, the entry that was saved longest ago
/// is removed.
///
/// ```
/// use mcp_client::oauth::{MemoryStore, OAuth};
///
/// // Two servers of one company; the log-ins end with the process.
/// let store = MemoryStore::new();
/// let notes = OAuth::authorization_code().store(store.clone()).build();
/// let mail = OAuth::authorization_code().store(store).build();
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    max_entries: usize,
    entries: Arc<Mutex<Entries>>,
    locks: Arc<KeyLocks>,
}

#[derive(Default)]
struct Entries {
    /// With the number of the save that made each.
    texts: HashMap<CredentialKey, (u64, Secret)>,
    saves: u64,
}

impl MemoryStore {
    /// An empty store.
    ///
    /// ```
    /// use mcp_client::oauth::{MemoryStore, OAuth};
    ///
    /// let oauth = OAuth::authorization_code().store(MemoryStore::new()).build();
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::with_max_entries(DEFAULT_MAX_ENTRIES)
    }

    /// An empty store with another bound. An MCP server takes up to four entries for each
    /// [principal](crate::oauth::OAuthBuilder::principal), and an authorization server one.
    ///
    /// ```
    /// use mcp_client::oauth::MemoryStore;
    ///
    /// // 5,000 users of one server, four entries each.
    /// let store = MemoryStore::with_max_entries(20_000);
    /// ```
    #[must_use]
    pub fn with_max_entries(max_entries: usize) -> Self {
        Self { max_entries, entries: Arc::default(), locks: Arc::default() }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl CredentialStore for MemoryStore {
    async fn load(&self, key: &CredentialKey) -> Result<Option<Secret>, BoxError> {
        let found = self.entries.lock().texts.get(key).map(|(_, text)| text.clone());
        Ok(found)
    }

    async fn save(&self, key: &CredentialKey, value: &Secret) -> Result<(), BoxError> {
        let mut entries = self.entries.lock();
        entries.saves += 1;
        let save = entries.saves;
        entries.texts.insert(key.clone(), (save, value.clone()));
        while entries.texts.len() > self.max_entries {
            let oldest = entries.texts.iter().min_by_key(|(_, (save, _))| *save);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { break };
            entries.texts.remove(&oldest);
        }
        Ok(())
    }

    async fn remove(&self, key: &CredentialKey) -> Result<(), BoxError> {
        self.entries.lock().texts.remove(key);
        Ok(())
    }

    async fn lock(&self, key: &CredentialKey) -> Result<StoreLock, BoxError> {
        Ok(StoreLock::new(self.locks.lock(key).await))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.entries.lock().texts.len();
        f.debug_struct("MemoryStore").field("entries", &entries).finish_non_exhaustive()
    }
}
