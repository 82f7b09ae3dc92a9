//! Stores that are full.

use std::time::Duration;

use bytes::Bytes;
use mcp_server::store::{
    MemoryTaskStore, NewTask, RedbStore, StoreError, TaskHead, TaskQuota, TaskRecord, TaskState,
    TaskStore, TaskUpdate, UpdateOutcome,
};

const QUOTA: TaskQuota = TaskQuota::new(10, 10);

fn task(id: &str) -> NewTask {
    let record = TaskRecord::new(TaskHead::new(id, "owner", 1), Bytes::new(), Vec::new());
    NewTask::new(record).leased(Duration::from_secs(60))
}

async fn update(
    store: &impl TaskStore,
    set: impl FnOnce(&mut TaskUpdate),
) -> Result<UpdateOutcome, StoreError> {
    let head = store.head("a").await.expect("an answer").expect("the task");
    let mut update = TaskUpdate::of(&head, 2);
    set(&mut update);
    store.update("a", update).await
}

/// Fills a store that `open` opens with a limit on its bytes.
async fn check<S: TaskStore>(open: impl AsyncFn(usize) -> S) {
    let mut max = 0;
    let store = loop {
        let store = open(max).await;
        match store.create(task("a"), QUOTA).await {
            Ok(()) => break store,
            Err(StoreError::Full { limit: "max_bytes", .. }) => max += 1,
            Err(error) => panic!("{error}"),
        }
        assert!(max < 2_000, "a small task is never accepted");
    };
    let full = |result: Result<UpdateOutcome, StoreError>| {
        assert!(matches!(result, Err(StoreError::Full { limit: "max_bytes", .. })), "{result:?}");
    };
    assert!(matches!(store.create(task("b"), QUOTA).await, Err(StoreError::Full { .. })));
    full(update(&store, |update| update.append = vec![Bytes::from_static(b"step")]).await);
    full(update(&store, |update| update.detail = Some(Bytes::from_static(b"half"))).await);
    let finish = |bytes: usize| {
        move |update: &mut TaskUpdate| {
            update.state = TaskState::Failed;
            update.outcome = Some(vec![b'x'; bytes].into());
        }
    };
    full(update(&store, finish(5_000)).await);
    // A task can always end.
    assert_eq!(update(&store, finish(4_000)).await.expect("it fits"), UpdateOutcome::Applied(2));
}

#[tokio::test]
async fn a_full_store_in_memory_refuses_growth_and_accepts_the_end_of_a_task() {
    check(async |max| MemoryTaskStore::with_max_bytes(max)).await;
}

#[tokio::test]
async fn a_full_store_in_a_file_refuses_growth_and_accepts_the_end_of_a_task() {
    let folder = tempfile::tempdir().unwrap();
    // Opening a file takes long, so the search begins where the store in memory ends.
    check(async |max| {
        let file = folder.path().join(format!("{max}.redb"));
        RedbStore::builder().max_bytes(500 + max as u64).open(file).unwrap()
    })
    .await;
}
