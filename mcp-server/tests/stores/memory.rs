//! The store in memory.

use mcp_server::store::MemoryTaskStore;
use mcp_server::store::contract::{StoreFixture, check_task_store};

struct Memory;

impl StoreFixture for Memory {
    type Store = MemoryTaskStore;

    async fn open(&self) -> MemoryTaskStore {
        MemoryTaskStore::new()
    }

    async fn open_second(&self, store: &MemoryTaskStore) -> MemoryTaskStore {
        store.clone()
    }

    fn histories(&self) -> u64 {
        10_000
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_in_memory_keeps_the_contract() {
    check_task_store(&Memory).await;
}
