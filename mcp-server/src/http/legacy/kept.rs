//! Where the events of one stream are kept, and in which form.
//!
//! Where other instances may read the stream, its first record is a mark that names the requests
//! that it answers, and its last one a mark that it has ended. Marks are not sent to clients.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mcp_core::jsonrpc::RequestId;

use super::event_id::EventId;
use crate::instance::InstanceId;
use crate::seal::{Place, Vault};
use crate::store::{EventStore, ReplayError, StoredEvent, StreamKey};

/// The first byte of a record where streams have marks.
const MESSAGE: u8 = b'm';
const BEGIN: u8 = b'b';
const END: u8 = b'e';

/// How events are written into a store.
pub(super) struct EventCodec {
    /// Seals them; none where they do not leave the process.
    pub(super) vault: Option<Vault>,
    /// This instance, where other instances may read the streams.
    pub(super) instance: Option<InstanceId>,
}

impl EventCodec {
    fn encode(
        &self,
        key: StreamKey,
        sequence: u64,
        mark: u8,
        data: &Bytes,
    ) -> Result<Bytes, ReplayError> {
        let text = match self.instance {
            None => data.clone(),
            Some(_) => [&[mark], &data[..]].concat().into(),
        };
        match &self.vault {
            None => Ok(text),
            Some(vault) => {
                let session = key.session.to_string();
                vault.seal(&place(&session, &stream_name(key), sequence), &text).map_err(failed)
            }
        }
    }

    /// Returns the mark of a record, and its data.
    fn decode(&self, key: StreamKey, event: &StoredEvent) -> Result<(u8, Bytes), ReplayError> {
        let data = match &self.vault {
            None => event.data.clone(),
            Some(vault) => {
                let session = key.session.to_string();
                let name = stream_name(key);
                vault.open(&place(&session, &name, event.sequence), &event.data).map_err(failed)?
            }
        };
        match self.instance {
            None => Ok((MESSAGE, data)),
            Some(_) => match data.first().copied() {
                Some(mark @ (MESSAGE | BEGIN | END)) => Ok((mark, data.slice(1..))),
                _ => Err(failed("an event has an unknown form")),
            },
        }
    }
}

fn stream_name(key: StreamKey) -> String {
    format!("{:016x}", key.stream)
}

fn place<'a>(session: &'a str, stream: &'a str, position: u64) -> Place<'a> {
    Place { kind: "event", owner: session, id: stream, position }
}

fn failed(error: impl fmt::Display) -> ReplayError {
    ReplayError::Store(error.to_string())
}

/// Where the events of one stream are kept.
#[derive(Clone)]
pub(super) struct Kept {
    key: StreamKey,
    store: Arc<dyn EventStore>,
    codec: Arc<EventCodec>,
    /// How long the store may take.
    timeout: Duration,
    /// The instance that writes the stream, where there are several.
    writer: Option<InstanceId>,
    is_standalone: bool,
}

/// The events of a stream behind some position.
#[derive(Debug)]
pub(super) struct Replay {
    pub(super) events: Vec<StoredEvent>,
    /// The position behind the last record.
    pub(super) position: u64,
    /// The stream is known to have ended.
    pub(super) has_ended: bool,
    /// The requests that it answers, if their mark is behind the position.
    pub(super) requests: Vec<RequestId>,
}

impl Kept {
    pub(super) fn new(
        key: StreamKey,
        store: &Arc<dyn EventStore>,
        codec: &Arc<EventCodec>,
        timeout: Duration,
    ) -> Self {
        let (store, codec) = (Arc::clone(store), Arc::clone(codec));
        let writer = codec.instance;
        Self { key, store, codec, timeout, writer, is_standalone: false }
    }

    /// The same stream, as the one of what belongs to no call.
    pub(super) fn standalone(self, is_standalone: bool) -> Self {
        Self { is_standalone, ..self }
    }

    /// The same stream, as one that another instance writes.
    pub(super) fn written_by(self, writer: Option<InstanceId>) -> Self {
        Self { writer, ..self }
    }

    pub(super) fn stream(&self) -> u64 {
        self.key.stream
    }

    pub(super) fn event_id(&self, sequence: u64) -> String {
        let (stream, instance) = (self.key.stream, self.writer);
        let is_standalone = self.is_standalone && instance.is_some();
        EventId { stream, instance, is_standalone, sequence }.to_string()
    }

    /// Whether the stream has marks.
    pub(super) fn has_marks(&self) -> bool {
        self.codec.instance.is_some()
    }

    pub(super) async fn append(&self, event: &StoredEvent) -> Result<(), ReplayError> {
        self.write(event.sequence, MESSAGE, &event.data).await
    }

    /// Keeps the stream for longer, although nothing is written.
    pub(super) async fn keep(&self) {
        if tokio::time::timeout(self.timeout, self.store.keep(self.key)).await.is_err() {
            tracing::warn!("the store of events did not answer in time (store_timeout)");
        }
    }

    /// Marks the beginning.
    pub(super) async fn begin(
        &self,
        sequence: u64,
        requests: &[RequestId],
    ) -> Result<(), ReplayError> {
        let requests = serde_json::to_vec(requests).map_err(failed)?;
        self.write(sequence, BEGIN, &requests.into()).await
    }

    /// Marks the end.
    pub(super) async fn end(&self, sequence: u64) -> Result<(), ReplayError> {
        self.write(sequence, END, &Bytes::new()).await
    }

    async fn write(&self, sequence: u64, mark: u8, data: &Bytes) -> Result<(), ReplayError> {
        let data = self.codec.encode(self.key, sequence, mark, data)?;
        self.in_time(self.store.append(self.key, StoredEvent::new(sequence, data))).await
    }

    /// The events behind `sequence`.
    pub(super) async fn after(&self, sequence: u64) -> Result<Replay, ReplayError> {
        let records = self.in_time(self.store.after(self.key, sequence)).await?;
        let (mut position, mut has_ended, mut requests) = (sequence, false, Vec::new());
        let mut events = Vec::with_capacity(records.len());
        for record in records {
            // An event that could not be kept leaves a hole, of which only its writer knows.
            if self.has_marks() && record.sequence != position + 1 {
                return Err(ReplayError::Gap);
            }
            position = record.sequence;
            match self.codec.decode(self.key, &record)? {
                (MESSAGE, data) => events.push(StoredEvent::new(record.sequence, data)),
                (BEGIN, data) => requests = serde_json::from_slice(&data).map_err(failed)?,
                _ => has_ended = true,
            }
        }
        Ok(Replay { events, position, has_ended, requests })
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, ReplayError>>,
    ) -> Result<T, ReplayError> {
        tokio::time::timeout(self.timeout, work).await.unwrap_or_else(|_| {
            let seconds = self.timeout.as_secs_f32();
            Err(ReplayError::Store(format!("no answer in {seconds} s (store_timeout)")))
        })
    }
}
