//! Tasks to store.

use std::time::Duration;

use bytes::Bytes;
use mcp_server::store::{
    NewTask, RedisStore, TaskHead, TaskQuota, TaskRecord, TaskState, TaskStore as _, TaskUpdate,
    UpdateOutcome,
};

pub(crate) const LEASE: Duration = Duration::from_secs(60);

pub(crate) const QUOTA: TaskQuota = TaskQuota::new(1_000_000, 1_000_000);

/// A working task of `ada` without a lease.
pub(crate) fn new_task(id: &str) -> NewTask {
    NewTask::new(TaskRecord::new(TaskHead::new(id, "ada", 1_000), "call".into(), Vec::new()))
}

pub(crate) async fn create(store: &RedisStore, id: &str) {
    store.create(new_task(id), QUOTA).await.expect("a new task");
}

pub(crate) async fn head(store: &RedisStore, id: &str) -> TaskHead {
    store.head(id).await.expect("an answer").expect("a task")
}

/// Appends an entry to the journal of a task.
pub(crate) async fn append(store: &RedisStore, id: &str, entry: &'static str) -> UpdateOutcome {
    let mut update = TaskUpdate::of(&head(store, id).await, 2_000);
    update.append = vec![entry.into()];
    store.update(id, update).await.expect("an answer")
}

/// Completes a task.
pub(crate) async fn complete(store: &RedisStore, id: &str, outcome: Bytes) -> UpdateOutcome {
    let mut update = TaskUpdate::of(&head(store, id).await, 3_000);
    update.state = TaskState::Completed;
    update.outcome = Some(outcome);
    store.update(id, update).await.expect("an answer")
}
