//! The settings of tasks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::engine::TaskEngine;
use super::local_engine::LocalEngine;
use crate::store::{MemoryTaskStore, TaskStore};

/// Where a server keeps its tasks, who runs them, and how long they are kept. Pass it to
/// [`ServerBuilder::tasks`](crate::ServerBuilder::tasks).
///
/// ```
/// use std::time::Duration;
///
/// use mcp_server::Server;
/// use mcp_server::store::MemoryTaskStore;
/// use mcp_server::task::TaskConfig;
///
/// let tasks = TaskConfig::new(MemoryTaskStore::new()).ttl(Duration::from_secs(24 * 60 * 60));
/// let server = Server::builder("reports", "1.0.0").tasks(tasks);
/// ```
#[must_use = "the settings apply when they are passed to ServerBuilder::tasks"]
pub struct TaskConfig {
    pub(crate) store: Arc<dyn TaskStore>,
    pub(crate) engine: Arc<dyn TaskEngine>,
    pub(crate) ttl: Option<Duration>,
    pub(crate) result_ttl: Duration,
    pub(crate) poll_interval: Duration,
    pub(crate) is_plaintext: bool,
}

impl TaskConfig {
    /// Creates settings with a store. Tasks run in this process, and are kept for one hour.
    ///
    /// ```
    /// # #[cfg(feature = "redb")]
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_server::store::RedbStore;
    /// use mcp_server::task::TaskConfig;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("tasks.redb");
    /// // Tasks survive a restart. `ServerBuilder::state_keys` seals what the file has.
    /// let tasks = TaskConfig::new(RedbStore::open(path)?);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "redb"))]
    /// # fn main() {}
    /// ```
    pub fn new(store: impl TaskStore) -> Self {
        Self {
            store: Arc::new(store),
            engine: Arc::new(LocalEngine::new()),
            ttl: Some(Duration::from_secs(60 * 60)),
            result_ttl: Duration::from_secs(5 * 60),
            poll_interval: Duration::from_secs(1),
            is_plaintext: false,
        }
    }

    /// Sets who runs tasks. Default: a [`LocalEngine`].
    ///
    /// ```
    /// use mcp_server::store::MemoryTaskStore;
    /// use mcp_server::task::{LocalEngine, TaskConfig};
    ///
    /// // The default. One of your own passes each task to a queue of workers.
    /// let tasks = TaskConfig::new(MemoryTaskStore::new()).engine(LocalEngine::new());
    /// ```
    pub fn engine(mut self, engine: impl TaskEngine) -> Self {
        self.engine = Arc::new(engine);
        self
    }

    /// Sets the time from its creation for which a task is kept; `None` keeps it for ever. A task
    /// that still runs then is deleted. Default: one hour.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use mcp_server::task::TaskConfig;
    /// let day = TaskConfig::default().ttl(Duration::from_secs(24 * 60 * 60));
    /// let for_ever = TaskConfig::default().ttl(None); // Until somebody deletes them.
    /// ```
    pub fn ttl(mut self, ttl: impl Into<Option<Duration>>) -> Self {
        self.ttl = ttl.into();
        self
    }

    /// Sets the minimum time for which the outcome of a task is kept, so that a task which ends
    /// shortly before its expiry is not lost. Default: five minutes.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use mcp_server::task::TaskConfig;
    /// // Users come back after lunch: a report that is ready is there for an hour at least.
    /// let tasks = TaskConfig::default().result_ttl(Duration::from_secs(60 * 60));
    /// ```
    pub fn result_ttl(mut self, ttl: Duration) -> Self {
        self.result_ttl = ttl;
        self
    }

    /// Sets the time that clients should wait between two polls. Default: one second.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use mcp_server::task::TaskConfig;
    /// // No report is ready before a minute is over.
    /// let tasks = TaskConfig::default().poll_interval(Duration::from_secs(15));
    /// ```
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval;
        self
    }

    /// Stores tasks without sealing them. By default, what leaves the process is sealed with
    /// [`ServerBuilder::state_keys`](crate::ServerBuilder::state_keys), because it contains the
    /// arguments and the results of tools.
    ///
    /// ```
    /// # use mcp_server::task::TaskConfig;
    /// // Other programs read the store, and what the tools return is public.
    /// let tasks = TaskConfig::default().plaintext();
    /// ```
    pub fn plaintext(mut self) -> Self {
        self.is_plaintext = true;
        self
    }
}

/// Keeps tasks in memory.
impl Default for TaskConfig {
    fn default() -> Self {
        Self::new(MemoryTaskStore::new())
    }
}

impl fmt::Debug for TaskConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskConfig")
            .field("ttl", &self.ttl)
            .field("result_ttl", &self.result_ttl)
            .field("poll_interval", &self.poll_interval)
            .field("is_plaintext", &self.is_plaintext)
            .finish_non_exhaustive()
    }
}
