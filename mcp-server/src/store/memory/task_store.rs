//! A store of tasks in the memory of this process.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use mcp_core::sync::Mutex;

use super::table::{MemoryCounts, TaskTable};
use crate::store::feed::Feed;
use crate::store::task::{
    Lease, NewTask, StoreError, TaskChange, TaskHead, TaskPage, TaskQuota, TaskRecord, TaskStore,
    TaskUpdate, UpdateOutcome,
};

/// Default of the size of all tasks, in bytes.
const DEFAULT_BYTES: usize = 256 << 20;

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
    /// Changes are reported while the table is locked, so that they are in order. The wakers of
    /// readers only schedule their tasks.
    feed: Feed<TaskChange>,
    max_bytes: usize,
}

impl MemoryTaskStore {
    /// Creates a store for tasks of 256 MiB in total.
    #[must_use]
    pub fn new() -> Self {
        Self::with_max_bytes(DEFAULT_BYTES)
    }

    /// Creates a store for tasks of `max_bytes` bytes in total. A task that does not fit is
    /// refused.
    #[must_use]
    pub fn with_max_bytes(max_bytes: usize) -> Self {
        let table = Mutex::new(TaskTable::default());
        Self { shared: Arc::new(Shared { table, feed: Feed::new(), max_bytes }) }
    }

    /// Returns the sizes of its maps.
    #[must_use]
    pub fn counts(&self) -> MemoryCounts {
        self.shared.table.lock().counts()
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
        let mut table = self.shared.table.lock();
        table.create(task, quota, self.shared.max_bytes)?;
        self.shared.feed.changed(&id, 1, state);
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
        let mut table = self.shared.table.lock();
        let outcome = table.update(id, update, self.shared.max_bytes)?;
        if let UpdateOutcome::Applied(version) = outcome {
            self.shared.feed.changed(&id.into(), version, state);
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
        let mut table = self.shared.table.lock();
        let ids = table.sweep(now, max);
        ids.iter().for_each(|id| self.shared.feed.removed(id));
        Ok(ids)
    }

    fn changes(&self) -> BoxStream<'static, TaskChange> {
        self.shared.feed.items()
    }

    fn leaves_process(&self) -> bool {
        false
    }
}
