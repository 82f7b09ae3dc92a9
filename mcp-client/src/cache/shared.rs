//! A cache for several clients.

use std::fmt;
use std::sync::Arc;

use super::client_cache::Cache;
use super::limits::CacheLimits;
use super::store::Store;

/// A cache of results that several clients share: lists and resources that the server allows to be
/// kept (`ttlMs`).
///
/// It is for hosts with many clients of the same servers, such as one for each user. A `public`
/// result serves all clients of its server, a `private` one only those of the same principal. A
/// clone is the same cache. Pass it to
/// [`ClientBuilder::shared_cache`](crate::ClientBuilder::shared_cache).
///
/// ```no_run
/// # async fn example() -> Result<(), mcp_client::Error> {
/// # use std::process::Command;
/// use mcp_client::{Client, SharedCache};
///
/// let cache = SharedCache::new();
/// for user in ["alice", "bob"] {
///     let mut command = Command::new("notes-server");
///     command.env("NOTES_USER", user);
///     let builder = Client::builder().shared_cache(&cache, "notes", user);
///     let client = builder.connect_command(command).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SharedCache(Arc<Store>);

impl SharedCache {
    /// Creates an empty cache with [`CacheLimits::for_sharing`].
    ///
    /// ```
    /// use mcp_client::{Client, SharedCache};
    ///
    /// let cache = SharedCache::new();
    /// let server = "https://mcp.example.com/mcp";
    /// let for_alice = Client::builder().shared_cache(&cache, server, "alice");
    /// let for_bob = Client::builder().shared_cache(&cache, server, "bob");
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(CacheLimits::for_sharing())
    }

    /// Creates an empty cache with other limits.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mcp_client::{CacheLimits, SharedCache};
    ///
    /// let mut limits = CacheLimits::for_sharing();
    /// limits.max_ttl = Duration::from_secs(600); // whatever servers say
    /// let cache = SharedCache::with_limits(limits);
    /// ```
    #[must_use]
    pub fn with_limits(limits: CacheLimits) -> Self {
        Self(Store::new(limits))
    }

    /// The number of results that are kept, fresh or stale.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::{Client, SharedCache};
    ///
    /// let cache = SharedCache::new();
    /// let builder = Client::builder().shared_cache(&cache, "notes", "alice");
    /// builder.connect(reader, writer).await?.list_resources().await?;
    /// assert_eq!(cache.len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no results are kept.
    ///
    /// ```
    /// use mcp_client::SharedCache;
    ///
    /// assert!(SharedCache::new().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops the private results of a principal of a server, as when the user signs out.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::{Client, SharedCache};
    ///
    /// let cache = SharedCache::new();
    /// let builder = Client::builder().shared_cache(&cache, "notes", "alice");
    /// builder.connect(reader, writer).await?.list_resources().await?;
    /// cache.forget("notes", "alice"); // She signs out.
    /// assert!(cache.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    pub fn forget(&self, server: &str, principal: &str) {
        self.0.forget_principal(server, principal);
    }

    pub(crate) fn scoped(&self, server: &str, principal: &str) -> Cache {
        Cache::new(&self.0, server, principal)
    }
}

impl Default for SharedCache {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SharedCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedCache").field("len", &self.len()).finish_non_exhaustive()
    }
}
