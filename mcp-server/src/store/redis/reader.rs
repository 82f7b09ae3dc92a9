//! The reader of a stream: one for each store and stream, which passes the entries to all that
//! listen.
//!
//! It reads from the time at which the store was opened. So who listens later sees each entry that
//! is added afterwards, without asking the server where the stream ends.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::stream::BoxStream;
use redis::aio::{ConnectionLike as _, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Client, Value};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::keys::Keys;
use super::link::failure;
use super::opening::{Opening, StreamName, StreamPosition};
use super::reply;
use crate::store::error::StoreError;
use crate::store::feed::{Feed, FeedItem};

/// Number of entries that one command reads.
const BATCH: usize = 256;

/// Time that a command waits for entries. Then the reader asks again, so that it notices a
/// connection that the network has lost.
const BLOCK: Duration = Duration::from_secs(5);

/// Pause before the second attempt to connect, which doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Longest pause between two attempts to connect.
const LAST_PAUSE: Duration = Duration::from_secs(2);

/// What the entries of a stream are.
pub(super) trait StreamItem: FeedItem {
    /// The stream.
    const NAME: StreamName;

    /// Returns an entry from its fields.
    fn parse(fields: Value) -> Result<Self, StoreError>;
}

/// How a reader connects.
#[derive(Clone)]
pub(super) struct ReaderConnection {
    client: Client,
    config: AsyncConnectionConfig,
    keys: Arc<Keys>,
}

impl ReaderConnection {
    pub(super) fn new(
        client: Client,
        keys: Arc<Keys>,
        connect_timeout: Duration,
        command_timeout: Duration,
    ) -> Self {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(connect_timeout))
            .set_response_timeout(Some(BLOCK + command_timeout));
        Self { client, config, keys }
    }

    pub(super) async fn connect(&self) -> Result<MultiplexedConnection, StoreError> {
        let connection = self.client.get_multiplexed_async_connection_with_config(&self.config);
        connection.await.map_err(|error| failure(&error))
    }
}

/// The entries of a stream, which all processes add. Dropping it stops the reader.
pub(super) struct SharedReader<T> {
    items: Feed<T>,
    connection: ReaderConnection,
    opening: Opening,
    runtime: Handle,
    reader: OnceLock<AbortHandle>,
}

impl<T: StreamItem> SharedReader<T> {
    /// Creates a reader that continues where the stream ended when the store was opened. It must be
    /// called within a Tokio runtime.
    pub(super) fn new(connection: ReaderConnection, opening: Opening) -> Self {
        let (runtime, reader) = (Handle::current(), OnceLock::new());
        Self { items: Feed::new(), connection, opening, runtime, reader }
    }

    /// Starts to read, unless it has started: with this connection, or a new one.
    pub(super) fn start(&self, connection: Option<MultiplexedConnection>) {
        self.reader.get_or_init(|| {
            let reader = StreamReader {
                connection: self.connection.clone(),
                items: self.items.clone(),
                opening: self.opening.clone(),
            };
            self.runtime.spawn(reader.run(connection)).abort_handle()
        });
    }

    /// Returns the entries from now on.
    pub(super) fn items(&self) -> BoxStream<'static, T> {
        // It misses what is read before it listens.
        let items = self.items.items();
        self.start(None);
        items
    }
}

impl<T> Drop for SharedReader<T> {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.get() {
            reader.abort();
        }
    }
}

struct StreamReader<T> {
    connection: ReaderConnection,
    items: Feed<T>,
    /// The run of the server, and the position of the last entry that was read.
    opening: Opening,
}

impl<T: StreamItem> StreamReader<T> {
    async fn run(mut self, connection: Option<MultiplexedConnection>) {
        let mut next = connection;
        loop {
            let connection = match next.take() {
                Some(connection) => connection,
                None => self.reconnect().await,
            };
            let Err(error) = self.read(connection).await;
            tracing::debug!(%error, stream = ?T::NAME, "the reader of a stream connects again");
        }
    }

    /// Reads until the connection breaks.
    async fn read(
        &mut self,
        mut connection: MultiplexedConnection,
    ) -> Result<Infallible, StoreError> {
        loop {
            let StreamPosition { epoch, number } = self.opening.end;
            let mut command = redis::cmd("XREAD");
            command.arg("COUNT").arg(BATCH).arg("BLOCK").arg(BLOCK.as_millis() as u64);
            let key = T::NAME.key(&self.connection.keys);
            command.arg("STREAMS").arg(key).arg(format!("{epoch}-{number}"));
            let answer = connection.req_packed_command(&command).await;
            let answer = answer.and_then(Value::extract_error).map_err(|error| failure(&error))?;
            for entry in entries(answer)? {
                let [position, fields] = reply::array::<2>(entry)?;
                let position = StreamPosition::parse(&reply::text(position)?)?;
                if position != self.opening.end.next() {
                    // The stream was trimmed, or all keys were deleted.
                    self.items.missed();
                }
                self.opening.end = position;
                match T::parse(fields) {
                    Ok(item) => self.items.report(|| item),
                    // Reading it again would fail again.
                    Err(error) => {
                        tracing::warn!(%error, stream = ?T::NAME, "an entry cannot be read");
                        self.items.missed();
                    }
                }
            }
            tokio::task::yield_now().await;
        }
    }

    /// Connects, and tries until it succeeds.
    async fn reconnect(&mut self) -> MultiplexedConnection {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.connect().await {
                Ok(connection) => return connection,
                Err(error) => {
                    tracing::debug!(%error, stream = ?T::NAME, "a stream cannot be read");
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    async fn connect(&mut self) -> Result<MultiplexedConnection, StoreError> {
        let mut connection = self.connection.connect().await?;
        let opening = Opening::ask(&mut connection, &self.connection.keys, T::NAME).await?;
        if opening.run != self.opening.run {
            // Another run may not have the last entries, and may have others at their positions.
            self.opening = opening;
            self.items.missed();
        }
        Ok(connection)
    }
}

/// Returns the entries of the one stream in the answer of `XREAD`.
fn entries(answer: Value) -> Result<Vec<Value>, StoreError> {
    if answer == Value::Nil {
        return Ok(Vec::new());
    }
    let [stream] = reply::array::<1>(answer)?;
    let [_name, entries] = reply::array::<2>(stream)?;
    reply::list(entries)
}
