//! The settings of a store in Redis, and the connection to it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo as _, ProtocolVersion};

use super::keys::Keys;
use super::link::{Link, failure};
use super::opening::{Opening, StreamName};
use super::operation::Operations;
use super::reader::{ReaderConnection, SharedReader};
use super::store::{RedisStore, Shared};
use crate::store::error::StoreError;
#[cfg(feature = "http")]
use crate::store::event_limits::EventStoreLimits;

/// Configures and connects a [`RedisStore`].
#[must_use]
pub struct RedisStoreBuilder {
    url: String,
    prefix: String,
    connect_timeout: Duration,
    command_timeout: Duration,
    max_feed_entries: u64,
    #[cfg(feature = "http")]
    max_bus_entries: u64,
    #[cfg(feature = "http")]
    event_limits: EventStoreLimits,
}

impl RedisStoreBuilder {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            prefix: "mcp".to_owned(),
            connect_timeout: Duration::from_secs(5),
            command_timeout: Duration::from_secs(5),
            max_feed_entries: 10_000,
            #[cfg(feature = "http")]
            max_bus_entries: 4_096,
            #[cfg(feature = "http")]
            event_limits: EventStoreLimits::default(),
        }
    }

    /// Sets the prefix of all keys. Stores with the same prefix share their entries. It is the
    /// hash tag of the keys: not empty, and without braces. `mcp`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the time that it may take to open a connection. 5 s.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the time that one operation may take, with a new connection if the old one broke. Then
    /// it fails with [`StoreError::Unavailable`]. 5 s.
    pub const fn command_timeout(mut self, timeout: Duration) -> Self {
        self.command_timeout = timeout;
        self
    }

    /// Sets the number of changes that the feed keeps, at least. A reader that was disconnected
    /// for longer misses some, and looks at all tasks that it watches. Each takes about 100 bytes
    /// of the server's memory. 10,000.
    pub const fn max_feed_entries(mut self, entries: u64) -> Self {
        self.max_feed_entries = entries;
        self
    }

    /// Sets the number of messages that the bus keeps, at least. An instance that was disconnected
    /// for longer receives [`BusEvent::Missed`](crate::store::BusEvent::Missed). Each takes its
    /// length and about 100 bytes of the server's memory, and has at most 64 KiB. 4,096.
    #[cfg(feature = "http")]
    pub const fn max_bus_entries(mut self, entries: u64) -> Self {
        self.max_bus_entries = entries;
        self
    }

    /// Sets how much is kept of the streams of sessions. `max_total_bytes` has no effect: the
    /// number of sessions limits the size of all streams.
    #[cfg(feature = "http")]
    pub fn event_limits(mut self, limits: EventStoreLimits) -> Self {
        self.event_limits = limits;
        self
    }

    /// Connects to the server. It must be called within a Tokio runtime.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if a setting is invalid, the server cannot be reached or refuses
    /// the password, is older than version 7, or is a replica. [`StoreError::Invalid`] if a newer
    /// version of the SDK wrote its keys. No error shows the URL.
    pub async fn connect(self) -> Result<RedisStore, StoreError> {
        let keys = Arc::new(Keys::new(&self.prefix)?);
        let info = self.url.as_str().into_connection_info().map_err(|error| failure(&error))?;
        // Nothing here needs RESP3, and some proxies do not know it.
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP2);
        let info = info
            .set_redis_settings(settings.set_skip_set_lib_name())
            .set_tcp_settings(TcpSettings::default().set_nodelay(true));
        let client = Client::open(info).map_err(|error| failure(&error))?;

        let (connect_timeout, command_timeout) = (self.connect_timeout, self.command_timeout);
        let reader = ReaderConnection::new(
            client.clone(),
            Arc::clone(&keys),
            connect_timeout,
            command_timeout,
        );
        let mut connection = reader.connect().await?;
        let ask = async {
            let opening = Opening::ask(&mut connection, &keys, StreamName::Feed).await?;
            #[cfg(feature = "http")]
            let bus = Opening::ask(&mut connection, &keys, StreamName::Bus).await?;
            #[cfg(not(feature = "http"))]
            let bus = ();
            Ok::<_, StoreError>((opening, bus))
        };
        let (opening, bus) = tokio::time::timeout(command_timeout, ask).await.map_err(|_| {
            StoreError::unavailable(format_args!(
                "Redis did not answer within {command_timeout:?} (`command_timeout`)"
            ))
        })??;
        if is_lossy(&opening.eviction) {
            tracing::warn!(
                policy = opening.eviction,
                "Redis deletes what it keeps when its memory is full; set \
                 `maxmemory-policy noeviction`"
            );
        }
        let feed = SharedReader::new(reader.clone(), opening);
        feed.start(Some(connection));
        #[cfg(feature = "http")]
        let bus = SharedReader::new(reader, bus);
        #[cfg(not(feature = "http"))]
        let () = bus;

        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(connect_timeout))
            // Each operation has its own timeout.
            .set_response_timeout(None);
        let connection = client.get_multiplexed_async_connection_with_config(&config).await;
        let connection = connection.map_err(|error| failure(&error))?;
        let shared = Shared {
            keys,
            link: Link::new(client, config, command_timeout, connection),
            feed,
            operations: Operations::new()?,
            max_feed_entries: self.max_feed_entries.max(1),
            #[cfg(feature = "http")]
            bus,
            #[cfg(feature = "http")]
            max_bus_entries: self.max_bus_entries.max(1),
            #[cfg(feature = "http")]
            event_limits: self.event_limits,
        };
        Ok(RedisStore { shared: Arc::new(shared) })
    }
}

/// Whether a policy for a full memory deletes entries of a store: any, or those that expire.
fn is_lossy(policy: &str) -> bool {
    policy.starts_with("allkeys") || (cfg!(feature = "http") && policy.starts_with("volatile"))
}

impl RedisStore {
    /// Connects to a server with the default settings.
    ///
    /// # Errors
    /// Those of [`RedisStoreBuilder::connect`].
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::builder(url).connect().await
    }

    /// Creates a builder, for other settings than the defaults.
    pub fn builder(url: &str) -> RedisStoreBuilder {
        RedisStoreBuilder::new(url)
    }
}

/// Does not show the URL, which may have a password.
impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStoreBuilder")
            .field("prefix", &self.prefix)
            .field("connect_timeout", &self.connect_timeout)
            .field("command_timeout", &self.command_timeout)
            .field("max_feed_entries", &self.max_feed_entries)
            .finish_non_exhaustive()
    }
}
