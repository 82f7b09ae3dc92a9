//! A store in Redis for all parts of a server over HTTP.

use super::store::RedisStore;
use crate::store::stores::Stores;

/// Uses the store for sessions, their events, single-use values, and messages between instances.
impl From<RedisStore> for Stores {
    fn from(store: RedisStore) -> Self {
        Self::all(store)
    }
}
