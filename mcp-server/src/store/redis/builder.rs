//! The settings of a store in Redis, and the connection to it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo as _, ProtocolVersion};

use super::feed::{self, SharedFeed};
use super::keys::Keys;
use super::link::{Link, failure};
use super::opening::Opening;
use super::operation::Operations;
use super::store::RedisStore;
use crate::store::task::StoreError;

/// Configures and connects a [`RedisStore`].
#[must_use]
pub struct RedisStoreBuilder {
    url: String,
    prefix: String,
    connect_timeout: Duration,
    command_timeout: Duration,
    max_feed_entries: u64,
}

impl RedisStoreBuilder {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            prefix: "mcp".to_owned(),
            connect_timeout: Duration::from_secs(5),
            command_timeout: Duration::from_secs(5),
            max_feed_entries: 10_000,
        }
    }

    /// Sets the prefix of all keys. Stores with the same prefix share their tasks. It is the hash
    /// tag of the keys: not empty, and without braces. `mcp`.
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

        let feed_config = feed::config(self.connect_timeout, self.command_timeout);
        let connection = client.get_multiplexed_async_connection_with_config(&feed_config).await;
        let mut reader = connection.map_err(|error| failure(&error))?;
        let opening = tokio::time::timeout(self.command_timeout, Opening::ask(&mut reader, &keys));
        let opening = opening.await.map_err(|_| {
            StoreError::unavailable(format_args!(
                "Redis did not answer within {:?} (`command_timeout`)",
                self.command_timeout
            ))
        })??;
        if opening.eviction.starts_with("allkeys") {
            tracing::warn!(
                policy = opening.eviction,
                "Redis deletes tasks when its memory is full; set `maxmemory-policy noeviction`"
            );
        }

        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            // Each operation has its own timeout.
            .set_response_timeout(None);
        let connection = client.get_multiplexed_async_connection_with_config(&config).await;
        let connection = connection.map_err(|error| failure(&error))?;
        let feed =
            SharedFeed::start(client.clone(), feed_config, Arc::clone(&keys), reader, opening);
        let link = Link::new(client, config, self.command_timeout, connection);
        Ok(RedisStore::new(keys, link, feed, Operations::new()?, self.max_feed_entries.max(1)))
    }
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
