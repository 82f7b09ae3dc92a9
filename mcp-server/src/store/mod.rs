//! Where a server keeps what outlives a request, and the stores that come with the SDK.
//!
//! | interface | keeps | for |
//! |---|---|---|
//! | [`TaskStore`] | tasks | [`TaskConfig`](crate::task::TaskConfig) |
//! | [`SessionStore`] | sessions of the legacy era | [`Stores`] |
//! | [`EventStore`] | what was sent on the streams of sessions | [`Stores`] |
//! | [`NonceStore`] | single-use states that were used | [`Stores`] |
//! | [`MessageBus`] | messages between the instances of a server | [`Stores`] |
//!
//! They know nothing of the protocol: they keep bytes under versions and times. The modules that
//! use them do the rest, so that a store is small, and every store behaves alike. `docs/stores.md`
//! compares them, and `docs/fleet.md` tells what several instances share.

#[cfg(feature = "http")]
mod bus;
#[cfg(feature = "test-util")]
pub mod contract;
mod error;
#[cfg(feature = "http")]
mod event;
#[cfg(feature = "http")]
mod event_limits;
#[cfg(any(feature = "tasks", feature = "http"))]
mod feed;
#[cfg(feature = "tasks")]
mod leases;
mod memory;
#[cfg(feature = "http")]
mod nonce;
#[cfg(feature = "tasks")]
mod position;
#[cfg(feature = "redb")]
mod redb;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "tasks")]
mod rules;
#[cfg(feature = "http")]
mod session;
#[cfg(feature = "http")]
mod stores;
#[cfg(feature = "tasks")]
mod task;

#[cfg(feature = "redis")]
pub use self::redis::{RedisStore, RedisStoreBuilder};
#[cfg(feature = "http")]
pub use bus::{BusEvent, MAX_BUS_MESSAGE_BYTES, MessageBus};
pub use error::StoreError;
#[cfg(feature = "http")]
pub use event::{EventStore, ReplayError, StoredEvent, StreamKey};
#[cfg(feature = "http")]
pub use event_limits::EventStoreLimits;
#[cfg(feature = "http")]
pub use memory::{MemoryBus, MemoryEventStore, MemoryNonceStore, MemorySessionStore};
#[cfg(feature = "tasks")]
pub use memory::{MemoryCounts, MemoryTaskStore};
#[cfg(feature = "http")]
pub use nonce::{NonceQuota, NonceStore};
#[cfg(feature = "redb")]
pub use redb::{RedbStore, RedbStoreBuilder};
#[cfg(feature = "http")]
pub use session::{NewSession, SessionKey, SessionQuota, SessionRecord, SessionStore};
#[cfg(feature = "http")]
pub use stores::Stores;
#[cfg(feature = "tasks")]
pub use task::{
    Lease, NewTask, TaskChange, TaskHead, TaskPage, TaskQuota, TaskRecord, TaskState, TaskStore,
    TaskUpdate, UpdateOutcome,
};
