//! A store of tasks in the memory of this process.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _};
use mcp_core::sync::Mutex;
use tokio::sync::broadcast;

use super::table::{MemoryCounts, TaskTable};
use crate::store::task::{
    Lease, NewTask, StoreError, TaskChange, TaskHead, TaskPage, TaskQuota, TaskRecord, TaskStore,
    TaskUpdate, UpdateOutcome,
};

/// Default of the size of all tasks, in bytes.
const MAX_BYTES: usize = 256 << 20;

/// Number of changes that a slow reader of the feed may be behind before it misses some. Fixed: the
/// reader of the server only looks up who watches a task.
const FEED_CAPACITY: usize = 1024;

/// Keeps tasks in the memory of this process. They end with it.
///
/// Clones share their tasks.
#[derive(Debug, Clone)]
pub struct MemoryTaskStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    table: Mutex<TaskTable>,
    feed: broadcast::Sender<TaskChange>,
    max_bytes: usize,
}

impl MemoryTaskStore {
    /// Creates a store for tasks of 256 MiB in total.
    #[must_use]
    pub fn new() -> Self {
        Self::with_max_bytes(MAX_BYTES)
    }

    /// Creates a store for tasks of `max_bytes` bytes in total. A task that does not fit is
    /// refused.
    #[must_use]
    pub fn with_max_bytes(max_bytes: usize) -> Self {
        let table = Mutex::new(TaskTable::default());
        let feed = broadcast::Sender::new(FEED_CAPACITY);
        Self { shared: Arc::new(Shared { table, feed, max_bytes }) }
    }

    /// Returns the sizes of its maps.
    #[must_use]
    pub fn counts(&self) -> MemoryCounts {
        self.shared.table.lock().counts()
    }

    fn report(&self, change: impl FnOnce() -> TaskChange) {
        if self.shared.feed.receiver_count() > 0 {
            // Fails if the last reader has left meanwhile.
            drop(self.shared.feed.send(change()));
        }
    }
}

impl Default for MemoryTaskStore {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl TaskStore for MemoryTaskStore {
    async fn create(&self, task: NewTask, quota: TaskQuota) -> Result<(), StoreError> {
        let (id, state) = (Arc::clone(&task.record.head.id), task.record.head.state);
        self.shared.table.lock().create(task, quota, self.shared.max_bytes)?;
        self.report(|| TaskChange::Changed { id, version: 1, state });
        Ok(())
    }

    async fn head(&self, id: &str) -> Result<Option<TaskHead>, StoreError> {
        Ok(self.shared.table.lock().head(id))
    }

    async fn load(&self, id: &str) -> Result<Option<TaskRecord>, StoreError> {
        Ok(self.shared.table.lock().load(id))
    }

    async fn update(&self, id: &str, update: TaskUpdate) -> Result<UpdateOutcome, StoreError> {
        let state = update.state;
        let outcome = self.shared.table.lock().update(id, update, self.shared.max_bytes)?;
        if let UpdateOutcome::Applied(version) = outcome {
            self.report(|| TaskChange::Changed { id: id.into(), version, state });
        }
        Ok(outcome)
    }

    async fn claim(&self, id: &str, lease: Duration) -> Result<Option<Lease>, StoreError> {
        Ok(self.shared.table.lock().claim(id, lease))
    }

    async fn claim_any(&self, lease: Duration, max: usize) -> Result<Vec<Lease>, StoreError> {
        Ok(self.shared.table.lock().claim_any(lease, max))
    }

    async fn renew(&self, leases: &[Lease], lease: Duration) -> Result<Vec<bool>, StoreError> {
        Ok(self.shared.table.lock().renew(leases, lease))
    }

    async fn list(
        &self,
        owner: &str,
        after: Option<&str>,
        max: usize,
    ) -> Result<TaskPage, StoreError> {
        self.shared.table.lock().list(owner, after, max)
    }

    async fn sweep(&self, now: u64, max: usize) -> Result<Vec<Arc<str>>, StoreError> {
        let ids = self.shared.table.lock().sweep(now, max);
        for id in &ids {
            self.report(|| TaskChange::Removed { id: Arc::clone(id) });
        }
        Ok(ids)
    }

    fn changes(&self) -> BoxStream<'static, TaskChange> {
        let receiver = self.shared.feed.subscribe();
        let changes = stream::unfold(receiver, |mut receiver| async move {
            use broadcast::error::RecvError;
            match receiver.recv().await {
                Ok(change) => Some((change, receiver)),
                Err(RecvError::Lagged(_)) => Some((TaskChange::Missed, receiver)),
                // The store was dropped, so nothing changes any more.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        });
        changes.boxed()
    }

    fn leaves_process(&self) -> bool {
        false
    }
}
