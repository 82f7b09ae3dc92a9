//! How much a store of events keeps.

use std::time::Duration;

/// Memory of an event besides its data, in bytes: its place in the queue, which grows by
/// doubling, and the headers of its allocation.
pub(super) const EVENT_BYTES: usize = 128;

/// Memory of a stream besides its events, in bytes: its places in the maps, and its session.
pub(super) const STREAM_BYTES: usize = 512;

/// The limits of a [`MemoryEventStore`](super::MemoryEventStore).
///
/// Sizes are those of the data, plus 128 bytes for each event and 512 bytes for each stream.
///
/// The last event of a stream is kept whatever its length, so that an answer can be resumed; it
/// counts, and older events and streams are dropped for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventStoreLimits {
    /// Maximum number of events of one stream; older ones are dropped. 1,000.
    pub max_stream_events: usize,
    /// Maximum size of one stream, in bytes; older events are dropped. 1 MiB.
    pub max_stream_bytes: usize,
    /// Time that a stream is kept after its last event. 5 minutes.
    pub max_age: Duration,
    /// Maximum number of streams of one session; the one without events for the longest time is
    /// dropped. 64.
    pub max_session_streams: usize,
    /// Maximum size of the streams of one session, in bytes; those without events for the longest
    /// time are dropped, so that one session cannot evict the streams of the others. 4 MiB.
    pub max_session_bytes: usize,
    /// Maximum size of all streams, in bytes; those without events for the longest time are
    /// dropped. 64 MiB.
    pub max_total_bytes: usize,
}

impl Default for EventStoreLimits {
    fn default() -> Self {
        Self {
            max_stream_events: 1_000,
            max_stream_bytes: 1 << 20,
            max_age: Duration::from_secs(300),
            max_session_streams: 64,
            max_session_bytes: 4 << 20,
            max_total_bytes: 64 << 20,
        }
    }
}
