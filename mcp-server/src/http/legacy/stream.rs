//! One event stream of a legacy session: written by handlers, read by at most one response body at
//! a time, and resumable where an event store keeps what was written.
//!
//! Writing goes on without a reader: events go to the store, and a client that comes back with the
//! id of the last event it saw receives the rest, nothing lost and nothing doubled (SH-7).
//! Spec: basic/transports (2025-03-26 … 2025-11-25).

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::task::AtomicWaker;
use mcp_core::codec::sse;
use mcp_core::jsonrpc::RequestId;
use mcp_core::sync::Mutex;
use tokio::sync::Notify;

use super::kept::Kept;
use crate::http::HttpLimits;
use crate::store::{ReplayError, StoredEvent};

/// Bytes of events that are handed to the connection at a time. Fixed: a buffer size.
const CHUNK: usize = 64 << 10;

/// A stream of events.
pub(in crate::http) struct EventStream {
    kept: Option<Kept>,
    /// The requests that it answers, where another instance may have to answer them.
    requests: Box<[RequestId]>,
    max_events: usize,
    max_bytes: usize,
    /// Held while an event is numbered, kept and queued, and while a reader resumes: so a reader
    /// finds each event in the store or in the queue, and none in both.
    publishing: tokio::sync::Mutex<()>,
    state: Mutex<State>,
    reader: AtomicWaker,
    /// Notifies waiting writers that the queue has room, or that there is no reader any more.
    room: Notify,
}

/// No user code runs while this is locked.
#[derive(Default)]
struct State {
    /// Number of the last event.
    sequence: u64,
    /// Number of the last event that the store failed to keep, 0 for none.
    not_kept: u64,
    /// What the reader has not taken yet.
    queue: VecDeque<StoredEvent>,
    bytes: usize,
    /// Which reader is attached, 0 for none.
    reader: u64,
    last_reader: u64,
    /// The stream is to be closed for its reader, which should reconnect after this long.
    cut: Option<Option<Duration>>,
    ended: bool,
}

/// The stream has ended: nothing more can be written.
#[derive(Debug)]
pub(super) struct Ended;

impl EventStream {
    pub(super) fn new(
        kept: Option<Kept>,
        requests: &[RequestId],
        limits: &HttpLimits,
    ) -> Arc<Self> {
        let has_marks = kept.as_ref().is_some_and(Kept::has_marks);
        Arc::new(Self {
            kept,
            requests: if has_marks { requests.into() } else { Box::default() },
            max_events: limits.max_stream_events,
            max_bytes: limits.max_stream_bytes,
            publishing: tokio::sync::Mutex::new(()),
            state: Mutex::default(),
            reader: AtomicWaker::new(),
            room: Notify::new(),
        })
    }

    /// A stream that is over, of which these events are left to read.
    pub(super) fn rest(
        kept: Kept,
        events: Vec<StoredEvent>,
        limits: &HttpLimits,
    ) -> Option<Reader> {
        let stream = Self::new(Some(kept), &[], limits);
        let reader = stream.attach();
        let mut state = stream.state.lock();
        state.bytes = events.iter().map(|event| event.data.len()).sum();
        state.queue = events.into();
        state.ended = true;
        drop(state);
        reader
    }

    /// The number in event ids; none where the stream cannot be resumed.
    pub(super) fn id(&self) -> Option<u64> {
        self.kept.as_ref().map(Kept::stream)
    }

    // ---- writing
    // -------------------------------------------------------------------------------------

    /// Writes one message. Waits while a reader has too much unread, but not for a reader to come.
    pub(super) async fn publish(&self, data: Bytes) -> Result<(), Ended> {
        self.wait_for_room().await;
        let _turn = self.publishing.lock().await;
        self.mark_begin().await;
        let sequence = self.next_sequence().ok_or(Ended)?;
        let event = StoredEvent::new(sequence, data);
        if let Some(kept) = &self.kept {
            // This future may be dropped meanwhile.
            let before = std::mem::replace(&mut self.state.lock().not_kept, sequence);
            match kept.append(&event).await {
                Ok(()) => self.state.lock().not_kept = before,
                Err(error) => tracing::warn!(%error, "an event could not be kept"),
            }
        }
        self.queue(event);
        Ok(())
    }

    /// Marks the beginning, where streams have marks: from then on, another instance can find the
    /// stream, even if nothing is written.
    pub(super) async fn begin(&self) {
        if self.kept.as_ref().is_some_and(Kept::has_marks) {
            let _turn = self.publishing.lock().await;
            self.mark_begin().await;
        }
    }

    /// Only while it is this caller's turn to publish.
    async fn mark_begin(&self) {
        let Some(kept) = self.kept.as_ref().filter(|kept| kept.has_marks()) else { return };
        if self.state.lock().sequence > 0 {
            return;
        }
        let Some(sequence) = self.next_sequence() else { return };
        if let Err(error) = kept.begin(sequence, &self.requests).await {
            tracing::warn!(%error, "the beginning of a stream could not be kept");
        }
    }

    /// `None` when the stream has ended.
    fn next_sequence(&self) -> Option<u64> {
        let mut state = self.state.lock();
        if state.ended {
            return None;
        }
        state.sequence += 1;
        Some(state.sequence)
    }

    /// Writes an event that another instance has kept. Waits while a reader has too much unread.
    pub(super) async fn relay(&self, event: StoredEvent) {
        self.wait_for_room().await;
        self.queue(event);
    }

    fn queue(&self, event: StoredEvent) {
        let mut state = self.state.lock();
        if state.reader != 0 {
            state.bytes += event.data.len();
            state.queue.push_back(event);
            drop(state);
            self.reader.wake();
        }
    }

    async fn wait_for_room(&self) {
        loop {
            let room = self.room.notified();
            {
                let state = self.state.lock();
                let is_full = state.queue.len() >= self.max_events || state.bytes >= self.max_bytes;
                if state.reader == 0 || !is_full || state.ended {
                    return;
                }
            }
            room.await;
        }
    }

    /// Writes the last message, if there is one, and ends the stream.
    pub(super) async fn finish(&self, last: Option<Bytes>) {
        if let Some(data) = last {
            drop(self.publish(data).await); // It may have ended already.
        }
        if let Some(kept) = self.kept.as_ref().filter(|kept| kept.has_marks()) {
            let _turn = self.publishing.lock().await;
            if let Some(sequence) = self.next_sequence()
                && let Err(error) = kept.end(sequence).await
            {
                tracing::warn!(%error, "the end of a stream could not be kept");
            }
        }
        self.end();
    }

    /// Ends the stream: the reader receives what is queued, then the end.
    pub(super) fn end(&self) {
        self.state.lock().ended = true;
        self.reader.wake();
        self.room.notify_waiters();
    }

    /// Closes the stream for its reader while the work goes on: the client reconnects after
    /// `retry`.
    pub(super) fn cut(&self, retry: Option<Duration>) -> bool {
        let mut state = self.state.lock();
        if self.kept.is_none() || state.reader == 0 || state.ended {
            return false;
        }
        state.cut = Some(retry);
        drop(state);
        self.reader.wake();
        true
    }

    // ---- reading
    // -------------------------------------------------------------------------------------

    /// Whether there is a reader.
    pub(super) fn is_read(&self) -> bool {
        let state = self.state.lock();
        state.reader != 0 && !state.ended
    }

    /// Whether there is a reader, and it has taken everything.
    pub(super) fn is_read_up(&self) -> bool {
        let state = self.state.lock();
        state.reader != 0 && !state.ended && state.queue.is_empty()
    }

    /// Tells the store that the stream is still being written, so that it keeps what it has.
    pub(super) async fn keep(&self) {
        if let Some(kept) = self.kept.as_ref().filter(|kept| kept.has_marks()) {
            kept.keep().await;
        }
    }

    /// Whether nothing more can be written.
    pub(super) fn has_ended(&self) -> bool {
        self.state.lock().ended
    }

    /// Begins to read what is written from now on; `None` while there is a reader.
    pub(super) fn attach(self: &Arc<Self>) -> Option<Reader> {
        let mut state = self.state.lock();
        (state.reader == 0).then(|| self.seat(&mut state))
    }

    /// Begins to read in the place of the present reader, with what that one has not taken yet.
    pub(super) fn take_over(self: &Arc<Self>) -> Reader {
        let mut state = self.state.lock();
        let (queue, bytes) = (std::mem::take(&mut state.queue), state.bytes);
        let reader = self.seat(&mut state);
        (state.queue, state.bytes) = (queue, bytes);
        drop(state);
        self.reader.wake(); // The previous reader sees that it was replaced.
        reader
    }

    /// Done once what was written cannot reach the client: there is no reader, and nothing is kept.
    pub(super) async fn lost(&self) {
        if self.kept.is_some() {
            return std::future::pending().await;
        }
        loop {
            let room = self.room.notified();
            if self.state.lock().reader == 0 {
                return;
            }
            room.await;
        }
    }

    /// Begins to read behind an event. Only a client that has read the stream knows its id, so this
    /// replaces a reader, whose connection may be dead.
    pub(super) async fn resume(self: &Arc<Self>, after: u64) -> Result<Reader, ReplayError> {
        let Some(kept) = &self.kept else { return Err(ReplayError::Unknown) };
        let _turn = self.publishing.lock().await;
        let (last, not_kept) = {
            let state = self.state.lock();
            (state.sequence, state.not_kept)
        };
        if after < not_kept {
            return Err(ReplayError::Gap);
        }
        let missed = match after.cmp(&last) {
            std::cmp::Ordering::Greater => return Err(ReplayError::Unknown),
            std::cmp::Ordering::Equal => Vec::new(),
            std::cmp::Ordering::Less => kept.after(after).await?.events,
        };
        let mut state = self.state.lock();
        let reader = self.seat(&mut state);
        state.bytes = missed.iter().map(|event| event.data.len()).sum();
        state.queue = missed.into();
        drop(state);
        self.reader.wake(); // The previous reader sees that it was replaced.
        self.room.notify_waiters();
        Ok(reader)
    }

    fn seat(self: &Arc<Self>, state: &mut State) -> Reader {
        state.last_reader += 1;
        state.reader = state.last_reader;
        state.cut = None;
        state.queue.clear();
        state.bytes = 0;
        Reader { stream: Arc::clone(self), number: state.reader, before: None, prime: None }
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("is_read", &self.is_read()).finish_non_exhaustive()
    }
}

/// The reader of a stream. Dropping it leaves the stream to the next one.
#[derive(Debug)]
pub(super) struct Reader {
    stream: Arc<EventStream>,
    number: u64,
    /// What is written first: events of another stream.
    before: Option<Bytes>,
    /// Write an event without data first, with this time before the client reconnects.
    prime: Option<Duration>,
}

impl Reader {
    /// Begins with an event that has an id and no data, so that a client which is disconnected at
    /// once can resume (SH-4). For revisions whose clients expect that.
    pub(super) fn primed(mut self, retry: Duration) -> Self {
        self.prime = self.stream.kept.is_some().then_some(retry);
        self
    }

    /// Begins with these events of another stream, which the client has not seen.
    pub(super) fn preceded_by(mut self, kept: &Kept, events: &[StoredEvent]) -> Self {
        let mut before = BytesMut::new();
        for event in events {
            let id = kept.event_id(event.sequence);
            sse::write_event(&mut before, None, Some(&id), &event.data);
        }
        self.before = (!before.is_empty()).then(|| before.freeze());
        self
    }

    /// The events that were written, as text for the wire; `None` at the end.
    pub(super) fn poll_chunk(&mut self, cx: &Context<'_>) -> Poll<Option<Bytes>> {
        let mut out = BytesMut::new();
        let mut state = self.stream.state.lock();
        if state.reader != self.number {
            return Poll::Ready(None);
        }
        // Under the lock, so that a reader that was replaced never takes the waker of its
        // successor.
        self.stream.reader.register(cx.waker());
        if let Some(before) = self.before.take() {
            return Poll::Ready(Some(before));
        }
        if let Some(retry) = self.prime.take() {
            // The id of what came before the first event in the queue.
            let before = state.queue.front().map_or(state.sequence, |event| event.sequence - 1);
            sse::write_priming(&mut out, &self.event_id(before), retry);
        }
        let was_full =
            state.queue.len() >= self.stream.max_events || state.bytes >= self.stream.max_bytes;
        while out.len() < CHUNK
            && let Some(event) = state.queue.pop_front()
        {
            state.bytes -= event.data.len();
            let id = self.stream.kept.is_some().then(|| self.event_id(event.sequence));
            sse::write_event(&mut out, None, id.as_deref(), &event.data);
        }
        let is_empty = state.queue.is_empty();
        if is_empty && let Some(retry) = state.cut.take() {
            if let Some(delay) = retry {
                sse::write_retry(&mut out, delay);
            }
            state.reader = 0; // Later events wait in the store.
        }
        let is_over = is_empty && (state.ended || state.reader == 0);
        drop(state);
        if was_full {
            self.stream.room.notify_waiters();
        }
        if !out.is_empty() {
            return Poll::Ready(Some(out.freeze()));
        }
        if is_over { Poll::Ready(None) } else { Poll::Pending }
    }

    fn event_id(&self, sequence: u64) -> String {
        self.stream.kept.as_ref().map(|kept| kept.event_id(sequence)).unwrap_or_default()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.stream.state.lock();
        if state.reader == self.number {
            state.reader = 0;
            state.queue = VecDeque::new();
            state.bytes = 0;
            drop(state);
            self.stream.room.notify_waiters();
        }
    }
}
