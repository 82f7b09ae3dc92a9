//! The interface of a store of what was sent on the streams of legacy sessions, so that an
//! interrupted stream can be resumed. Spec: basic/transports (2025-03-26 … 2025-11-25),
//! Resumability and Redelivery.

use async_trait::async_trait;
use bytes::Bytes;

use super::session::SessionKey;

/// Names one stream of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StreamKey {
    /// The session.
    pub session: SessionKey,
    /// The stream: a random number.
    pub stream: u64,
}

impl StreamKey {
    /// The key of a stream.
    #[must_use]
    pub const fn new(session: SessionKey, stream: u64) -> Self {
        Self { session, stream }
    }
}

/// One event as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredEvent {
    /// The position in its stream. The first is 1, and numbers rise. Later numbers may be left out.
    pub sequence: u64,
    /// The message: JSON text, or what it is sealed as.
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
/// [`MemoryEventStore`](super::MemoryEventStore) is the default. Another implementation decides
/// by itself what it drops and when, and returns [`ReplayError::Gap`] when something is missing. A
/// stream whose first event is not 1 has lost its beginning. While a stream is kept, its last event
/// is kept, whatever its length: it may be the answer of a call.
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

    /// The stream is still being written, though nothing was written for a while: what is kept of
    /// it is kept for as long as after an event. A stream that is not there is not created.
    async fn keep(&self, stream: StreamKey);

    /// The session has ended: no client can ask for its streams.
    async fn forget(&self, session: SessionKey);

    /// Drops what is too old. Called every few seconds while there are sessions.
    async fn sweep(&self) {}

    /// Whether what is stored leaves the memory of this process. It is sealed then.
    fn leaves_process(&self) -> bool {
        true
    }
}
