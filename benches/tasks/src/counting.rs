//! A store that counts what is written.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use mcp_server::store::{
    Lease, NewTask, StoreError, TaskChange, TaskHead, TaskPage, TaskQuota, TaskRecord, TaskState,
    TaskStore, TaskUpdate, UpdateOutcome,
};
use tokio::sync::Semaphore;

use crate::Error;

/// Counts the writes of a store, and the tasks that stop.
#[derive(Clone)]
pub(crate) struct Counting {
    store: Arc<dyn TaskStore>,
    updates: Arc<AtomicUsize>,
    /// A permit for each task that has ended, or has been parked.
    stopped: Arc<Semaphore>,
}

impl Counting {
    /// Counts from now on. The feed says which tasks stop, because the engine of the server drops
    /// the update of a task whose end the feed has reported.
    pub(crate) fn new(store: Arc<dyn TaskStore>) -> Self {
        let stopped = Arc::new(Semaphore::new(0));
        let (permits, mut changes) = (Arc::clone(&stopped), store.changes());
        tokio::spawn(async move {
            while let Some(change) = changes.next().await {
                match change {
                    TaskChange::Changed { state: TaskState::Working, .. } => {}
                    TaskChange::Changed { .. } => permits.add_permits(1),
                    TaskChange::Removed { .. } => {}
                    TaskChange::Missed => permits.close(),
                }
            }
        });
        Self { store, updates: Arc::default(), stopped }
    }

    /// The number of updates so far.
    pub(crate) fn updates(&self) -> usize {
        self.updates.load(Ordering::Relaxed)
    }

    /// Waits until one more task has ended, or has been parked.
    ///
    /// # Errors
    /// If changes were lost.
    pub(crate) async fn one_stopped(&self) -> Result<(), Error> {
        let permit = self.stopped.acquire().await.map_err(|_| "changes of tasks were lost")?;
        permit.forget();
        Ok(())
    }
}

#[async_trait]
impl TaskStore for Counting {
    async fn create(&self, task: NewTask, quota: TaskQuota) -> Result<(), StoreError> {
        self.store.create(task, quota).await
    }

    async fn head(&self, id: &str) -> Result<Option<TaskHead>, StoreError> {
        self.store.head(id).await
    }

    async fn load(&self, id: &str) -> Result<Option<TaskRecord>, StoreError> {
        self.store.load(id).await
    }

    async fn update(&self, id: &str, update: TaskUpdate) -> Result<UpdateOutcome, StoreError> {
        self.updates.fetch_add(1, Ordering::Relaxed);
        self.store.update(id, update).await
    }

    async fn claim(&self, id: &str, lease: Duration) -> Result<Option<Lease>, StoreError> {
        self.store.claim(id, lease).await
    }

    async fn claim_any(&self, lease: Duration, max: usize) -> Result<Vec<Lease>, StoreError> {
        self.store.claim_any(lease, max).await
    }

    async fn renew(&self, leases: &[Lease], lease: Duration) -> Result<Vec<bool>, StoreError> {
        self.store.renew(leases, lease).await
    }

    async fn list(
        &self,
        owner: &str,
        after: Option<&str>,
        max: usize,
    ) -> Result<TaskPage, StoreError> {
        self.store.list(owner, after, max).await
    }

    async fn sweep(&self, now: u64, max: usize) -> Result<Vec<Arc<str>>, StoreError> {
        self.store.sweep(now, max).await
    }

    fn changes(&self) -> BoxStream<'static, TaskChange> {
        self.store.changes()
    }

    fn leaves_process(&self) -> bool {
        self.store.leaves_process()
    }
}
