//! The event store in memory.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use async_trait::async_trait;
use mcp_core::sync::Mutex;
use tokio::time::Instant;

use crate::shrink::shrink;
use crate::store::event::{EventStore, ReplayError, StoredEvent, StreamKey};
use crate::store::event_limits::{EVENT_BYTES, EventStoreLimits, STREAM_BYTES};
use crate::store::session::SessionKey;

/// Keeps events in memory, within [limits](EventStoreLimits). Clones share them.
#[derive(Debug, Clone, Default)]
pub struct MemoryEventStore {
    limits: EventStoreLimits,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    sessions: HashMap<SessionKey, Session>,
    bytes: usize,
    /// All streams, in the order of their last events.
    by_age: BTreeMap<u64, StreamKey>,
    last_age: u64,
}

#[derive(Debug, Default)]
struct Session {
    logs: HashMap<u64, Log>,
    bytes: usize,
}

/// What is kept of one stream.
#[derive(Debug)]
struct Log {
    events: VecDeque<StoredEvent>,
    bytes: usize,
    /// The number before the first event that is kept: that of the last one that was dropped, 0 for
    /// none.
    dropped: u64,
    /// The key in `State::by_age`.
    age: u64,
    touched: Instant,
}

impl MemoryEventStore {
    /// An empty store.
    pub fn new(limits: EventStoreLimits) -> Self {
        Self { limits, state: Arc::default() }
    }
}

impl State {
    fn push(&mut self, key: StreamKey, event: StoredEvent, limits: &EventStoreLimits) {
        self.last_age += 1;
        let age = self.last_age;
        let session = self.sessions.entry(key.session).or_default();
        let log = match session.logs.entry(key.stream) {
            Entry::Occupied(log) => log.into_mut(),
            Entry::Vacant(place) => {
                session.bytes += STREAM_BYTES;
                self.bytes += STREAM_BYTES;
                place.insert(Log {
                    events: VecDeque::new(),
                    bytes: STREAM_BYTES,
                    // The stream may have been dropped, and continue.
                    dropped: event.sequence.saturating_sub(1),
                    age: 0,
                    touched: Instant::now(),
                })
            }
        };
        self.by_age.remove(&log.age);
        self.by_age.insert(age, key);
        (log.age, log.touched) = (age, Instant::now());
        let before = log.bytes;
        log.bytes += event.data.len() + EVENT_BYTES;
        log.events.push_back(event);
        while log.events.len() > 1
            && (log.events.len() > limits.max_stream_events || log.bytes > limits.max_stream_bytes)
            && let Some(event) = log.events.pop_front()
        {
            log.bytes -= event.data.len() + EVENT_BYTES;
            log.dropped = event.sequence;
        }
        let after = log.bytes;
        session.bytes = session.bytes - before + after;
        self.bytes = self.bytes - before + after;
        while let Some(session) = self.sessions.get(&key.session)
            && (session.bytes > limits.max_session_bytes
                || session.logs.len() > limits.max_session_streams)
            && let Some(stream) = session.oldest_besides(key.stream)
        {
            self.remove(StreamKey::new(key.session, stream));
        }
        // The stream that was just written is the last in this order.
        while self.bytes > limits.max_total_bytes
            && let Some(oldest) =
                self.by_age.values().next().copied().filter(|oldest| *oldest != key)
        {
            self.remove(oldest);
        }
    }

    fn remove(&mut self, key: StreamKey) {
        let Some(session) = self.sessions.get_mut(&key.session) else { return };
        let Some(log) = session.logs.remove(&key.stream) else { return };
        session.bytes -= log.bytes;
        self.bytes -= log.bytes;
        self.by_age.remove(&log.age);
        if session.logs.is_empty() {
            self.sessions.remove(&key.session);
            shrink(&mut self.sessions);
        }
    }

    fn log(&self, key: StreamKey) -> Option<&Log> {
        self.sessions.get(&key.session)?.logs.get(&key.stream)
    }
}

impl Session {
    /// The stream without events for the longest time, other than `spared`. A session has few.
    fn oldest_besides(&self, spared: u64) -> Option<u64> {
        let others = self.logs.iter().filter(|(stream, _)| **stream != spared);
        others.min_by_key(|(_, log)| log.age).map(|(stream, _)| *stream)
    }
}

#[async_trait]
impl EventStore for MemoryEventStore {
    async fn append(&self, stream: StreamKey, event: StoredEvent) -> Result<(), ReplayError> {
        self.state.lock().push(stream, event, &self.limits);
        Ok(())
    }

    async fn after(
        &self,
        stream: StreamKey,
        sequence: u64,
    ) -> Result<Vec<StoredEvent>, ReplayError> {
        let state = self.state.lock();
        let log = state.log(stream).ok_or(ReplayError::Unknown)?;
        let last = log.events.back().map_or(log.dropped, |event| event.sequence);
        if sequence > last {
            return Err(ReplayError::Unknown);
        }
        if sequence < log.dropped {
            return Err(ReplayError::Gap);
        }
        Ok(log.events.iter().filter(|event| event.sequence > sequence).cloned().collect())
    }

    async fn keep(&self, stream: StreamKey) {
        let mut state = self.state.lock();
        let state = &mut *state;
        state.last_age += 1;
        let age = state.last_age;
        let Some(session) = state.sessions.get_mut(&stream.session) else { return };
        let Some(log) = session.logs.get_mut(&stream.stream) else { return };
        state.by_age.remove(&log.age);
        state.by_age.insert(age, stream);
        (log.age, log.touched) = (age, Instant::now());
    }

    async fn forget(&self, session: SessionKey) {
        let mut state = self.state.lock();
        let state = &mut *state;
        let Some(session) = state.sessions.remove(&session) else { return };
        state.bytes -= session.bytes;
        for log in session.logs.values() {
            state.by_age.remove(&log.age);
        }
        shrink(&mut state.sessions);
    }

    fn leaves_process(&self) -> bool {
        false
    }

    async fn sweep(&self) {
        let mut state = self.state.lock();
        while let Some(oldest) = state.by_age.values().next().copied() {
            let log = state.log(oldest);
            if log.is_some_and(|log| log.touched.elapsed() < self.limits.max_age) {
                break;
            }
            state.remove(oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;

    fn key(stream: u64) -> StreamKey {
        StreamKey::new(SessionKey::new([7; 32]), stream)
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

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_was_dropped_and_continues_has_a_gap() {
        let store = MemoryEventStore::default();
        fill(&store, 1, 5, 1).await;
        tokio::time::advance(Duration::from_secs(300)).await;
        store.sweep().await;
        store.append(key(1), StoredEvent::new(6, Bytes::new())).await.unwrap();
        assert_eq!(store.after(key(1), 4).await, Err(ReplayError::Gap));
        assert_eq!(store.after(key(1), 5).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn streams_are_bounded_and_a_gap_is_an_error() {
        let limits = EventStoreLimits {
            max_stream_events: 10,
            max_stream_bytes: STREAM_BYTES + 10 * (EVENT_BYTES + 1),
            ..EventStoreLimits::default()
        };
        let store = MemoryEventStore::new(limits);
        fill(&store, 1, 1_000, 1).await;
        assert_eq!(store.after(key(1), 989).await, Err(ReplayError::Gap));
        assert_eq!(store.after(key(1), 990).await.unwrap().len(), 10);
        fill(&store, 2, 10, EVENT_BYTES + 2).await;
        assert_eq!(store.after(key(2), 4).await, Err(ReplayError::Gap));
        assert_eq!(store.after(key(2), 5).await.unwrap().len(), 5);
        fill(&store, 3, 1, 2_000).await;
        assert_eq!(store.after(key(3), 0).await.unwrap().len(), 1, "the last event is kept");
    }

    #[tokio::test(start_paused = true)]
    async fn streams_of_a_session_and_all_bytes_are_bounded() {
        let limits = EventStoreLimits {
            max_session_streams: 3,
            max_total_bytes: 2_000,
            ..EventStoreLimits::default()
        };
        let store = MemoryEventStore::new(limits);
        for stream in 1..=5 {
            tokio::time::advance(Duration::from_secs(1)).await;
            fill(&store, stream, 1, 10).await;
        }
        assert_eq!(store.after(key(2), 0).await, Err(ReplayError::Unknown));
        assert_eq!(store.after(key(3), 0).await.unwrap().len(), 1);
        let first = EVENT_BYTES + 10;
        fill(&store, 5, 1, 2_000 - STREAM_BYTES - first - EVENT_BYTES).await;
        assert_eq!(store.state.lock().bytes, 2_000);
        assert_eq!(store.after(key(4), 0).await, Err(ReplayError::Unknown));
        store.forget(key(1).session).await;
        assert_eq!(store.state.lock().sessions.len(), 0);
        assert_eq!(store.state.lock().bytes, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn old_streams_go() {
        let store = MemoryEventStore::default();
        fill(&store, 1, 2, 8).await;
        tokio::time::advance(Duration::from_secs(299)).await;
        store.sweep().await;
        assert_eq!(store.state.lock().sessions.len(), 1);
        tokio::time::advance(Duration::from_secs(1)).await;
        store.sweep().await;
        let state = store.state.lock();
        assert_eq!((state.sessions.len(), state.bytes, state.sessions.capacity()), (0, 0, 0));
    }

    #[tokio::test]
    async fn a_session_cannot_evict_the_streams_of_another() {
        let limits = EventStoreLimits {
            max_session_bytes: STREAM_BYTES + EVENT_BYTES + 100,
            max_total_bytes: 10_000,
            ..EventStoreLimits::default()
        };
        let store = MemoryEventStore::new(limits);
        let other = StreamKey::new(SessionKey::new([8; 32]), 1);
        let event = StoredEvent::new(1, Bytes::from_static(b"kept"));
        store.append(other, event).await.unwrap();
        for stream in 1..=50 {
            fill(&store, stream, 1, 60).await;
        }
        assert_eq!(store.after(other, 0).await.unwrap().len(), 1);
        assert_eq!(store.after(key(49), 0).await, Err(ReplayError::Unknown));
        assert_eq!(store.after(key(50), 0).await.unwrap().len(), 1);
        assert_eq!(store.state.lock().bytes, 2 * (STREAM_BYTES + EVENT_BYTES) + 64);
    }

    #[tokio::test]
    async fn small_events_count_with_the_memory_that_they_use() {
        let limits = EventStoreLimits { max_total_bytes: 300_000, ..EventStoreLimits::default() };
        let store = MemoryEventStore::new(limits);
        for stream in 1..=60 {
            fill(&store, stream, 1_000, 1).await;
        }
        let state = store.state.lock();
        let logs = state.sessions.values().flat_map(|session| session.logs.values());
        let kept: usize = logs.map(|log| log.events.len()).sum();
        assert!((1_000..2_500).contains(&kept), "{kept} of 60,000 events");
    }

    #[tokio::test]
    async fn the_cost_of_an_event_does_not_grow_with_the_number_of_streams() {
        /// How long 2,000 events take once a store of so many streams, one a session, is full.
        async fn cost(streams: u32) -> Duration {
            let max = streams as usize;
            let max_total_bytes = max * (STREAM_BYTES + EVENT_BYTES + 1);
            let limits = EventStoreLimits { max_total_bytes, ..EventStoreLimits::default() };
            let store = MemoryEventStore::new(limits);
            let append = async |number: u32| {
                let mut session = [0; 32];
                session[..4].copy_from_slice(&number.to_be_bytes());
                let session = SessionKey::new(session);
                let event = StoredEvent::new(1, Bytes::from_static(b"x"));
                store.append(StreamKey::new(session, 1), event).await.unwrap();
            };
            for number in 0..streams {
                append(number).await;
            }
            let began = std::time::Instant::now();
            for number in 0..2_000 {
                append(streams + number).await;
            }
            let took = began.elapsed();
            let state = store.state.lock();
            let sizes = (state.bytes, state.by_age.len(), state.sessions.len());
            assert_eq!(sizes, (max_total_bytes, max, max));
            took
        }
        let (few, many) = (cost(100).await, cost(50_000).await);
        // 500 times as many streams. A search through all of them would take 500 times as long.
        assert!(many < few * 50 + Duration::from_millis(100), "{few:?}, then {many:?}");
    }
}
