//! The stores in memory.

use mcp_server::store::contract::{
    StoreFixture, check_event_store, check_message_bus, check_nonce_store, check_session_store,
    check_task_store,
};
use mcp_server::store::{
    MemoryBus, MemoryEventStore, MemoryNonceStore, MemorySessionStore, MemoryTaskStore,
};

/// Opens stores that share their entries with their clones.
struct Memory<S>(fn() -> S);

impl<S: Clone + Send + Sync + 'static> StoreFixture for Memory<S> {
    type Store = S;

    async fn open(&self) -> S {
        (self.0)()
    }

    async fn open_second(&self, store: &S) -> S {
        store.clone()
    }

    fn histories(&self) -> u64 {
        10_000
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_in_memory_keeps_the_contract() {
    check_task_store(&Memory(MemoryTaskStore::new)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_of_sessions_in_memory_keeps_the_contract() {
    check_session_store(&Memory(MemorySessionStore::new)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_of_events_in_memory_keeps_the_contract() {
    check_event_store(&Memory(MemoryEventStore::default)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_of_used_values_in_memory_keeps_the_contract() {
    check_nonce_store(&Memory(MemoryNonceStore::new)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_bus_in_memory_keeps_the_contract() {
    check_message_bus(&Memory(MemoryBus::new)).await;
}
