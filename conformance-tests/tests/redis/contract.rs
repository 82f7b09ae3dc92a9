//! The contract of stores.

use std::sync::atomic::{AtomicU64, Ordering};

use mcp_server::store::RedisStore;
use mcp_server::store::contract::{
    StoreFixture, check_event_store, check_message_bus, check_nonce_store, check_session_store,
    check_task_store,
};

use crate::server::RedisServer;

/// Opens stores on one server, each with a prefix of its own.
struct Prefixes {
    server: RedisServer,
    opened: AtomicU64,
}

impl Prefixes {
    fn start() -> Self {
        Self { server: RedisServer::start(), opened: AtomicU64::new(0) }
    }

    async fn connect(&self, number: u64) -> RedisStore {
        let builder = RedisStore::builder(&self.server.url()).prefix(format!("store {number}"));
        builder.connect().await.expect("a store")
    }
}

impl StoreFixture for Prefixes {
    type Store = RedisStore;

    async fn open(&self) -> RedisStore {
        self.connect(self.opened.fetch_add(1, Ordering::Relaxed) + 1).await
    }

    async fn open_second(&self, _store: &RedisStore) -> RedisStore {
        self.connect(self.opened.load(Ordering::Relaxed)).await
    }

    async fn reopen(&self, store: RedisStore) -> Option<RedisStore> {
        drop(store);
        Some(self.connect(self.opened.load(Ordering::Relaxed)).await)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn the_store_in_redis_keeps_the_contract() {
    check_task_store(&Prefixes::start()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn the_store_of_sessions_in_redis_keeps_the_contract() {
    check_session_store(&Prefixes::start()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn the_store_of_events_in_redis_keeps_the_contract() {
    check_event_store(&Prefixes::start()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn the_store_of_used_values_in_redis_keeps_the_contract() {
    check_nonce_store(&Prefixes::start()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn the_bus_in_redis_keeps_the_contract() {
    check_message_bus(&Prefixes::start()).await;
}
