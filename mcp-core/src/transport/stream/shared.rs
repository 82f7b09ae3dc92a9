//! State that the driver, the tasks of pending handlers and the callers share.

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
use crate::types::CancelledParams;

#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Wakes the driver when there is output to write or a request to start.
    pub(super) driver: AtomicWaker,
    /// Wakes senders that wait for space in the outbox, and all of them at the end of the
    /// connection.
    pub(super) outbox_space: Notify,
    pub(super) max_outbox_bytes: usize,
    pub(super) max_outgoing_bytes: usize,
}

/// The part of the shared state that is behind the lock. No user code runs while it is held.
#[derive(Debug)]
pub(super) struct State {
    pub(super) outbox: Outbox,
    /// Number of bytes that the driver has taken out of the outbox and has not yet written.
    pub(super) driver_unwritten: usize,
    pub(super) pending: PendingRequests,
    pub(super) running: RunningCalls,
    /// Set when the peer will send no more answers.
    peer_left: Option<TransportError>,
    closed: Option<TransportError>,
    /// Whether this side is closing. The driver closes the writer when the outbox is empty.
    pub(super) closing: bool,
}

/// What a conversation holds at one moment, see [`Remote::stats`](super::Remote::stats). All counts
/// are zero after its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Number of requests of this side that wait for an answer.
    pub pending: usize,
    /// Number of requests from the peer that are being handled.
    pub in_flight: usize,
    /// Number of bytes that wait for the peer to read.
    pub outbox_bytes: usize,
}

impl State {
    /// Whether nothing is running and the outbox is empty.
    pub(super) fn is_idle(&self) -> bool {
        self.running.is_empty() && self.outbox.is_empty()
    }

    /// Number of bytes that were accepted and not yet taken by the writer.
    pub(super) fn unwritten(&self) -> usize {
        self.outbox.len() + self.driver_unwritten
    }

    /// Adds a request that is about to be sent. Returns its serial number.
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
                driver_unwritten: 0,
                pending: PendingRequests::new(limits.max_pending_requests),
                running: RunningCalls::default(),
                peer_left: None,
                closed: None,
                closing: false,
            }),
            driver: AtomicWaker::new(),
            outbox_space: Notify::new(),
            max_outbox_bytes: limits.max_outbox_bytes,
            max_outgoing_bytes: limits.max_outgoing_bytes,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    pub(super) fn ended(&self) -> Option<TransportError> {
        let state = self.lock();
        // What was reported first may not name the cause, such as an exit status.
        state.closed.as_ref().or(state.peer_left.as_ref()).cloned()
    }

    pub(super) fn stats(&self) -> Stats {
        let state = self.lock();
        Stats {
            pending: state.pending.len(),
            in_flight: state.running.len(),
            outbox_bytes: state.unwritten(),
        }
    }

    /// Waits until the outbox has space, lets `write` append to it, and wakes the driver.
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

    /// As [`Shared::send`], with access to the whole state, so that a request is registered before
    /// it is sent.
    pub(super) async fn send_with<T>(
        &self,
        write: impl FnOnce(&mut State) -> Result<T, TransportError>,
    ) -> Result<T, TransportError> {
        let written = loop {
            let space = {
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
                // Under the lock, so that space which is freed after it is noticed.
                self.outbox_space.notified()
            };
            space.await;
        };
        self.driver.wake();
        Ok(written)
    }

    /// Moves the outbox to the end of `output`, the bytes that the driver has to write. Wakes
    /// senders if there is space now.
    pub(super) fn take_outbox(&self, output: &mut Outbox) {
        let mut state = self.lock();
        let before = state.unwritten();
        if !state.outbox.is_empty() {
            output.append(&mut state.outbox);
        }
        self.update_unwritten(state, output.len(), before);
    }

    /// Records how many bytes the driver still has to write. Wakes senders if there is space now.
    pub(super) fn set_unwritten(&self, driver_unwritten: usize) {
        let state = self.lock();
        let before = state.unwritten();
        self.update_unwritten(state, driver_unwritten, before);
    }

    fn update_unwritten(
        &self,
        mut state: MutexGuard<'_, State>,
        driver_unwritten: usize,
        before: usize,
    ) {
        state.driver_unwritten = driver_unwritten;
        let has_space = state.unwritten() < self.max_outbox_bytes;
        drop(state);
        if before >= self.max_outbox_bytes && has_space {
            self.outbox_space.notify_waiters();
        }
    }

    /// Passes an answer from the peer to its caller. Late and unknown answers are dropped.
    pub(super) fn answer(&self, id: &RequestId, outcome: Reply) {
        let waiting = self.lock().pending.take(id);
        match waiting {
            Some(reply) => drop(reply.send(outcome)), // The caller may just have been dropped.
            None => tracing::debug!(%id, "dropped an answer to an unknown or cancelled request"),
        }
    }

    /// Removes a request whose caller was dropped. Notifies the peer if the request was still
    /// pending and `notify_peer` is set.
    pub(super) fn abandon(
        &self,
        id: &RequestId,
        serial: u64,
        notify_peer: bool,
        reason: Option<&str>,
    ) {
        let mut state = self.lock();
        if !state.pending.remove(id, serial)
            || state.closed.is_some()
            || state.closing
            || !notify_peer
        {
            return;
        }
        // Does not wait for space: a cancellation frees more than it needs, and each request has at
        // most one.
        let mut params = CancelledParams::new();
        params.request_id = Some(id.clone());
        params.reason = reason.map(str::to_owned);
        let params = serde_json::to_vec(&params).unwrap_or_default();
        let out = state.outbox.buffer();
        write_notification(out, notification::Cancelled::NAME, &params);
        out.extend_from_slice(b"\n");
        drop(state);
        self.driver.wake();
    }

    /// Registers a call from the peer. Returns the serial number for [`Shared::complete`].
    pub(super) fn start(&self, id: RequestId, handle: AbortHandle) -> u64 {
        self.lock().running.start(id, handle)
    }

    /// Sends the answer of a handler that has finished, unless the call was cancelled meanwhile.
    pub(super) fn complete(&self, id: &RequestId, serial: u64, reply: Reply) {
        let mut state = self.lock();
        if state.running.finish(id, serial) && state.closed.is_none() {
            push_reply(&mut state.outbox, id, reply, self.max_outgoing_bytes);
        }
        drop(state);
        self.driver.wake();
    }

    /// Removes a call of a batch that has finished. Returns false if it was cancelled.
    pub(super) fn finish_batch_entry(&self, id: &RequestId, serial: u64) -> bool {
        self.lock().running.finish(id, serial)
    }

    /// Sends the answers to a batch, if there are any, after all of its calls have finished.
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

    /// Cancels a call from the peer: its handler is dropped and no answer is sent. Returns false if
    /// the call is not running.
    pub(super) fn cancel(&self, id: &RequestId) -> bool {
        let running = self.lock().running.cancel(id);
        running.inspect(AbortHandle::abort).is_some()
    }

    /// Ends the connection: all pending requests fail with `error`, and all handlers are dropped.
    pub(super) fn close(&self, error: &TransportError) {
        let mut state = self.lock();
        state.closed.get_or_insert_with(|| error.clone());
        let pending = state.pending.take_all();
        let running = state.running.take_all();
        state.outbox = Outbox::default();
        state.driver_unwritten = 0;
        drop(state);
        fail(pending, error);
        for handle in running {
            handle.abort();
        }
        self.outbox_space.notify_waiters();
    }

    /// Fails the pending requests, because the peer will send no more answers. Its own calls may
    /// still be running.
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
