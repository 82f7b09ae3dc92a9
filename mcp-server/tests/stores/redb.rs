//! The store in a file.

use mcp_core::sync::Mutex;

use mcp_server::store::RedbStore;
use mcp_server::store::contract::{
    StoreFixture, check_event_store, check_nonce_store, check_session_store, check_task_store,
};
use tempfile::TempDir;

/// Opens a file of its own for each store. Only the last one is opened again.
struct Files {
    folder: TempDir,
    opened: Mutex<u64>,
}

impl Files {
    fn open_number(&self, number: u64) -> RedbStore {
        RedbStore::open(self.folder.path().join(format!("{number}.redb"))).expect("the file opens")
    }
}

impl StoreFixture for Files {
    type Store = RedbStore;

    async fn open(&self) -> RedbStore {
        let mut opened = self.opened.lock();
        *opened += 1;
        self.open_number(*opened)
    }

    async fn open_second(&self, store: &RedbStore) -> RedbStore {
        store.clone()
    }

    async fn reopen(&self, store: RedbStore) -> Option<RedbStore> {
        store.close().await;
        Some(self.open_number(*self.opened.lock()))
    }
}

fn files() -> Files {
    Files { folder: tempfile::tempdir().expect("a temporary folder"), opened: Mutex::new(0) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_in_a_file_keeps_the_contract() {
    check_task_store(&files()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_of_sessions_in_a_file_keeps_the_contract() {
    check_session_store(&files()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_of_events_in_a_file_keeps_the_contract() {
    check_event_store(&files()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_of_used_values_in_a_file_keeps_the_contract() {
    check_nonce_store(&files()).await;
}
