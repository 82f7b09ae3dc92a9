//! The reader of the feed: one for each store, which passes the changes to all streams.
//!
//! It reads from the time at which the store was opened. So a stream that begins later sees each
//! change that happens after its beginning, without asking the server where the feed ends.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::BoxStream;
use redis::aio::{ConnectionLike as _, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Client, Value};
use tokio::task::AbortHandle;

use super::keys::Keys;
use super::link::failure;
use super::opening::{FeedPosition, Opening};
use super::reply;
use crate::store::feed::Feed;
use crate::store::task::{StoreError, TaskChange};

/// Number of changes that one command reads.
const BATCH: usize = 256;

/// Time that a command waits for changes. Then the reader asks again, so that it notices a
/// connection that the network has lost.
const BLOCK: Duration = Duration::from_secs(5);

/// Pause before the second attempt to connect, which doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Longest pause between two attempts to connect.
const LAST_PAUSE: Duration = Duration::from_secs(2);

/// The changes that any process makes. Dropping it stops the reader.
#[derive(Debug)]
pub(super) struct SharedFeed {
    changes: Feed,
    reader: AbortHandle,
}

impl SharedFeed {
    pub(super) fn start(
        client: Client,
        config: AsyncConnectionConfig,
        keys: Arc<Keys>,
        connection: MultiplexedConnection,
        opening: Opening,
    ) -> Self {
        let changes = Feed::new();
        let reader = FeedReader { client, config, keys, changes: changes.clone(), opening };
        let reader = tokio::spawn(reader.run(connection)).abort_handle();
        Self { changes, reader }
    }

    pub(super) fn changes(&self) -> BoxStream<'static, TaskChange> {
        self.changes.changes()
    }
}

impl Drop for SharedFeed {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Returns the settings of the connection of a reader.
pub(super) fn config(
    connect_timeout: Duration,
    command_timeout: Duration,
) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(connect_timeout))
        .set_response_timeout(Some(BLOCK + command_timeout))
}

struct FeedReader {
    client: Client,
    config: AsyncConnectionConfig,
    keys: Arc<Keys>,
    changes: Feed,
    /// The run of the server, and the position of the last change that was read.
    opening: Opening,
}

impl FeedReader {
    async fn run(mut self, mut connection: MultiplexedConnection) {
        loop {
            let Err(error) = self.read(connection).await;
            tracing::debug!(%error, "the reader of the feed connects again");
            connection = self.reconnect().await;
        }
    }

    /// Reads until the connection breaks.
    async fn read(
        &mut self,
        mut connection: MultiplexedConnection,
    ) -> Result<std::convert::Infallible, StoreError> {
        loop {
            let FeedPosition { epoch, number } = self.opening.end;
            let mut command = redis::cmd("XREAD");
            command.arg("COUNT").arg(BATCH).arg("BLOCK").arg(BLOCK.as_millis() as u64);
            command.arg("STREAMS").arg(&self.keys.feed).arg(format!("{epoch}-{number}"));
            let answer = connection.req_packed_command(&command).await;
            let answer = answer.and_then(Value::extract_error).map_err(|error| failure(&error))?;
            for entry in entries(answer)? {
                let (position, change) = parse(entry)?;
                if position != self.opening.end.next() {
                    // The feed was trimmed, or all keys were deleted.
                    self.changes.missed();
                }
                self.opening.end = position;
                self.changes.report(|| change);
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
                Err(error) => tracing::debug!(%error, "the reader of the feed cannot connect"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    async fn connect(&mut self) -> Result<MultiplexedConnection, StoreError> {
        let connection = self.client.get_multiplexed_async_connection_with_config(&self.config);
        let mut connection = connection.await.map_err(|error| failure(&error))?;
        let opening = Opening::ask(&mut connection, &self.keys).await?;
        if opening.run != self.opening.run {
            // Another run may not have the last changes, and may have others at their positions.
            self.opening = opening;
            self.changes.missed();
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

fn parse(entry: Value) -> Result<(FeedPosition, TaskChange), StoreError> {
    let [position, fields] = reply::array::<2>(entry)?;
    let position = FeedPosition::parse(&reply::text(position)?)?;
    let [_id, id, _version, version, _state, state] = reply::array::<6>(fields)?;
    let id = reply::text(id)?;
    let change = match reply::number(version)? {
        0 => TaskChange::Removed { id },
        version => TaskChange::Changed { id, version, state: reply::state(state)? },
    };
    Ok((position, change))
}
