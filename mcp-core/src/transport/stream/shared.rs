//! What the driver, the tasks of slow handlers and the callers share: the outbox, the requests that wait for
//! the peer's answer, and those of the peer that are being handled.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;
use futures::future::AbortHandle;
use futures::task::AtomicWaker;
use tokio::sync::{Notify, oneshot};

use crate::jsonrpc::{ErrorObject, RequestId, write_error, write_notification, write_result};
use crate::limits::Limits;
use crate::service::{CallError, Reply};
use crate::transport::{TransportError, TransportErrorKind};

#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Wakes the driver when there is something to write or to start.
    pub(super) driver: AtomicWaker,
    /// Tells waiting senders that the outbox has room, or that the connection is over.
    pub(super) room: Notify,
    pub(super) outbox_bytes: usize,
    pub(super) outgoing_bytes: usize,
    most_pending: usize,
}

/// No user code runs while this is locked.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) outbox: BytesMut,
    /// Bytes that the driver has taken out of the outbox and not yet written.
    pub(super) writing: usize,
    pending: HashMap<RequestId, oneshot::Sender<Reply>>,
    in_flight: HashMap<RequestId, AbortHandle>,
    closed: Option<TransportError>,
    /// Our side wants to end: the driver closes the writer once the outbox is empty.
    pub(super) closing: bool,
}

impl State {
    /// Nothing is running and nothing waits to be written.
    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.is_empty() && self.outbox.is_empty()
    }
}

impl Shared {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            state: Mutex::default(),
            driver: AtomicWaker::new(),
            room: Notify::new(),
            outbox_bytes: limits.outbox_bytes,
            outgoing_bytes: limits.outgoing_bytes,
            most_pending: limits.pending,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the outbox takes more, then lets `write` add to it and wakes the driver.
    pub(super) async fn send(&self, write: impl FnOnce(&mut BytesMut)) -> Result<(), TransportError> {
        self.send_with(|state| {
            write(&mut state.outbox);
            Ok(())
        })
        .await
    }

    /// As [`Shared::send`], with the whole state at hand, so that a request can be noted down before it
    /// leaves.
    pub(super) async fn send_with(
        &self,
        write: impl FnOnce(&mut State) -> Result<(), TransportError>,
    ) -> Result<(), TransportError> {
        loop {
            let room = self.room.notified();
            {
                let mut state = self.lock();
                if let Some(error) = &state.closed {
                    return Err(error.clone());
                }
                if state.closing {
                    return Err(TransportError::closed("the connection was closed on this side"));
                }
                if state.outbox.len() + state.writing < self.outbox_bytes {
                    write(&mut state)?;
                    break;
                }
            }
            room.await;
        }
        self.driver.wake();
        Ok(())
    }

    /// Notes down a request of ours that is about to leave.
    pub(super) fn expect(
        &self,
        state: &mut State,
        id: RequestId,
        reply: oneshot::Sender<Reply>,
    ) -> Result<(), TransportError> {
        if state.pending.len() >= self.most_pending {
            return Err(TransportError::new(
                TransportErrorKind::Overloaded,
                format!("{} requests are waiting for answers already", self.most_pending),
            ));
        }
        if state.pending.contains_key(&id) {
            return Err(TransportError::new(
                TransportErrorKind::Protocol,
                format!("the request id {id} is waiting for an answer already"),
            ));
        }
        state.pending.insert(id, reply);
        Ok(())
    }

    /// Hands an answer of the peer to whoever waits for it. Late and foreign answers go nowhere.
    pub(super) fn answer(&self, id: &RequestId, outcome: Reply) {
        let waiting = self.lock().pending.remove(id);
        match waiting {
            Some(reply) => drop(reply.send(outcome)), // The caller may just have left.
            None => tracing::debug!(%id, "dropped an answer that nobody waits for"),
        }
    }

    /// The caller of a request left before the answer came: tells the peer, if it still was waiting.
    pub(super) fn forget(&self, id: &RequestId, tell_peer: bool) {
        let mut state = self.lock();
        if state.pending.remove(id).is_none() || state.closed.is_some() || !tell_peer {
            return;
        }
        // No waiting for room: a cancel frees more than it takes, and there is one at most per request.
        let params = format!(r#"{{"requestId":{}}}"#, serde_json::to_string(id).unwrap_or_default());
        write_notification(&mut state.outbox, "notifications/cancelled", params.as_bytes());
        state.outbox.extend_from_slice(b"\n");
        drop(state);
        self.driver.wake();
    }

    pub(super) fn start(&self, id: RequestId, handle: AbortHandle) {
        self.lock().in_flight.insert(id, handle);
    }

    pub(super) fn is_in_flight(&self, id: &RequestId) -> bool {
        self.lock().in_flight.contains_key(id)
    }

    pub(super) fn in_flight(&self) -> usize {
        self.lock().in_flight.len()
    }

    /// A handler is done: its answer goes out, unless the call was cancelled meanwhile. Then its id may be
    /// that of another call by now.
    pub(super) fn complete(&self, id: &RequestId, handle: &AbortHandle, reply: Reply) {
        let mut state = self.lock();
        if !handle.is_aborted() && state.in_flight.remove(id).is_some() && state.closed.is_none() {
            write_reply(&mut state.outbox, id, reply, self.outgoing_bytes);
        }
        drop(state);
        self.driver.wake();
    }

    /// A batch is done.
    pub(super) fn complete_batch(
        &self,
        ids: &[RequestId],
        replies: Vec<(RequestId, Reply)>,
        errors: BytesMut,
    ) {
        let mut state = self.lock();
        let mut out = errors;
        for (id, reply) in replies {
            if state.in_flight.contains_key(&id) {
                write_reply(&mut out, &id, reply, self.outgoing_bytes);
            }
        }
        for id in ids {
            state.in_flight.remove(id);
        }
        if !out.is_empty() && state.closed.is_none() {
            // Each answer is a line by now; a batch is the same answers with commas between them.
            out.truncate(out.len() - 1);
            state.outbox.extend_from_slice(b"[");
            for byte in out.iter_mut() {
                if *byte == b'\n' {
                    *byte = b',';
                }
            }
            state.outbox.extend_from_slice(&out);
            state.outbox.extend_from_slice(b"]\n");
        }
        drop(state);
        self.driver.wake();
    }

    /// The peer cancelled a call: the handler is dropped and nothing is answered.
    pub(super) fn cancel(&self, id: &RequestId) -> bool {
        let mut state = self.lock();
        match state.in_flight.remove(id) {
            Some(handle) => {
                handle.abort(); // While locked, for `complete` to see.
                true
            }
            None => false,
        }
    }

    /// The connection is over: every waiting call of ours gets `error`, every handler is dropped.
    pub(super) fn close(&self, error: &TransportError) {
        let mut state = self.lock();
        if state.closed.is_none() {
            state.closed = Some(error.clone());
        }
        let pending = std::mem::take(&mut state.pending);
        let in_flight = std::mem::take(&mut state.in_flight);
        drop(state);
        for reply in pending.into_values() {
            drop(reply.send(Err(CallError::Transport(error.clone()))));
        }
        for handle in in_flight.into_values() {
            handle.abort();
        }
        self.room.notify_waiters();
    }

    /// The peer will not answer any more; calls of the peer may still be running.
    pub(super) fn peer_left(&self, error: &TransportError) {
        let pending = std::mem::take(&mut self.lock().pending);
        for reply in pending.into_values() {
            drop(reply.send(Err(CallError::Transport(error.clone()))));
        }
    }
}

/// Appends an answer as a line.
pub(super) fn write_reply(out: &mut BytesMut, id: &RequestId, reply: Reply, longest: usize) {
    match reply {
        Ok(result) if result.as_bytes().len() <= longest => write_result(out, id, result.as_bytes()),
        Ok(result) => {
            let length = result.as_bytes().len();
            tracing::error!(%id, length, longest, "a result is longer than is sent");
            let error = ErrorObject::new(
                crate::jsonrpc::code::INTERNAL_ERROR,
                format!("the result is longer than {longest} bytes"),
            );
            write_error(out, Some(id), &error);
        }
        Err(CallError::Peer(error)) => write_error(out, Some(id), &error),
        Err(CallError::Transport(error)) => {
            tracing::error!(%id, %error, "a call could not be passed on");
            write_error(out, Some(id), &ErrorObject::internal());
        }
    }
    out.extend_from_slice(b"\n");
}
