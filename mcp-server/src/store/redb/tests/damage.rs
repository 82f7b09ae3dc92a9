//! A file with a row that cannot be read.

use std::time::Duration;

use bytes::Bytes;
use redb::Database;

use crate::store::redb::schema::HEADS;
use crate::store::redb::task_store::RedbStore;
use crate::store::task::{NewTask, TaskHead, TaskQuota, TaskRecord, TaskStore as _};

/// One damaged task keeps no other from being claimed.
#[tokio::test]
async fn the_other_tasks_of_a_file_with_a_damaged_row_are_claimed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tasks.redb");
    let store = RedbStore::open(&path).unwrap();
    for id in ["a", "b", "c"] {
        let record = TaskRecord::new(TaskHead::new(id, "owner", 1), Bytes::new(), Vec::new());
        store.create(NewTask::new(record), TaskQuota::new(9, 9)).await.unwrap();
    }
    store.close().await;
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(HEADS).unwrap().insert("b", &b"damaged"[..]).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let store = RedbStore::open(&path).unwrap();
    let lease = Duration::from_secs(60);
    let leases = store.claim_any(lease, 9).await.unwrap();
    let mut ids: Vec<_> = leases.iter().map(|lease| &*lease.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["a", "c"]);
    // It is not tried all the time.
    assert_eq!(store.claim_any(lease, 9).await.unwrap(), []);
    store.head("b").await.unwrap_err();
    store.close().await;
}
