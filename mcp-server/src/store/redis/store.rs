//! A store in Redis.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::keys::Keys;
use super::link::Link;
use super::operation::Operations;
use super::reader::SharedReader;
#[cfg(feature = "http")]
use crate::store::bus::BusEvent;
use crate::store::error::StoreError;
#[cfg(feature = "http")]
use crate::store::event_limits::EventStoreLimits;
use crate::store::task::TaskChange;

/// Longest lease, and longest time that an entry is kept. Sums of longer ones could exceed what a
/// score represents exactly.
const MAX_TIME: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Keeps tasks in a Redis server, for servers with several instances. Redis 7 or later is required.
/// With the feature `http` it is also a `SessionStore`, an `EventStore`, a `NonceStore` and a
/// `MessageBus`: see `Stores::all`.
///
/// All instances that connect to the same server with the same key prefix share their entries, and
/// each sees the changes of all. `docs/stores.md` says which settings of the server lose what when
/// it crashes, and how much memory the entries need.
///
/// An operation whose connection breaks is sent once more over a new connection. The scripts
/// recognize it, so that it has its effect once; if they cannot tell, it fails with
/// [`StoreError::Unavailable`]. [`claim_any`](crate::store::TaskStore::claim_any) may then leave tasks leased to
/// no worker until the leases end, and [`sweep`](crate::store::TaskStore::sweep) may not return all ids that it
/// deleted; [`changes`](crate::store::TaskStore::changes) reports them. A message of the bus may arrive twice.
///
/// One call of [`claim_any`](crate::store::TaskStore::claim_any), [`list`](crate::store::TaskStore::list) or
/// [`sweep`](crate::store::TaskStore::sweep) handles at most 512 tasks, whatever its `max`.
///
/// Clones share their connections, which close with the last one.
///
/// # Examples
/// ```no_run
/// # async fn connect() -> Result<(), mcp_server::store::StoreError> {
/// use mcp_server::store::RedisStore;
///
/// let store = RedisStore::connect("redis://user:password@redis.example.com/0").await?;
/// # Ok(())
/// # }
/// ```
///
/// # TLS
/// URLs that begin with `rediss://` need a TLS feature of the crate `redis`. A server that uses
/// them has that crate among its own dependencies, with a feature such as `tokio-rustls-comp`.
#[derive(Clone)]
pub struct RedisStore {
    pub(super) shared: Arc<Shared>,
}

/// What the clones of a store share.
pub(super) struct Shared {
    pub(super) keys: Arc<Keys>,
    pub(super) link: Link,
    pub(super) feed: SharedReader<TaskChange>,
    pub(super) operations: Operations,
    pub(super) max_feed_entries: u64,
    #[cfg(feature = "http")]
    pub(super) bus: SharedReader<BusEvent>,
    #[cfg(feature = "http")]
    pub(super) max_bus_entries: u64,
    #[cfg(feature = "http")]
    pub(super) event_limits: EventStoreLimits,
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("keys", &self.shared.keys.base).finish_non_exhaustive()
    }
}

/// Returns a time in microseconds, at least that long.
pub(super) fn micros(time: Duration) -> u64 {
    let time = time.min(MAX_TIME).saturating_add(Duration::from_nanos(999));
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

pub(super) fn unknown_effect() -> StoreError {
    StoreError::unavailable(
        "the connection to Redis broke, and whether the operation had its effect is unknown",
    )
}

pub(super) fn unexpected(status: &str) -> StoreError {
    StoreError::invalid(format_args!("a script answered `{status}`"))
}

/// Returns a time in milliseconds, at least that long.
#[cfg(feature = "http")]
pub(super) fn millis(time: Duration) -> u64 {
    micros(time).div_ceil(1_000)
}
