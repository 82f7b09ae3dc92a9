//! What the checks share.

use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;

#[cfg(feature = "http")]
use crate::store::contract::fixture::StoreFixture;
use crate::store::task::{
    NewTask, StoreError, TaskHead, TaskQuota, TaskRecord, TaskState, TaskStore, TaskUpdate,
    UpdateOutcome,
};

/// A quota that is not reached.
pub(super) const QUOTA: TaskQuota = TaskQuota::new(100_000, 100_000);

/// A lease that does not end during a check.
pub(super) const LONG: Duration = Duration::from_secs(600);

/// A lease that ends during a check.
pub(super) const SHORT: Duration = Duration::from_millis(150);

/// The time in which something that must happen soon has to happen.
const PATIENCE: Duration = Duration::from_secs(10);

/// The number of racing callers.
pub(super) const RACERS: u64 = 64;

/// The time at which tasks are created, in milliseconds since the Unix epoch.
pub(super) const NOW: u64 = 1_800_000_000_000;

pub(super) fn head(id: &str) -> TaskHead {
    TaskHead::new(id, "owner", NOW)
}

pub(super) fn task(head: TaskHead) -> NewTask {
    NewTask::new(TaskRecord::new(head, Bytes::from_static(b"call"), Vec::new()))
}

/// Creates a task that is working and can be claimed.
pub(super) async fn create(store: &impl TaskStore, head: TaskHead) {
    store.create(task(head), QUOTA).await.expect("the task is created");
}

pub(super) async fn read(store: &impl TaskStore, id: &str) -> TaskHead {
    store.head(id).await.expect("the head is read").expect("the task exists")
}

pub(super) async fn load(store: &impl TaskStore, id: &str) -> TaskRecord {
    store.load(id).await.expect("the task is read").expect("the task exists")
}

/// Changes the present version of a task.
pub(super) async fn update(
    store: &impl TaskStore,
    id: &str,
    change: impl FnOnce(&mut TaskUpdate),
) -> UpdateOutcome {
    let head = read(store, id).await;
    let mut update = TaskUpdate::of(&head, NOW + 1);
    change(&mut update);
    store.update(id, update).await.expect("the update is answered")
}

pub(super) async fn set_state(store: &impl TaskStore, id: &str, state: TaskState) {
    let outcome = update(store, id, |update| update.state = state).await;
    assert!(matches!(outcome, UpdateOutcome::Applied(_)), "{state:?} was refused: {outcome:?}");
}

pub(super) fn assert_full<T: Debug>(result: Result<T, StoreError>, limit: &str, max: u64) {
    match result {
        Err(StoreError::Full { limit: name, max: value }) => {
            assert_eq!((name, value), (limit, max), "the error names another limit");
        }
        other => panic!("expected that the limit {limit} of {max} is reached, got {other:?}"),
    }
}

/// Runs the racers at the same time, each in its own task of the runtime.
pub(super) async fn race<T, R>(racer: impl Fn(u64) -> R) -> Vec<T>
where
    T: Send + 'static,
    R: Future<Output = T> + Send + 'static,
{
    let racers = (0..RACERS).map(|number| tokio::spawn(racer(number)));
    let ended = join_all(racers.collect::<Vec<_>>()).await;
    ended.into_iter().map(|racer| racer.expect("the racer does not panic")).collect()
}

/// Opens a store, and a second handle of it.
#[cfg(feature = "http")]
pub(super) async fn open_two<F: StoreFixture>(fixture: &F) -> [Arc<F::Store>; 2] {
    let store = fixture.open().await;
    let second = fixture.open_second(&store).await;
    [Arc::new(store), Arc::new(second)]
}

/// Alternates between two handles of a store.
pub(super) fn handle<S>(handles: &[Arc<S>; 2], number: u64) -> Arc<S> {
    Arc::clone(&handles[usize::from(number % 2 == 1)])
}

/// Repeats an attempt until it returns a value.
///
/// # Panics
/// After 10 s.
pub(super) async fn poll<T, A>(what: &str, mut attempt: impl FnMut() -> A) -> T
where
    A: Future<Output = Option<T>>,
{
    let polls = async {
        loop {
            if let Some(value) = attempt().await {
                return value;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let ended = tokio::time::timeout(PATIENCE, polls).await;
    ended.unwrap_or_else(|_| panic!("not within {PATIENCE:?}: {what}"))
}

/// Waits for a future.
///
/// # Panics
/// After 10 s.
pub(super) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let ended = tokio::time::timeout(PATIENCE, future).await;
    ended.unwrap_or_else(|_| panic!("not within {PATIENCE:?}: {what}"))
}
