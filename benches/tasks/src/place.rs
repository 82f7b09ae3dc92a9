//! Where a store keeps its tasks.

use std::sync::Arc;

use mcp_server::store::{MemoryTaskStore, RedbStore, RedisStore, TaskStore};
use mcp_test_support::RedisServer;
use tempfile::TempDir;

use crate::Error;

/// More than a load needs.
const BYTES: usize = 4 << 30;

/// What a store needs while it is used.
pub(crate) enum Place {
    Memory,
    File(TempDir),
    Redis(RedisServer),
}

impl Place {
    /// Prepares a place. Each load has a new one.
    pub(crate) fn new(store: &str) -> Result<Self, Error> {
        Ok(match store {
            "memory" => Self::Memory,
            "redb" => Self::File(TempDir::new()?),
            "redis" => Self::Redis(RedisServer::start()),
            "redis-always" => {
                let settings = [("appendonly", "yes"), ("appendfsync", "always")];
                Self::Redis(RedisServer::with_settings(&settings))
            }
            _ => return Err(format!("unknown store {store:?}").into()),
        })
    }

    /// Opens the store.
    pub(crate) async fn open(&self) -> Result<Arc<dyn TaskStore>, Error> {
        Ok(match self {
            Self::Memory => Arc::new(MemoryTaskStore::with_max_bytes(BYTES)),
            Self::File(folder) => Arc::new(RedbStore::open(folder.path().join("tasks.redb"))?),
            Self::Redis(server) => Arc::new(RedisStore::connect(&server.url()).await?),
        })
    }
}

/// The number of tasks of a load that creates tasks. Fewer are enough where each takes long.
pub(crate) fn count(store: &str, in_flight: usize) -> usize {
    match store {
        "redb" if in_flight == 1 => 500,
        "redis" if in_flight == 1 => 2_000,
        "redis-always" if in_flight == 1 => 500,
        _ => 10_000,
    }
}
