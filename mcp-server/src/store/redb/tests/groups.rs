//! Transactions of several writes.

use bytes::Bytes;
use futures::future::join_all;

use super::disk::Disk;
use crate::store::redb::RedbStore;
use crate::store::task::{
    NewTask, StoreError, TaskHead, TaskQuota, TaskRecord, TaskStore as _, TaskUpdate, UpdateOutcome,
};

const QUOTA: TaskQuota = TaskQuota::new(100, 100);

fn task(id: &str) -> NewTask {
    let head = TaskHead::new(id, "owner", 1);
    NewTask::new(TaskRecord::new(head, Bytes::new(), vec![]))
}

#[tokio::test]
async fn writes_that_wait_share_a_commit() {
    let disk = Disk::default();
    let store = RedbStore::builder().open_backend(disk.clone()).unwrap();
    let before = disk.syncs();
    store.create(task("one"), QUOTA).await.unwrap();
    let of_one = disk.syncs() - before;
    assert!(of_one > 0, "a write was answered before it was on the disk");

    let before = disk.syncs();
    let ids: Vec<_> = (0..64).map(|number| format!("task-{number}")).collect();
    let created = join_all(ids.iter().map(|id| store.create(task(id), QUOTA))).await;
    assert!(created.iter().all(Result::is_ok));
    let of_all = disk.syncs() - before;
    // The thread takes the first write alone, and the others meanwhile arrive.
    assert!(of_all <= of_one * 32, "{of_all} syncs for 64 writes, {of_one} for one");
}

#[tokio::test]
async fn a_refused_write_does_not_fail_the_others_of_its_transaction() {
    let store = RedbStore::builder().max_bytes(70_000).open_backend(Disk::default()).unwrap();
    store.create(task("task"), QUOTA).await.unwrap();
    let stale = TaskUpdate { version: 7, ..TaskUpdate::of(&TaskHead::new("task", "owner", 1), 2) };
    let mut large = task("large");
    large.record.call = vec![0; 80_000].into();
    let (duplicate, large, conflict, missing, created, none) = tokio::join!(
        store.create(task("task"), QUOTA),
        store.create(large, QUOTA),
        store.update("task", stale.clone()),
        store.update("unknown", stale),
        store.create(task("new"), QUOTA),
        store.create(task("none"), TaskQuota::new(0, 0)),
    );
    assert!(matches!(duplicate, Err(StoreError::Exists)));
    assert!(matches!(large, Err(StoreError::Full { limit: "max_bytes", max: 70_000 })));
    assert_eq!(conflict.unwrap(), UpdateOutcome::Conflict);
    assert_eq!(missing.unwrap(), UpdateOutcome::Missing);
    created.unwrap();
    assert!(matches!(none, Err(StoreError::Full { limit: "max_tasks", max: 0 })));
    super::invariants::check(&store).await;
}

#[tokio::test]
async fn what_changes_nothing_does_not_wait_for_the_disk() {
    let disk = Disk::default();
    let store = RedbStore::builder().open_backend(disk.clone()).unwrap();
    store.create(task("task"), QUOTA).await.unwrap();
    let held = std::time::Duration::from_secs(60);
    let lease = store.claim("task", held).await.unwrap().unwrap();
    let before = disk.operations();
    assert_eq!(store.renew(&[lease], held).await.unwrap(), [true]);
    assert_eq!(store.claim("task", held).await.unwrap(), None);
    assert_eq!(store.claim_any(held, 9).await.unwrap(), []);
    assert!(store.sweep(99, 9).await.unwrap().is_empty());
    assert!(store.create(task("task"), QUOTA).await.is_err());
    assert_eq!(disk.operations(), before);
}
