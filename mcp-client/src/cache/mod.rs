//! Results that the server allows to be kept (`ttlMs`), until they are stale or a change is
//! announced.
//!
//! A client is one authorization context. By default it keeps results for itself. The clients of a
//! host may share one cache: `public` results serve all clients of the server, `private` ones only
//! those of the same principal (CACHE-3, CACHE-4). Spec: server/utilities/caching.

mod change;
mod client_cache;
mod freshness;
mod limits;
mod shared;
mod store;

pub(crate) use change::Change;
pub(crate) use client_cache::Cache;
pub use limits::CacheLimits;
pub use shared::SharedCache;
pub(crate) use store::Key;
