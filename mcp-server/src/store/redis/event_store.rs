//! Events of the streams of sessions in Redis.

use std::sync::LazyLock;

use async_trait::async_trait;
use redis::Value;

use super::opening::StreamPosition;
use super::reply;
use super::script::{Script, ScriptCall};
use super::store::{RedisStore, millis, unexpected};
use crate::store::error::StoreError;
use crate::store::event::{EventStore, ReplayError, StoredEvent, StreamKey};
use crate::store::event_limits::{EVENT_BYTES, STREAM_BYTES};
use crate::store::session::SessionKey;

static APPEND: LazyLock<Script> =
    LazyLock::new(|| Script::growing(include_str!("lua/event_append.lua")));
static AFTER: LazyLock<Script> =
    LazyLock::new(|| Script::reading(include_str!("lua/event_after.lua")));
static TOUCH: LazyLock<Script> =
    LazyLock::new(|| Script::always(include_str!("lua/event_touch.lua")));
static FORGET: LazyLock<Script> =
    LazyLock::new(|| Script::always(include_str!("lua/event_forget.lua")));

impl RedisStore {
    /// Creates the call of a script for one stream.
    fn call_for_stream(&self, script: &'static Script, stream: StreamKey) -> ScriptCall {
        let keys = &self.shared.keys;
        let base = keys.stream_base(stream.session);
        ScriptCall::new(
            script,
            keys,
            &[keys.streams(stream.session), format!("{base}{}", stream.stream)],
        )
    }
}

#[async_trait]
impl EventStore for RedisStore {
    async fn append(&self, stream: StreamKey, event: StoredEvent) -> Result<(), ReplayError> {
        let limits = &self.shared.event_limits;
        let script = self
            .call_for_stream(&APPEND, stream)
            .arg(self.shared.keys.stream_base(stream.session))
            .arg(stream.stream)
            .arg(event.sequence)
            .arg(event.sequence.saturating_sub(1))
            .arg(&event.data[..])
            .arg(EVENT_BYTES)
            .arg(STREAM_BYTES)
            .arg(limits.max_stream_events)
            .arg(limits.max_stream_bytes)
            // Without any time, nothing would be kept.
            .arg(millis(limits.max_age).max(1))
            .arg(limits.max_session_streams)
            .arg(limits.max_session_bytes);
        let answer = self.shared.link.call(&script).await.map_err(replay_error)?;
        match &*reply::text(answer.value).map_err(replay_error)? {
            "kept" => Ok(()),
            last => Err(ReplayError::Store(format!(
                "event {} does not follow the last one of its stream, which is {last}",
                event.sequence
            ))),
        }
    }

    async fn after(
        &self,
        stream: StreamKey,
        sequence: u64,
    ) -> Result<Vec<StoredEvent>, ReplayError> {
        let script = self.call_for_stream(&AFTER, stream).arg(stream.stream).arg(sequence);
        let answer = self.shared.link.call(&script).await.map_err(replay_error)?;
        match answer.value {
            Value::Array(entries) => {
                entries.into_iter().map(event).collect::<Result<_, _>>().map_err(replay_error)
            }
            status => match &*reply::text(status).map_err(replay_error)? {
                "unknown" => Err(ReplayError::Unknown),
                "gap" => Err(ReplayError::Gap),
                other => Err(replay_error(unexpected(other))),
            },
        }
    }

    async fn keep(&self, stream: StreamKey) {
        let script = self
            .call_for_stream(&TOUCH, stream)
            .arg(millis(self.shared.event_limits.max_age).max(1));
        if let Err(error) = self.shared.link.call(&script).await {
            tracing::warn!(%error, "a stream may be dropped, although it is still written");
        }
    }

    async fn forget(&self, session: SessionKey) {
        let keys = &self.shared.keys;
        let script =
            ScriptCall::new(&FORGET, keys, &[keys.streams(session)]).arg(keys.stream_base(session));
        if let Err(error) = self.shared.link.call(&script).await {
            // They expire.
            tracing::debug!(%error, "the streams of a session could not be deleted");
        }
    }
}

fn event(entry: Value) -> Result<StoredEvent, StoreError> {
    let [id, fields] = reply::array::<2>(entry)?;
    let [_name, data] = reply::array::<2>(fields)?;
    let sequence = StreamPosition::parse(&reply::text(id)?)?.epoch;
    Ok(StoredEvent::new(sequence, reply::bytes(data)?))
}

fn replay_error(error: StoreError) -> ReplayError {
    ReplayError::Store(match error {
        StoreError::Unavailable(reason) | StoreError::Invalid(reason) => reason,
        error => error.to_string(),
    })
}
