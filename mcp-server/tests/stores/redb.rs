//! The store in a file.

use std::sync::Mutex;

use mcp_server::store::RedbStore;
use mcp_server::store::contract::{StoreFixture, check_task_store};
use tempfile::TempDir;

/// Opens a file of its own for each store. Only the last one is opened again.
struct Files {
    folder: TempDir,
    opened: Mutex<u64>,
}

impl Files {
    fn open_number(&self, number: u64) -> RedbStore {
        RedbStore::open(self.folder.path().join(format!("{number}.redb"))).unwrap()
    }
}

impl StoreFixture for Files {
    type Store = RedbStore;

    async fn open(&self) -> RedbStore {
        let mut opened = self.opened.lock().unwrap();
        *opened += 1;
        self.open_number(*opened)
    }

    async fn open_second(&self, store: &RedbStore) -> RedbStore {
        store.clone()
    }

    async fn reopen(&self, store: RedbStore) -> Option<RedbStore> {
        store.close().await;
        Some(self.open_number(*self.opened.lock().unwrap()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_in_a_file_keeps_the_contract() {
    let files = Files { folder: tempfile::tempdir().unwrap(), opened: Mutex::new(0) };
    check_task_store(&files).await;
}
