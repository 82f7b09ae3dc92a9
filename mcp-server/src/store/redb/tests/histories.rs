//! Random histories.

use mcp_core::sync::Mutex;

use super::disk::Disk;
use super::invariants;
use crate::store::contract::{StoreFixture, replay_history};
use crate::store::redb::RedbStore;

/// Opens each store on a disk of its own. Only the last one is opened again.
#[derive(Default)]
struct Disks(Mutex<Disk>);

impl StoreFixture for Disks {
    type Store = RedbStore;

    async fn open(&self) -> RedbStore {
        let disk = Disk::default();
        *self.0.lock() = disk.clone();
        RedbStore::builder().open_backend(disk).expect("the simulated store answers")
    }

    async fn open_second(&self, store: &RedbStore) -> RedbStore {
        store.clone()
    }

    async fn reopen(&self, store: RedbStore) -> Option<RedbStore> {
        invariants::check(&store).await;
        store.close().await;
        let disk = self.0.lock().clone();
        Some(RedbStore::builder().open_backend(disk).expect("the simulated store answers"))
    }
}

#[tokio::test]
async fn random_histories_agree_with_the_model() {
    let fixture = Disks::default();
    for seed in 0..300 {
        replay_history(&fixture, seed).await;
    }
}
