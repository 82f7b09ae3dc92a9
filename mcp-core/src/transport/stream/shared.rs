//! What the driver, the tasks of slow handlers and the callers share.

use std::sync::MutexGuard;

use bytes::BytesMut;
use futures::future::AbortHandle;
use futures::task::AtomicWaker;
use tokio::sync::{Notify, oneshot};

use super::outbox::{Outbox, push_reply};
use super::pending::PendingRequests;
use super::running::RunningCalls;
use crate::jsonrpc::{RequestId, write_notification};
use crate::limits::ConnectionLimits;
use crate::method::{NotificationMethod as _, notification};
use crate::service::{CallError, Reply};
use crate::sync::Mutex;
use crate::transport::TransportError;

#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Wakes the driver when there is something to write or to start.
    pub(super) driver: AtomicWaker,
    /// Wakes senders that wait for room in the outbox, also when the connection is over.
    pub(super) room: Notify,
    pub(super) max_outbox_bytes: usize,
    pub(super) max_outgoing_bytes: usize,
}

/// No user code runs while this is locked.
#[derive(Debug)]
pub(super) struct State {
    pub(super) outbox: Outbox,
    /// Bytes that the driver has taken out of the outbox and has not yet written.
    pub(super) writing: usize,
    pub(super) pending: PendingRequests,
    pub(super) running: RunningCalls,
    /// Set once the peer will not answer any more.
    peer_left: Option<TransportError>,
    closed: Option<TransportError>,
    /// This side is closing: the driver closes the writer once the outbox is empty.
    pub(super) closing: bool,
}

/// What a conversation holds at a moment, see [`Remote::stats`](super::Remote::stats). All zero once it is
/// over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Requests of this side that wait for the peer's answer.
    pub pending: usize,
    /// Requests of the peer that are being handled.
    pub in_flight: usize,
    /// Bytes that wait for the peer to read.
    pub outbox_bytes: usize,
}

impl State {
    /// Whether nothing is running and nothing waits to be written.
    pub(super) fn is_idle(&self) -> bool {
        self.running.is_empty() && self.outbox.is_empty()
    }

    /// Bytes that were accepted and not yet taken by the writer.
    pub(super) fn unwritten(&self) -> usize {
        self.outbox.len() + self.writing
    }

    /// Adds a request that is about to be sent; returns its serial.
    pub(super) fn expect_answer(
        &mut self,
        id: RequestId,
        reply: oneshot::Sender<Reply>,
    ) -> Result<u64, TransportError> {
        match &self.peer_left {
            Some(error) => Err(error.clone()),
            None => self.pending.insert(id, reply),
        }
    }
}

impl Shared {
    pub(super) fn new(limits: &ConnectionLimits) -> Self {
        Self {
            state: Mutex::new(State {
                outbox: Outbox::default(),
                writing: 0,
                pending: PendingRequests::new(limits.max_pending_requests),
                running: RunningCalls::default(),
                peer_left: None,
                closed: None,
                closing: false,
            }),
            driver: AtomicWaker::new(),
            room: Notify::new(),
            max_outbox_bytes: limits.max_outbox_bytes,
            max_outgoing_bytes: limits.max_outgoing_bytes,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    pub(super) fn stats(&self) -> Stats {
        let state = self.lock();
        Stats {
            pending: state.pending.len(),
            in_flight: state.running.len(),
            outbox_bytes: state.unwritten(),
        }
    }

    /// Waits until the outbox has room, lets `write` add to it, and wakes the driver.
    pub(super) async fn send(
        &self,
        write: impl FnOnce(&mut BytesMut),
    ) -> Result<(), TransportError> {
        self.send_with(|state| {
            write(state.outbox.buffer());
            Ok(())
        })
        .await
    }

    /// As [`Shared::send`], with access to the whole state, so that a request is registered before it leaves.
    pub(super) async fn send_with<T>(
        &self,
        write: impl FnOnce(&mut State) -> Result<T, TransportError>,
    ) -> Result<T, TransportError> {
        let written = loop {
            let room = self.room.notified();
            {
                let mut state = self.lock();
                if let Some(error) = &state.closed {
                    return Err(error.clone());
                }
                if state.closing {
                    return Err(TransportError::closed("the connection was closed on this side"));
                }
                if state.unwritten() < self.max_outbox_bytes {
                    break write(&mut state)?;
                }
            }
            room.await;
        };
        self.driver.wake();
        Ok(written)
    }

    /// Moves the outbox to the end of `output`, which is all that the driver has to write. Wakes senders if
    /// there is room now.
    pub(super) fn take_outbox(&self, output: &mut Outbox) {
        let mut state = self.lock();
        let before = state.unwritten();
        if !state.outbox.is_empty() {
            output.append(&mut state.outbox);
        }
        self.set_writing(state, output.len(), before);
    }

    /// Records how many bytes the driver still has to write. Wakes senders if there is room now.
    pub(super) fn note_writing(&self, writing: usize) {
        let state = self.lock();
        let before = state.unwritten();
        self.set_writing(state, writing, before);
    }

    fn set_writing(&self, mut state: MutexGuard<'_, State>, writing: usize, before: usize) {
        state.writing = writing;
        let has_room = state.unwritten() < self.max_outbox_bytes;
        drop(state);
        if before >= self.max_outbox_bytes && has_room {
            self.room.notify_waiters();
        }
    }

    /// Hands an answer of the peer to its caller. Late and unknown answers are dropped.
    pub(super) fn answer(&self, id: &RequestId, outcome: Reply) {
        let waiting = self.lock().pending.take(id);
        match waiting {
            Some(reply) => drop(reply.send(outcome)), // The caller may just have left.
            None => tracing::debug!(%id, "dropped an answer to an unknown or cancelled request"),
        }
    }

    /// The caller of a request left before the answer came: tells the peer, if the request was still pending.
    pub(super) fn forget(&self, id: &RequestId, serial: u64, tell_peer: bool) {
        let mut state = self.lock();
        if !state.pending.forget(id, serial)
            || state.closed.is_some()
            || state.closing
            || !tell_peer
        {
            return;
        }
        // Does not wait for room: a cancellation frees more than it takes, and each request has one at most.
        let params =
            format!(r#"{{"requestId":{}}}"#, serde_json::to_string(id).unwrap_or_default());
        let out = state.outbox.buffer();
        write_notification(out, notification::Cancelled::NAME, params.as_bytes());
        out.extend_from_slice(b"\n");
        drop(state);
        self.driver.wake();
    }

    /// Registers a call of the peer; returns what [`Shared::complete`] needs.
    pub(super) fn start(&self, id: RequestId, handle: AbortHandle) -> u64 {
        self.lock().running.start(id, handle)
    }

    /// A handler has finished: its answer goes out, unless the call was cancelled meanwhile.
    pub(super) fn complete(&self, id: &RequestId, serial: u64, reply: Reply) {
        let mut state = self.lock();
        if state.running.finish(id, serial) && state.closed.is_none() {
            push_reply(&mut state.outbox, id, reply, self.max_outgoing_bytes);
        }
        drop(state);
        self.driver.wake();
    }

    /// A call of a batch has finished; false if it was cancelled.
    pub(super) fn finish_batch_entry(&self, id: &RequestId, serial: u64) -> bool {
        self.lock().running.finish(id, serial)
    }

    /// All calls of a batch have finished: the array of their answers goes out, if there is any.
    pub(super) fn complete_batch(&self, array: Option<BytesMut>) {
        let mut state = self.lock();
        state.running.finish_batch();
        if let Some(array) = array
            && state.closed.is_none()
        {
            state.outbox.push_line(array);
        }
        drop(state);
        self.driver.wake();
    }

    /// The peer cancelled a call: its handler is dropped and no answer is sent. False if it is not running.
    pub(super) fn cancel(&self, id: &RequestId) -> bool {
        let running = self.lock().running.cancel(id);
        running.inspect(AbortHandle::abort).is_some()
    }

    /// The connection is over: every pending request gets `error`, every handler is dropped.
    pub(super) fn close(&self, error: &TransportError) {
        let mut state = self.lock();
        state.closed.get_or_insert_with(|| error.clone());
        let pending = state.pending.take_all();
        let running = state.running.take_all();
        state.outbox = Outbox::default();
        state.writing = 0;
        drop(state);
        fail(pending, error);
        for handle in running {
            handle.abort();
        }
        self.room.notify_waiters();
    }

    /// The peer will not answer any more; its own calls may still be running.
    pub(super) fn peer_left(&self, error: &TransportError) {
        let pending = {
            let mut state = self.lock();
            state.peer_left.get_or_insert_with(|| error.clone());
            state.pending.take_all()
        };
        fail(pending, error);
    }
}

fn fail(pending: impl Iterator<Item = oneshot::Sender<Reply>>, error: &TransportError) {
    for reply in pending {
        drop(reply.send(Err(CallError::Transport(error.clone()))));
    }
}
