//! What was sent on the streams of legacy sessions, so that a client that lost a stream gets the rest of it.
//!
//! Event ids name their stream and the place in it, so that only that stream is replayed (SH-7). The stream's
//! part is random: an id that was not read from the stream is as good as none.
//! Spec: basic/transports (2025-03-26 … 2025-11-25), Resumability and Redelivery.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::Instant;

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
    /// The place in its stream, rising from 1. Numbers may be left out.
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

/// Keeps what was sent on streams until nobody will ask for it any more.
///
/// [`MemoryEventStore`] is the default. One of your own may keep events elsewhere; it decides what it drops
/// and when, and says [`ReplayError::Gap`] when something is missing.
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

    /// The session has ended: nobody will ask for its streams.
    async fn forget(&self, session: SessionId);

    /// Drops what is too old. Called every few seconds while there are sessions.
    async fn sweep(&self) {}
}

/// Bounds of a [`MemoryEventStore`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventStoreLimits {
    /// Most events of one stream; older ones are dropped. 1,000.
    pub events: usize,
    /// Most bytes of one stream; older events are dropped. 1 MiB.
    pub bytes: usize,
    /// How long a stream is kept after its last event. 5 minutes.
    pub age: Duration,
    /// Most streams of one session; the one that was silent longest is dropped. 64.
    pub streams: usize,
    /// Most bytes of all streams; those that were silent longest are dropped. 64 MiB.
    pub total_bytes: usize,
}

impl Default for EventStoreLimits {
    fn default() -> Self {
        Self {
            events: 1_000,
            bytes: 1 << 20,
            age: Duration::from_secs(300),
            streams: 64,
            total_bytes: 64 << 20,
        }
    }
}

/// Keeps events in memory, within [bounds](EventStoreLimits).
#[derive(Debug, Default)]
pub struct MemoryEventStore {
    limits: EventStoreLimits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sessions: HashMap<SessionId, HashMap<u64, Log>>,
    bytes: usize,
}

/// What is kept of one stream.
#[derive(Debug)]
struct Log {
    events: VecDeque<StoredEvent>,
    bytes: usize,
    /// The last event that was dropped, 0 for none.
    dropped: u64,
    touched: Instant,
}

impl MemoryEventStore {
    /// An empty store.
    pub fn new(limits: EventStoreLimits) -> Self {
        Self { limits, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sessions of which something is kept.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.lock().sessions.len()
    }
}

impl State {
    fn push(&mut self, key: StreamKey, event: StoredEvent, limits: &EventStoreLimits) {
        let logs = self.sessions.entry(key.session).or_default();
        if logs.len() >= limits.streams
            && !logs.contains_key(&key.stream)
            && let Some(oldest) =
                logs.iter().min_by_key(|(_, log)| log.touched).map(|(stream, _)| *stream)
            && let Some(log) = logs.remove(&oldest)
        {
            self.bytes -= log.bytes;
        }
        let now = Instant::now();
        let log = logs.entry(key.stream).or_insert_with(|| Log {
            events: VecDeque::new(),
            bytes: 0,
            dropped: 0,
            touched: now,
        });
        log.touched = now;
        let before = log.bytes;
        log.bytes += event.data.len();
        log.events.push_back(event);
        while (log.events.len() > limits.events || log.bytes > limits.bytes)
            && let Some(event) = log.events.pop_front()
        {
            log.bytes -= event.data.len();
            log.dropped = event.sequence;
        }
        self.bytes = self.bytes - before + log.bytes;
        while self.bytes > limits.total_bytes && self.drop_oldest(key) {}
    }

    /// Drops the stream, other than the one being written, that was silent longest.
    fn drop_oldest(&mut self, spared: StreamKey) -> bool {
        let all = self.sessions.iter().flat_map(|(session, logs)| {
            logs.iter().map(|(stream, log)| (StreamKey::new(*session, *stream), log.touched))
        });
        let oldest = all.filter(|(key, _)| *key != spared).min_by_key(|(_, touched)| *touched);
        match oldest {
            Some((key, _)) => self.remove(key),
            None => false,
        }
    }

    fn remove(&mut self, key: StreamKey) -> bool {
        let Some(logs) = self.sessions.get_mut(&key.session) else { return false };
        let Some(log) = logs.remove(&key.stream) else { return false };
        self.bytes -= log.bytes;
        if logs.is_empty() {
            self.sessions.remove(&key.session);
        }
        true
    }
}

#[async_trait]
impl EventStore for MemoryEventStore {
    async fn append(&self, stream: StreamKey, event: StoredEvent) -> Result<(), ReplayError> {
        self.lock().push(stream, event, &self.limits);
        Ok(())
    }

    async fn after(
        &self,
        stream: StreamKey,
        sequence: u64,
    ) -> Result<Vec<StoredEvent>, ReplayError> {
        let state = self.lock();
        let log = state.sessions.get(&stream.session).and_then(|logs| logs.get(&stream.stream));
        let log = log.ok_or(ReplayError::Unknown)?;
        let last = log.events.back().map_or(log.dropped, |event| event.sequence);
        if sequence > last {
            return Err(ReplayError::Unknown);
        }
        if sequence < log.dropped {
            return Err(ReplayError::Gap);
        }
        Ok(log.events.iter().filter(|event| event.sequence > sequence).cloned().collect())
    }

    async fn forget(&self, session: SessionId) {
        let mut state = self.lock();
        if let Some(logs) = state.sessions.remove(&session) {
            state.bytes -= logs.values().map(|log| log.bytes).sum::<usize>();
        }
        super::session::shrink(&mut state.sessions);
    }

    async fn sweep(&self) {
        let age = self.limits.age;
        let mut state = self.lock();
        let mut freed = 0;
        state.sessions.retain(|_, logs| {
            logs.retain(|_, log| {
                let keep = log.touched.elapsed() < age;
                freed += if keep { 0 } else { log.bytes };
                keep
            });
            !logs.is_empty()
        });
        state.bytes -= freed;
        super::session::shrink(&mut state.sessions);
    }
}

/// `Last-Event-ID`: the stream, and the place in it.
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

    fn key(stream: u64) -> StreamKey {
        StreamKey::new(SessionId::parse(&[b'7'; 64]).unwrap(), stream)
    }

    async fn fill(store: &MemoryEventStore, stream: u64, events: u64, size: usize) {
        for sequence in 1..=events {
            let event = StoredEvent::new(sequence, Bytes::from(vec![b'x'; size]));
            store.append(key(stream), event).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_stream_is_replayed_from_any_event_of_it_and_no_other() {
        let store = MemoryEventStore::default();
        fill(&store, 1, 5, 1).await;
        fill(&store, 2, 2, 1).await;
        for after in 0..=5 {
            let events = store.after(key(1), after).await.unwrap();
            let sequences: Vec<_> = events.iter().map(|event| event.sequence).collect();
            assert_eq!(sequences, (after + 1..=5).collect::<Vec<_>>());
        }
        assert_eq!(store.after(key(1), 6).await, Err(ReplayError::Unknown));
        assert_eq!(store.after(key(1), u64::MAX).await, Err(ReplayError::Unknown));
        assert_eq!(store.after(key(3), 0).await, Err(ReplayError::Unknown));
    }

    #[tokio::test]
    async fn streams_are_bounded_and_a_gap_is_an_error() {
        let limits = EventStoreLimits { events: 10, bytes: 100, ..EventStoreLimits::default() };
        let store = MemoryEventStore::new(limits);
        fill(&store, 1, 1_000, 1).await;
        assert_eq!(store.after(key(1), 989).await, Err(ReplayError::Gap));
        assert_eq!(store.after(key(1), 990).await.unwrap().len(), 10);
        fill(&store, 2, 10, 30).await;
        assert_eq!(store.after(key(2), 6).await, Err(ReplayError::Gap));
        assert_eq!(store.after(key(2), 7).await.unwrap().len(), 3);
        fill(&store, 3, 1, 101).await;
        assert_eq!(
            store.after(key(3), 0).await,
            Err(ReplayError::Gap),
            "too large to be kept at all"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn streams_of_a_session_and_all_bytes_are_bounded() {
        let limits =
            EventStoreLimits { streams: 3, total_bytes: 250, ..EventStoreLimits::default() };
        let store = MemoryEventStore::new(limits);
        for stream in 1..=5 {
            tokio::time::advance(Duration::from_secs(1)).await;
            fill(&store, stream, 1, 10).await;
        }
        assert_eq!(store.after(key(2), 0).await, Err(ReplayError::Unknown));
        assert_eq!(store.after(key(3), 0).await.unwrap().len(), 1);
        fill(&store, 5, 1, 240).await;
        assert_eq!(store.lock().bytes, 250);
        assert_eq!(store.after(key(4), 0).await, Err(ReplayError::Unknown));
        store.forget(key(1).session).await;
        assert_eq!(store.len(), 0);
        assert_eq!(store.lock().bytes, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn old_streams_go() {
        let store = MemoryEventStore::default();
        fill(&store, 1, 2, 8).await;
        tokio::time::advance(Duration::from_secs(299)).await;
        store.sweep().await;
        assert_eq!(store.len(), 1);
        tokio::time::advance(Duration::from_secs(1)).await;
        store.sweep().await;
        let state = store.lock();
        assert_eq!((state.sessions.len(), state.bytes, state.sessions.capacity()), (0, 0, 0));
    }

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
