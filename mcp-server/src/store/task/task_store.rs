//! The interface of a store of tasks.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;

use super::record::{
    Lease, NewTask, TaskHead, TaskPage, TaskQuota, TaskRecord, TaskState, TaskUpdate,
};
use crate::store::error::StoreError;

/// Keeps tasks.
///
/// A write is durable when its future completes: a read that begins afterwards, from any handle or
/// process of the same store, sees it. How durable that is when the machine fails depends on the
/// store, which documents it.
///
/// Rules that every store keeps. The contract tests of the feature `test-util` prove them:
///
/// - An update applies only to the version that it names, and never to a terminal task.
/// - A working task has a lease, or can be claimed. A task in another state has no lease.
/// - Leases are measured by the clock of the store, not by that of a worker.
/// - Each change of a task is reported once by [`changes`](Self::changes), or
///   [`TaskChange::Missed`] is.
///
/// All methods are cancel safe in this sense: a future that is dropped may have had its effect, all
/// of it or none.
#[async_trait]
pub trait TaskStore: Send + Sync + 'static {
    /// Creates a task. A lease may be as long as [`Duration::MAX`].
    ///
    /// # Errors
    /// [`StoreError::Exists`] if there is a task with this id; otherwise [`StoreError::Full`] if a
    /// limit of `quota` or of the store is reached.
    async fn create(&self, task: NewTask, quota: TaskQuota) -> Result<(), StoreError>;

    /// Returns the state of a task; `None` if there is none with this id.
    ///
    /// # Errors
    /// If the store failed.
    async fn head(&self, id: &str) -> Result<Option<TaskHead>, StoreError>;

    /// Returns the state of a task without its outcome, which may be large; `None` if there is none
    /// with this id. By default it is the [`head`](Self::head), whose outcome is dropped; a store
    /// that can do without reading the outcome does so.
    ///
    /// # Errors
    /// If the store failed.
    async fn status(&self, id: &str) -> Result<Option<TaskHead>, StoreError> {
        Ok(self.head(id).await?.map(TaskHead::without_outcome))
    }

    /// Returns a whole task; `None` if there is none with this id.
    ///
    /// # Errors
    /// If the store failed.
    async fn load(&self, id: &str) -> Result<Option<TaskRecord>, StoreError>;

    /// Changes a task. If it does not apply for several reasons, the first of these is returned:
    /// [`Missing`](UpdateOutcome::Missing), [`Ended`](UpdateOutcome::Ended),
    /// [`Fenced`](UpdateOutcome::Fenced), [`Conflict`](UpdateOutcome::Conflict).
    ///
    /// A task that becomes working can be claimed at once; a task that remains working keeps its
    /// lease; a task that leaves that state loses it.
    ///
    /// # Errors
    /// [`StoreError::Full`] if the task grows, and a limit of the store is reached; the end of a
    /// task with an outcome of at most 4 KiB is always accepted. A change that
    /// does not apply is not an error.
    async fn update(&self, id: &str, update: TaskUpdate) -> Result<UpdateOutcome, StoreError>;

    /// Leases one working task that has no valid lease. `None` if it has one, is in another state,
    /// or does not exist.
    ///
    /// # Errors
    /// If the store failed.
    async fn claim(&self, id: &str, lease: Duration) -> Result<Option<Lease>, StoreError>;

    /// Leases at most `max` working tasks that have no valid lease, those that have waited longest
    /// first.
    ///
    /// # Errors
    /// If the store failed.
    async fn claim_any(&self, lease: Duration, max: usize) -> Result<Vec<Lease>, StoreError>;

    /// Extends leases to `lease` from now. `Duration::ZERO` releases them. Returns for each whether
    /// it was still valid: the last claim of a working task. A lease whose time has passed is valid
    /// as long as no other worker has claimed the task.
    ///
    /// # Errors
    /// If the store failed.
    async fn renew(&self, leases: &[Lease], lease: Duration) -> Result<Vec<bool>, StoreError>;

    /// Returns the tasks of an owner, at most `max` and at least one if there is one, oldest first,
    /// without their outcomes. `after` is the `next` of the page before; the task before it may
    /// have been deleted.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if `after` is no position in the list.
    async fn list(
        &self,
        owner: &str,
        after: Option<&str>,
        max: usize,
    ) -> Result<TaskPage, StoreError>;

    /// Deletes at most `max` tasks whose time of expiry is `now` or earlier, and returns their ids.
    ///
    /// # Errors
    /// If the store failed.
    async fn sweep(&self, now: u64, max: usize) -> Result<Vec<Arc<str>>, StoreError>;

    /// Returns the changes of all tasks from now on, by any process that uses the store. The stream
    /// never ends by itself. It reconnects, and a reader that is too slow receives
    /// [`TaskChange::Missed`].
    fn changes(&self) -> BoxStream<'static, TaskChange>;

    /// Whether what is stored leaves the memory of this process. The records of such a store are
    /// sealed.
    fn leaves_process(&self) -> bool {
        true
    }
}

/// What became of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateOutcome {
    /// It was applied. The task has this version now.
    Applied(u64),
    /// The task has another version. Read it again.
    Conflict,
    /// The task is terminal.
    Ended,
    /// Another worker has claimed the task.
    Fenced,
    /// There is no task with this id.
    Missing,
}

/// A change that a store reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskChange {
    /// A task was created, or changed.
    Changed {
        /// The id of the task.
        id: Arc<str>,
        /// Its version.
        version: u64,
        /// Its state.
        state: TaskState,
    },
    /// A task was deleted.
    Removed {
        /// The id of the task.
        id: Arc<str>,
    },
    /// Changes were lost. The reader must look at all tasks that it watches.
    Missed,
}
