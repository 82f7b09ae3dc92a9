//! The options of a store in a file.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use redb::Database;
use tokio::sync::mpsc;

use super::file::{self, OpenFile};
use super::task_store::RedbStore;
use super::writer::{QUEUE_CAPACITY, Writer};
use crate::store::feed::Feed;
use crate::store::leases::Leases;
use crate::store::task::StoreError;

/// Default of the size of all tasks, in bytes.
const DEFAULT_BYTES: u64 = 1 << 30;

/// Default of the memory for pages of the file, in bytes.
const DEFAULT_CACHE_BYTES: usize = 64 << 20;

/// Opens a [`RedbStore`] with options.
#[derive(Debug, Clone)]
#[must_use]
pub struct RedbStoreBuilder {
    max_bytes: u64,
    cache_bytes: usize,
}

impl RedbStoreBuilder {
    pub(super) const fn new() -> Self {
        Self { max_bytes: DEFAULT_BYTES, cache_bytes: DEFAULT_CACHE_BYTES }
    }

    /// Sets the maximum size of all tasks, in bytes: what they contain, about 512 bytes for each
    /// task, and 64 for each entry of a journal. What does not fit is refused. The file may become
    /// twice as large, because it keeps free pages. 1 GiB by default.
    pub const fn max_bytes(mut self, max: u64) -> Self {
        self.max_bytes = max;
        self
    }

    /// Sets the memory for pages of the file, in bytes. 64 MiB by default.
    pub const fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Opens a file, see [`RedbStore::open`].
    ///
    /// # Errors
    /// As for [`RedbStore::open`].
    pub fn open(self, path: impl AsRef<Path>) -> Result<RedbStore, StoreError> {
        let (database, leases) = file::open(path.as_ref(), self.cache_bytes)?;
        self.start(database, leases)
    }

    /// Starts the thread that writes.
    fn start(self, database: Database, leases: Leases) -> Result<RedbStore, StoreError> {
        let (file, closed) = OpenFile::new(database);
        let (file, feed) = (Arc::new(file), Feed::new());
        let (sender, requests) = mpsc::channel(QUEUE_CAPACITY);
        let max_bytes = self.max_bytes;
        let writer = Writer { file: Arc::clone(&file), leases, feed: feed.clone(), max_bytes };
        let thread = thread::Builder::new().name("mcp-task-store".to_owned());
        thread.spawn(move || writer.run(requests)).map_err(|error| {
            StoreError::unavailable(format!("the thread that writes cannot start: {error}"))
        })?;
        Ok(RedbStore::new(sender, file, feed, closed))
    }

    #[cfg(all(test, feature = "test-util"))]
    pub(super) fn open_backend(
        self,
        backend: impl redb::StorageBackend,
    ) -> Result<RedbStore, StoreError> {
        let path = Path::new("the test file");
        let (database, leases) = file::open_backend(path, backend, self.cache_bytes, 0)?;
        self.start(database, leases)
    }
}
