//! The bounds of a cache.

use std::time::Duration;

/// The bounds of a cache of results.
///
/// ```
/// use mcp_client::{CacheLimits, Client, Limits};
///
/// let mut limits = Limits::default();
/// limits.cache.max_entries = 64;
/// let builder = Client::builder().limits(limits);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheLimits {
    /// Maximum number of results. 512, and 4,096 in a [`SharedCache`](crate::SharedCache). A full
    /// cache drops the results that become stale first.
    pub max_entries: usize,
    /// Maximum size of all results, in bytes. 32 MiB, and 64 MiB in a
    /// [`SharedCache`](crate::SharedCache).
    pub max_bytes: usize,
    /// Maximum size of one result, in bytes; a larger one is not kept. 2 MiB, and 4 MiB in a
    /// [`SharedCache`](crate::SharedCache).
    pub max_entry_bytes: usize,
    /// Maximum time for which a result is kept, whatever the server says. 1 day.
    pub max_ttl: Duration,
}

impl CacheLimits {
    /// The defaults for the cache of one client.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_entries: 512,
            max_bytes: 32 << 20,
            max_entry_bytes: 2 << 20,
            max_ttl: Duration::from_secs(24 * 60 * 60),
        }
    }

    /// The defaults for a cache that several clients share.
    #[must_use]
    pub const fn for_sharing() -> Self {
        Self {
            max_entries: 4_096,
            max_bytes: 64 << 20,
            max_entry_bytes: 4 << 20,
            max_ttl: Duration::from_secs(24 * 60 * 60),
        }
    }
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self::new()
    }
}
