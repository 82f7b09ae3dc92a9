//! Stores that are connected to a server of a test.

use mcp_server::store::RedisStore;
pub(crate) use mcp_test_support::RedisServer;

/// Connects stores.
pub(crate) trait Connect {
    /// Connects a store with the default settings.
    async fn store(&self) -> RedisStore;
}

impl Connect for RedisServer {
    async fn store(&self) -> RedisStore {
        RedisStore::connect(&self.url()).await.expect("a store")
    }
}
