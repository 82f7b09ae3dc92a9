//! What the driver, the tasks of slow handlers and the callers share: the outbox, the requests that wait for
//! the peer's answer, and those of the peer that are being handled.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;
use futures::future::AbortHandle;
use futures::task::AtomicWaker;
use tokio::sync::{Notify, oneshot};

use super::outbox::{LONG, Outbox};
use crate::jsonrpc::{
    ErrorObject, RequestId, is_one_line, write_error, write_notification, write_result,
    write_result_start,
};
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
    pub(super) outbox: Outbox,
    /// Bytes that the driver has taken out of the outbox and not yet written.
    pub(super) writing: usize,
    pending: HashMap<RequestId, Pending>,
    in_flight: HashMap<RequestId, Running>,
    /// Batches whose answers are not all in. Their answers leave together, after the last call has ended.
    pub(super) batches: usize,
    /// Tells two requests apart that had one id, one after the other.
    serial: u64,
    /// The peer will not answer any more.
    left: Option<TransportError>,
    closed: Option<TransportError>,
    /// Our side wants to end: the driver closes the writer once the outbox is empty.
    pub(super) closing: bool,
}

/// A request of ours that waits for its answer.
#[derive(Debug)]
struct Pending {
    serial: u64,
    reply: oneshot::Sender<Reply>,
}

/// A request of the peer's that is being handled.
#[derive(Debug)]
struct Running {
    serial: u64,
    handle: AbortHandle,
}

/// What a conversation holds at a moment, see [`Remote::stats`](super::Remote::stats). All zero once it is
/// over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Requests of ours that wait for the peer's answer.
    pub pending: usize,
    /// Requests of the peer that are being handled.
    pub in_flight: usize,
    /// Bytes that wait for the peer to read.
    pub outbox_bytes: usize,
}

impl State {
    /// Nothing is running and nothing waits to be written.
    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.is_empty() && self.batches == 0 && self.outbox.is_empty()
    }

    /// Bytes that were accepted and not yet taken by the writer.
    pub(super) fn unwritten(&self) -> usize {
        self.outbox.len() + self.writing
    }

    /// Forgets a call of the peer; false if it was cancelled, or is another one by now.
    fn end(&mut self, id: &RequestId, serial: u64) -> bool {
        let is_running = self.in_flight.get(id).is_some_and(|running| running.serial == serial);
        is_running && self.in_flight.remove(id).is_some()
    }

    fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
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

    pub(super) fn stats(&self) -> Stats {
        let state = self.lock();
        Stats {
            pending: state.pending.len(),
            in_flight: state.in_flight.len(),
            outbox_bytes: state.unwritten(),
        }
    }

    /// Waits until the outbox takes more, then lets `write` add to it and wakes the driver.
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

    /// As [`Shared::send`], with the whole state at hand, so that a request can be noted down before it
    /// leaves.
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
                if state.unwritten() < self.outbox_bytes {
                    break write(&mut state)?;
                }
            }
            room.await;
        };
        self.driver.wake();
        Ok(written)
    }

    /// The driver has `writing` bytes in its hands, which were in the outbox or are answers of its own. Lets
    /// senders go on if that makes room.
    pub(super) fn note_writing(
        &self,
        mut state: MutexGuard<'_, State>,
        writing: usize,
        unwritten: usize,
    ) {
        state.writing = writing;
        let has_room = state.unwritten() < self.outbox_bytes;
        drop(state);
        if unwritten >= self.outbox_bytes && has_room {
            self.room.notify_waiters();
        }
    }

    /// Notes down a request of ours that is about to leave; gives what [`Shared::forget`] needs.
    pub(super) fn expect(
        &self,
        state: &mut State,
        id: RequestId,
        reply: oneshot::Sender<Reply>,
    ) -> Result<u64, TransportError> {
        if let Some(error) = &state.left {
            return Err(error.clone());
        }
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
        let serial = state.next_serial();
        state.pending.insert(id, Pending { serial, reply });
        Ok(serial)
    }

    /// Hands an answer of the peer to whoever waits for it. Late and foreign answers go nowhere.
    pub(super) fn answer(&self, id: &RequestId, outcome: Reply) {
        let waiting = self.lock().pending.remove(id);
        match waiting {
            Some(Pending { reply, .. }) => drop(reply.send(outcome)), // The caller may just have left.
            None => tracing::debug!(%id, "dropped an answer that nobody waits for"),
        }
    }

    /// The caller of a request left before the answer came: tells the peer, if it still was waiting.
    pub(super) fn forget(&self, id: &RequestId, serial: u64, tell_peer: bool) {
        let mut state = self.lock();
        // Once answered, the id is free, and may name another request by now.
        if state.pending.get(id).is_none_or(|pending| pending.serial != serial) {
            return;
        }
        state.pending.remove(id);
        if state.closed.is_some() || state.closing || !tell_peer {
            return;
        }
        // No waiting for room: a cancel frees more than it takes, and there is one at most per request.
        let params =
            format!(r#"{{"requestId":{}}}"#, serde_json::to_string(id).unwrap_or_default());
        let out = state.outbox.buffer();
        write_notification(out, "notifications/cancelled", params.as_bytes());
        out.extend_from_slice(b"\n");
        drop(state);
        self.driver.wake();
    }

    /// Notes down a call of the peer that is being handled; gives what [`Shared::complete`] needs.
    pub(super) fn start(&self, id: RequestId, handle: AbortHandle) -> u64 {
        let mut state = self.lock();
        let serial = state.next_serial();
        state.in_flight.insert(id, Running { serial, handle });
        serial
    }

    pub(super) fn is_in_flight(&self, id: &RequestId) -> bool {
        self.lock().in_flight.contains_key(id)
    }

    pub(super) fn in_flight(&self) -> usize {
        self.lock().in_flight.len()
    }

    /// A handler is done: its answer goes out, unless the call was cancelled meanwhile.
    pub(super) fn complete(&self, id: &RequestId, serial: u64, reply: Reply) {
        let mut state = self.lock();
        if state.end(id, serial) && state.closed.is_none() {
            push_reply(&mut state.outbox, id, reply, self.outgoing_bytes);
        }
        drop(state);
        self.driver.wake();
    }

    /// A batch is done: one array holds `errors`, a line each, and the replies of the calls that were not
    /// cancelled.
    pub(super) fn complete_batch(
        &self,
        calls: Vec<(RequestId, u64, Option<Reply>)>,
        errors: BytesMut,
    ) {
        let mut state = self.lock();
        let mut out = errors;
        for (id, serial, reply) in calls {
            if state.end(&id, serial)
                && let Some(reply) = reply
            {
                write_reply(&mut out, &id, reply, self.outgoing_bytes);
            }
        }
        state.batches -= 1;
        if state.closed.is_none() {
            write_batch(state.outbox.buffer(), out);
        }
        drop(state);
        self.driver.wake();
    }

    /// The peer cancelled a call: the handler is dropped and nothing is answered.
    pub(super) fn cancel(&self, id: &RequestId) -> bool {
        let running = self.lock().in_flight.remove(id);
        match running {
            Some(Running { handle, .. }) => {
                handle.abort();
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
        state.outbox = Outbox::default();
        state.writing = 0;
        drop(state);
        for Pending { reply, .. } in pending.into_values() {
            drop(reply.send(Err(CallError::Transport(error.clone()))));
        }
        for Running { handle, .. } in in_flight.into_values() {
            handle.abort();
        }
        self.room.notify_waiters();
    }

    /// The peer will not answer any more; calls of the peer may still be running.
    pub(super) fn peer_left(&self, error: &TransportError) {
        let pending = {
            let mut state = self.lock();
            state.left.get_or_insert_with(|| error.clone());
            std::mem::take(&mut state.pending)
        };
        for Pending { reply, .. } in pending.into_values() {
            drop(reply.send(Err(CallError::Transport(error.clone()))));
        }
    }
}

/// Appends an answer as a line, a long result without copying it.
pub(super) fn push_reply(out: &mut Outbox, id: &RequestId, reply: Reply, longest: usize) {
    match reply {
        Ok(result)
            if (LONG..=longest).contains(&result.as_bytes().len())
                && is_one_line(result.as_bytes()) =>
        {
            write_result_start(out.buffer(), id);
            out.push(result.into_bytes());
            out.buffer().extend_from_slice(b"}\n");
        }
        reply => write_reply(out.buffer(), id, reply, longest),
    }
}

fn write_reply(out: &mut BytesMut, id: &RequestId, reply: Reply, longest: usize) {
    match reply {
        Ok(result) if result.as_bytes().len() <= longest => {
            write_result(out, id, result.as_bytes())
        }
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

/// Appends answers, each of which is a line, as one array. No answers are no array.
pub(super) fn write_batch(out: &mut BytesMut, mut answers: BytesMut) {
    if answers.is_empty() {
        return;
    }
    answers.truncate(answers.len() - 1);
    for byte in answers.iter_mut().filter(|byte| **byte == b'\n') {
        *byte = b',';
    }
    out.extend_from_slice(b"[");
    out.extend_from_slice(&answers);
    out.extend_from_slice(b"]\n");
}
