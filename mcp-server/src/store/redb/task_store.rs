//! A store of tasks in a file.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use redb::Database;
use tokio::sync::{mpsc, oneshot};

use super::batch::Batch;
use super::failure::Failure;
use super::file::OpenFile;
use super::reader;
use super::writer::Request;
#[cfg(feature = "http")]
use crate::store::event_limits::EventStoreLimits;
use crate::store::feed::Feed;
use crate::store::task::{
    Lease, NewTask, StoreError, TaskChange, TaskHead, TaskPage, TaskQuota, TaskRecord, TaskStore,
    TaskUpdate, UpdateOutcome,
};

/// Keeps tasks in a file, with the embedded database redb. They outlive the process.
///
/// One process can have the file open. It is for servers that run as one instance; several
/// instances need a store that they share.
///
/// **Durability.** A write is answered when it is on the disk. After a crash of the process or of
/// the machine, every write that was answered is there, and no other one is there in part.
///
/// **Sessions.** With the feature `http` it is also a `SessionStore`, an `EventStore` and a
/// `NonceStore`: see `Stores`. Events and uses of sessions need not be on the disk when they are
/// answered.
///
/// **Leases** are in memory and measured by the monotonic clock. No other process can have run a
/// task of this file, so when it is opened every working task can be claimed at once, and a
/// restarted server resumes without waiting for leases to end. The fences are in the file, so a
/// worker of before, in the same process, can no longer write.
///
/// **Threads.** One thread writes: all writes that wait become one transaction, whose cost they
/// share. At most 1024 writes wait for it; further callers wait for space. Reads run on the
/// blocking threads of Tokio, because a page that is not in memory is read from the disk; so all
/// methods need a Tokio runtime.
///
/// **Failures.** If the file cannot be read or written, the operations of the transaction fail with
/// [`StoreError::Unavailable`], and further ones do too until the store is opened again, because
/// what the disk has kept is known only then.
///
/// Clones share their tasks. When the last clone is dropped, the thread writes what waits, closes
/// the file and ends.
///
/// ```
/// use mcp_server::store::RedbStore;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("tasks.redb");
/// let store = RedbStore::open(path)?;
/// # store.close().await;
/// # Ok::<_, mcp_server::store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct RedbStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    requests: mpsc::Sender<Request>,
    file: Arc<OpenFile>,
    feed: Feed<TaskChange>,
    closed: oneshot::Receiver<Infallible>,
    #[cfg(feature = "http")]
    event_limits: EventStoreLimits,
}

impl RedbStore {
    pub(super) fn new(
        requests: mpsc::Sender<Request>,
        file: Arc<OpenFile>,
        feed: Feed<TaskChange>,
        closed: oneshot::Receiver<Infallible>,
        #[cfg(feature = "http")] event_limits: EventStoreLimits,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                requests,
                file,
                feed,
                closed,
                #[cfg(feature = "http")]
                event_limits,
            }),
        }
    }

    #[cfg(feature = "http")]
    pub(super) fn event_limits(&self) -> &EventStoreLimits {
        &self.shared.event_limits
    }

    /// Drops this handle. If it is the last one, waits until what waits is written and the file is
    /// closed, so that it can be opened again.
    ///
    /// Cancel safe: the file is closed also if the future is dropped.
    pub async fn close(self) {
        let Some(shared) = Arc::into_inner(self.shared) else { return };
        let Shared { requests, file, closed, .. } = shared;
        drop((requests, file));
        match closed.await {
            Ok(never) => match never {},
            Err(_closed) => {}
        }
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        bytes: usize,
        operation: impl FnOnce(&mut Batch<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (request, result) = Request::new(bytes, operation);
        self.shared.requests.send(request).await.map_err(|_| stopped())?;
        result.await.map_err(|_| stopped())?
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Database) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let file = Arc::clone(&self.shared.file);
        let read = tokio::task::spawn_blocking(move || read(&file.database));
        let result = read
            .await
            .map_err(|error| StoreError::unavailable(format!("the read has not ended: {error}")))?;
        result.map_err(Failure::into_error)
    }
}

#[async_trait]
impl TaskStore for RedbStore {
    async fn create(&self, task: NewTask, quota: TaskQuota) -> Result<(), StoreError> {
        let record = &task.record;
        let bytes = record.call.len() + record.head.detail.len() + sizes(&record.journal);
        self.write(bytes, move |batch| batch.create(&task, quota)).await
    }

    async fn head(&self, id: &str) -> Result<Option<TaskHead>, StoreError> {
        let id = id.to_owned();
        self.read(move |database| reader::head(database, &id)).await
    }

    async fn status(&self, id: &str) -> Result<Option<TaskHead>, StoreError> {
        let id = id.to_owned();
        self.read(move |database| reader::status(database, &id)).await
    }

    async fn load(&self, id: &str) -> Result<Option<TaskRecord>, StoreError> {
        let id = id.to_owned();
        self.read(move |database| reader::load(database, &id)).await
    }

    async fn update(&self, id: &str, update: TaskUpdate) -> Result<UpdateOutcome, StoreError> {
        let id = id.to_owned();
        let blobs = update.detail.iter().chain(&update.outcome).chain(&update.append);
        let bytes = sizes(blobs);
        self.write(bytes, move |batch| batch.update(&id, &update)).await
    }

    async fn claim(&self, id: &str, lease: Duration) -> Result<Option<Lease>, StoreError> {
        let id = id.to_owned();
        self.write(0, move |batch| batch.claim(&id, lease)).await
    }

    async fn claim_any(&self, lease: Duration, max: usize) -> Result<Vec<Lease>, StoreError> {
        self.write(0, move |batch| batch.claim_any(lease, max)).await
    }

    async fn renew(&self, leases: &[Lease], lease: Duration) -> Result<Vec<bool>, StoreError> {
        let leases = leases.to_vec();
        self.write(0, move |batch| batch.renew(&leases, lease)).await
    }

    async fn list(
        &self,
        owner: &str,
        after: Option<&str>,
        max: usize,
    ) -> Result<TaskPage, StoreError> {
        let (owner, after) = (owner.to_owned(), after.map(str::to_owned));
        self.read(move |database| reader::list(database, &owner, after.as_deref(), max)).await
    }

    async fn sweep(&self, now: u64, max: usize) -> Result<Vec<Arc<str>>, StoreError> {
        self.write(0, move |batch| batch.sweep(now, max)).await
    }

    fn changes(&self) -> BoxStream<'static, TaskChange> {
        self.shared.feed.items()
    }
}

fn sizes<'a>(blobs: impl IntoIterator<Item = &'a Bytes>) -> usize {
    blobs.into_iter().map(Bytes::len).sum()
}

fn stopped() -> StoreError {
    StoreError::unavailable("the thread that writes has stopped; restart the server")
}
