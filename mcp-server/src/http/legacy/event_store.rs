//! What was sent on the streams of legacy sessions, so that an interrupted stream can be resumed.
//!
//! Event ids name their stream and the position in it, so that only that stream is replayed (SH-7).
//! The part that names the stream is random, so an id proves that its sender has read the stream.
//! Spec: basic/transports (2025-03-26 … 2025-11-25), Resumability and Redelivery.

use async_trait::async_trait;
use bytes::Bytes;

use super::session::SessionId;

/// Names one stream of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct StreamKey {
    /// The session.
    pub session: SessionId,
    /// The stream: a random number.
    pub stream: u64,
}

impl StreamKey {
    pub(crate) const fn new(session: SessionId, stream: u64) -> Self {
        Self { session, stream }
    }
}

/// One event as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredEvent {
    /// The position in its stream, rising from 1. Numbers may be left out.
    pub sequence: u64,
    /// The message: JSON text.
    pub data: Bytes,
}

impl StoredEvent {
    /// An event.
    pub const fn new(sequence: u64, data: Bytes) -> Self {
        Self { sequence, data }
    }
}

/// Why a stream cannot be replayed from where the client left it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The store does not have the stream (any more), or the event was never sent on it.
    #[error("the event is unknown")]
    Unknown,
    /// Some of the events behind the one named are gone.
    #[error("events behind this one are no longer kept")]
    Gap,
    /// The store failed.
    #[error("the event store failed: {0}")]
    Store(String),
}

/// Keeps what was sent on streams until no client can ask for it any more.
///
/// [`MemoryEventStore`](crate::http::MemoryEventStore) is the default. Another implementation decides
/// by itself what it drops and when, and returns [`ReplayError::Gap`] when something is missing.
#[async_trait]
pub trait EventStore: Send + Sync + 'static {
    /// Keeps an event. Calls for one stream come one after the other, in rising order.
    ///
    /// # Errors
    /// What went wrong. The event is sent all the same, to a client that is there to read it.
    async fn append(&self, stream: StreamKey, event: StoredEvent) -> Result<(), ReplayError>;

    /// The events behind `sequence`, oldest first. `sequence` 0 is the beginning of the stream.
    ///
    /// # Errors
    /// When they are not all there.
    async fn after(
        &self,
        stream: StreamKey,
        sequence: u64,
    ) -> Result<Vec<StoredEvent>, ReplayError>;

    /// The session has ended: no client can ask for its streams.
    async fn forget(&self, session: SessionId);

    /// Drops what is too old. Called every few seconds while there are sessions.
    async fn sweep(&self) {}
}

/// `Last-Event-ID`: the stream, and the position in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventId {
    pub(crate) stream: u64,
    pub(crate) sequence: u64,
}

impl EventId {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (stream, sequence) = text.split_once('-')?;
        let is_ours =
            stream.len() == 16 && stream.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let is_plain = !sequence.is_empty() && sequence.bytes().all(|b| b.is_ascii_digit());
        if !is_ours || !is_plain {
            return None;
        }
        Some(Self {
            stream: u64::from_str_radix(stream, 16).ok()?,
            sequence: sequence.parse().ok()?,
        })
    }
}

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}-{}", self.stream, self.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_ids_read_back_and_nothing_else_is_read() {
        let id = EventId { stream: 0xfe, sequence: 12 };
        assert_eq!(id.to_string(), "00000000000000fe-12");
        assert_eq!(EventId::parse(&id.to_string()), Some(id));
        let bad = ["", "-", "1-1", "00000000000000fe", "00000000000000fe-", "00000000000000FE-1"];
        let worse = ["00000000000000fe--1", "00000000000000fe-+1", "+0000000000000fe-1", "é-1"];
        let huge = "00000000000000fe-99999999999999999999";
        for text in bad.into_iter().chain(worse).chain([huge]) {
            assert_eq!(EventId::parse(text), None, "{text}");
        }
    }
}
