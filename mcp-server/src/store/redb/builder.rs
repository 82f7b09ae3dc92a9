//! The options of a store in a file.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use redb::Database;
use tokio::sync::mpsc;

use super::file::{self, OpenFile};
use super::task_store::RedbStore;
use super::writer::{QUEUE_CAPACITY, Writer};
#[cfg(feature = "http")]
use crate::store::event_limits::EventStoreLimits;
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
    #[cfg(feature = "http")]
    event_limits: EventStoreLimits,
}

impl RedbStore {
    /// Opens a file, or creates it. Only the user of this process can read a file that is created.
    ///
    /// The file is checked and, if less than half of a large one is in use, compacted: this blocks
    /// for about a second for each gigabyte, so open it before the server serves.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the file cannot be opened, in particular because it is open
    /// already. [`StoreError::Invalid`] if it is damaged, was written by a newer version, or is not
    /// a store of tasks; it is left as it is.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::builder().open(path)
    }

    /// Returns a builder with options.
    pub fn builder() -> RedbStoreBuilder {
        RedbStoreBuilder::new()
    }
}

impl RedbStoreBuilder {
    pub(super) fn new() -> Self {
        Self {
            max_bytes: DEFAULT_BYTES,
            cache_bytes: DEFAULT_CACHE_BYTES,
            #[cfg(feature = "http")]
            event_limits: EventStoreLimits::default(),
        }
    }

    /// Sets the maximum size of all tasks, in bytes: what they contain, about 512 bytes for each
    /// task, and 64 for each entry of a journal. What does not fit is refused. The file may become
    /// twice as large, because it keeps free pages. 1 GiB by default.
    pub fn max_bytes(mut self, max: u64) -> Self {
        self.max_bytes = max;
        self
    }

    /// Sets the memory for pages of the file, in bytes. 64 MiB by default.
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Sets how much is kept of the streams of sessions, beside `max_bytes`.
    #[cfg(feature = "http")]
    pub fn event_limits(mut self, limits: EventStoreLimits) -> Self {
        self.event_limits = limits;
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
        Ok(RedbStore::new(
            sender,
            file,
            feed,
            closed,
            #[cfg(feature = "http")]
            self.event_limits,
        ))
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
