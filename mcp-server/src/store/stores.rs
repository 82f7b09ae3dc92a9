//! The stores that a server uses for sessions of the legacy era.

use std::fmt;
use std::sync::Arc;

use super::bus::MessageBus;
use super::event::EventStore;
use super::nonce::NonceStore;
use super::session::SessionStore;

/// Where a server over HTTP keeps sessions of the legacy era, what was sent on their streams, and
/// which single-use states were used; and how its instances send each other messages.
///
/// Each part is optional. Without one, the server keeps it in the memory of its process.
///
/// - With a store of sessions, sessions outlive the process.
/// - With a bus as well, several instances behind a load balancer serve the same sessions, and
///   notify each other of changes. `docs/fleet.md` tells what they share.
///
/// ```
/// # #[cfg(feature = "redb")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mcp_server::Server;
/// use mcp_server::input::KeyRing;
/// use mcp_server::store::{RedbStore, Stores};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("sessions.redb");
/// # let secret = "6d1f0c9a4be27583d0f2c6e89a1b7354";
/// // Sessions and their streams survive a restart; single-use states are remembered in memory.
/// let file = RedbStore::open(path)?;
/// let stores = Stores::new().sessions(file.clone()).events(file);
/// let server =
///     Server::builder("notes", "1.0.0").state_keys(KeyRing::new(secret)?).stores(stores).build()?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "redb"))]
/// # fn main() {}
/// ```
#[derive(Clone, Default)]
#[must_use = "stores do nothing until a server is built with them"]
pub struct Stores {
    pub(crate) sessions: Option<Arc<dyn SessionStore>>,
    pub(crate) events: Option<Arc<dyn EventStore>>,
    pub(crate) nonces: Option<Arc<dyn NonceStore>>,
    pub(crate) bus: Option<Arc<dyn MessageBus>>,
}

impl Stores {
    /// No stores.
    ///
    /// ```
    /// use mcp_server::store::{MemoryNonceStore, Stores};
    ///
    /// let stores = Stores::new().nonces(MemoryNonceStore::new()); // The other parts as without stores.
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Uses one store for all parts.
    ///
    /// ```no_run
    /// # #[cfg(feature = "redis")]
    /// # async fn example() -> Result<(), mcp_server::store::StoreError> {
    /// use mcp_server::store::{MemoryEventStore, RedisStore, Stores};
    ///
    /// // Everything in Redis, except the streams, which this instance alone can resume.
    /// let redis = RedisStore::connect("redis://10.0.0.5/").await?;
    /// let stores = Stores::all(redis).events(MemoryEventStore::default());
    /// # Ok(())
    /// # }
    /// ```
    pub fn all<S>(store: S) -> Self
    where
        S: SessionStore + EventStore + NonceStore + MessageBus,
    {
        let store = Arc::new(store);
        Self {
            sessions: Some(Arc::clone(&store) as _),
            events: Some(Arc::clone(&store) as _),
            nonces: Some(Arc::clone(&store) as _),
            bus: Some(store),
        }
    }

    /// Whether there is no store at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.sessions.is_none()
            && self.events.is_none()
            && self.nonces.is_none()
            && self.bus.is_none()
    }

    /// Whether something is kept outside of this process that has to be sealed.
    pub(crate) fn leave_process(&self) -> bool {
        self.sessions.as_ref().is_some_and(|store| store.leaves_process())
            || self.events.as_ref().is_some_and(|store| store.leaves_process())
            || self.bus.as_ref().is_some_and(|bus| bus.leaves_process())
    }

    /// Keeps sessions in this store.
    ///
    /// ```
    /// use mcp_server::store::{MemorySessionStore, Stores};
    ///
    /// // In a test: two servers, one after the other, with the same sessions.
    /// let sessions = MemorySessionStore::new();
    /// let (before, after) = (Stores::new().sessions(sessions.clone()), Stores::new().sessions(sessions));
    /// ```
    pub fn sessions(mut self, store: impl SessionStore) -> Self {
        self.sessions = Some(Arc::new(store));
        self
    }

    /// Keeps what was sent on the streams of sessions in this store, unless
    /// [`HttpOptions`](crate::http::HttpOptions) names another one.
    ///
    /// ```
    /// use mcp_server::store::{EventStoreLimits, MemoryEventStore, Stores};
    ///
    /// let mut limits = EventStoreLimits::default();
    /// limits.max_total_bytes = 8 << 20;
    /// let stores = Stores::new().events(MemoryEventStore::new(limits));
    /// ```
    pub fn events(mut self, store: impl EventStore) -> Self {
        self.events = Some(Arc::new(store));
        self
    }

    /// Remembers in this store which single-use states were used.
    ///
    /// ```no_run
    /// # #[cfg(feature = "redis")]
    /// # async fn example() -> Result<(), mcp_server::store::StoreError> {
    /// use mcp_server::Server;
    /// use mcp_server::store::{RedisStore, Stores};
    ///
    /// // An approval counts once, whichever instance receives it.
    /// let stores = Stores::new().nonces(RedisStore::connect("redis://10.0.0.5/").await?);
    /// let server = Server::builder("payments", "1.0.0").stores(stores).state_single_use(true);
    /// # Ok(())
    /// # }
    /// ```
    pub fn nonces(mut self, store: impl NonceStore) -> Self {
        self.nonces = Some(Arc::new(store));
        self
    }

    /// Sends messages to the other instances of the server over this bus.
    ///
    /// ```
    /// use mcp_server::store::{MemoryBus, Stores};
    ///
    /// // In a test: two instances in one process, which notify each other's clients.
    /// let bus = MemoryBus::new();
    /// let (first, second) = (Stores::new().bus(bus.clone()), Stores::new().bus(bus));
    /// ```
    pub fn bus(mut self, bus: impl MessageBus) -> Self {
        self.bus = Some(Arc::new(bus));
        self
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores")
            .field("sessions", &self.sessions.is_some())
            .field("events", &self.events.is_some())
            .field("nonces", &self.nonces.is_some())
            .field("bus", &self.bus.is_some())
            .finish()
    }
}
