//! Where a server keeps what outlives a request, and the stores that come with the SDK.
//!
//! A [`TaskStore`] keeps tasks. It knows nothing of the protocol: it stores records under their
//! version, leases them to workers, and reports changes. [`task`](crate::task) does the rest, so
//! that a store is small, and every store behaves alike. `docs/stores.md` compares them.

#[cfg(feature = "test-util")]
pub mod contract;
mod feed;
mod leases;
mod memory;
mod position;
#[cfg(feature = "redb")]
mod redb;
#[cfg(feature = "redis")]
mod redis;
mod rules;
mod task;

#[cfg(feature = "redis")]
pub use self::redis::{RedisStore, RedisStoreBuilder};
pub use memory::{MemoryCounts, MemoryTaskStore};
#[cfg(feature = "redb")]
pub use redb::{RedbStore, RedbStoreBuilder};
pub use task::{
    Lease, NewTask, StoreError, TaskChange, TaskHead, TaskPage, TaskQuota, TaskRecord, TaskState,
    TaskStore, TaskUpdate, UpdateOutcome,
};
