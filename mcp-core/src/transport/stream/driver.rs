//! The future that reads, dispatches and writes.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use futures::future::{Abortable, join_all};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Sleep, sleep};

use super::outbox::Outbox;
use super::shared::{Shared, push_reply, write_batch};
use crate::codec::line::{Line, LineDecoder};
use crate::jsonrpc::{Decoded, ErrorObject, Malformed, Message, RequestId, decode, write_error};
use crate::limits::Limits;
use crate::service::{BoxFuture, CatchPanic, Notification, Peer, Reply, Request, Service};
use crate::transport::{TransportError, TransportErrorKind};

/// Moves a conversation: reads messages, lets the local service answer, writes.
pub struct Driver<R, W, S> {
    /// None once the peer has closed its side, or we stopped listening.
    reader: Option<R>,
    /// None once our side of the stream is closed; what is still to be written then goes nowhere.
    writer: Option<W>,
    decoder: LineDecoder,
    limits: Limits,
    local: Arc<S>,
    peer: Peer,
    shared: Arc<Shared>,
    /// Bytes on their way to the writer.
    out: Outbox,
    /// The writer has bytes that were not flushed.
    unflushed: bool,
    /// Bytes of refusals since the output had room.
    refused: usize,
    /// Requests that wait for a free place, oldest first.
    queue: VecDeque<Request>,
    queued_bytes: usize,
    /// Notifications that the local service is still busy with, or that wait behind such a one. No line behind
    /// them is looked at meanwhile; more than one can come in a batch.
    notes: VecDeque<BoxFuture<'static, ()>>,
    overlong: usize,
    /// When a peer that does not read is given up; set while the writer takes nothing.
    stall: Option<Pin<Box<Sleep>>>,
    /// When whatever still runs is given up.
    drain: Option<Pin<Box<Sleep>>>,
    /// New requests are refused.
    stopping: bool,
}

impl<R, W, S> Driver<R, W, S>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
    S: Service,
{
    pub(super) fn new(
        reader: R,
        writer: W,
        limits: &Limits,
        local: Arc<S>,
        peer: Peer,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            reader: Some(reader),
            writer: Some(writer),
            decoder: LineDecoder::new(limits.message_bytes),
            limits: limits.clone(),
            local,
            peer,
            shared,
            out: Outbox::default(),
            unflushed: false,
            refused: 0,
            queue: VecDeque::new(),
            queued_bytes: 0,
            notes: VecDeque::new(),
            overlong: 0,
            stall: None,
            drain: None,
            stopping: false,
        }
    }

    /// The local service.
    pub fn local(&self) -> &Arc<S> {
        &self.local
    }

    /// Runs the conversation until the peer closes its side, or `stop` is done.
    ///
    /// Then new requests are refused, running ones have [`Limits::drain_on_close`] or
    /// [`Limits::drain_on_signal`] to end, what they answer is written, and the future is done. Dropping it
    /// ends the conversation at once. Must be polled inside a tokio runtime with time enabled.
    ///
    /// # Errors
    /// When reading or writing fails, or the peer breaks the framing rules too often. Every waiting call of
    /// ours has got the same error by then.
    pub async fn run(
        mut self,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), TransportError> {
        let mut stop = pin!(stop);
        let mut stopped = false;
        let ended = poll_fn(|cx| {
            if !stopped && stop.as_mut().poll(cx).is_ready() {
                stopped = true;
                self.stopping = true;
                self.begin_drain(self.limits.drain_on_signal);
            }
            self.poll(cx)
        })
        .await;
        let error = match &ended {
            Ok(()) => TransportError::closed("the connection is closed"),
            Err(error) => error.clone(),
        };
        self.shared.close(&error);
        ended
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.shared.driver.register(cx.waker());
        loop {
            if self.drain.as_mut().is_some_and(|drain| drain.as_mut().poll(cx).is_ready()) {
                let left = self.shared.in_flight() + self.queue.len();
                if left > 0 {
                    tracing::warn!(left, "gave up calls that were still running");
                }
                return Poll::Ready(Ok(()));
            }
            self.start_queued(cx);
            let waits_for_input = self.dispatch_lines(cx)?;
            let written = self.poll_write(cx)?;
            if self.is_done() {
                return Poll::Ready(Ok(()));
            }
            if written.is_ready()
                && (self.can_start_queued() || self.has_held_back_lines(waits_for_input))
            {
                continue; // Writing made room for what was waiting.
            }
            if !waits_for_input {
                return Poll::Pending; // What has to happen first wakes us.
            }
            ready!(self.poll_read(cx))?;
        }
    }

    // ---- reading -------------------------------------------------------------------------------------

    /// Handles complete lines. False when more input could not be taken now.
    fn dispatch_lines(&mut self, cx: &mut Context<'_>) -> Result<bool, TransportError> {
        loop {
            while let Some(note) = self.notes.front_mut() {
                if note.as_mut().poll(cx).is_pending() {
                    return Ok(false);
                }
                self.notes.pop_front();
            }
            if self.takes_no_more() {
                return Ok(false);
            }
            let Some(line) = self.decoder.next_line() else { return Ok(self.reader.is_some()) };
            self.line(cx, line)?;
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let Some(reader) = &mut self.reader else { return Poll::Pending };
        let space = self.decoder.space();
        match ready!(poll_read_into(reader, cx, space)) {
            Ok(0) => {
                self.reader = None;
                if let Some(line) = self.decoder.finish() {
                    self.line(cx, line)?;
                }
                self.shared.peer_left(&TransportError::closed("the peer closed the connection"));
                self.begin_drain(self.limits.drain_on_close);
                Poll::Ready(Ok(()))
            }
            Ok(_) => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(TransportError::io("reading from the peer", error))),
        }
    }

    fn line(&mut self, cx: &mut Context<'_>, line: Line) -> Result<(), TransportError> {
        let frame = match line {
            Line::Frame(frame) => frame,
            Line::Overlong => return self.refuse_overlong(),
        };
        match decode(&frame, &self.limits) {
            Ok(Decoded::Single(message)) => self.message(cx, message),
            Ok(Decoded::Batch(entries)) if self.local.accepts_batches() => self.batch(cx, entries),
            Ok(Decoded::Batch(_)) => {
                self.refuse(
                    None,
                    &ErrorObject::invalid_request(
                        "arrays of messages are not part of this revision",
                    ),
                );
            }
            Err(malformed) => {
                if let Some((id, error)) = self.malformed(malformed) {
                    self.refuse(id.as_ref(), &error);
                }
            }
        }
        Ok(())
    }

    /// What to answer to a frame that is no message. An answer is never answered: its id is one of ours, and
    /// the peer would take it for one of its own.
    #[cold]
    fn malformed(&self, malformed: Malformed) -> Option<(Option<RequestId>, ErrorObject)> {
        let Malformed { id, error, answers } = malformed;
        tracing::debug!(%error, "refused a malformed message");
        let Some(answered) = answers else { return Some((id, error)) };
        let reason = format!("the peer's answer is not valid: {}", error.message());
        let error = TransportError::new(TransportErrorKind::Protocol, reason);
        self.shared.answer(&answered, Err(error.into()));
        None
    }

    #[cold]
    fn refuse_overlong(&mut self) -> Result<(), TransportError> {
        let longest = self.limits.message_bytes;
        self.overlong += 1;
        self.refuse(
            None,
            &ErrorObject::invalid_request(format!("the message is longer than {longest} bytes")),
        );
        if self.overlong > self.limits.overlong_messages {
            return Err(TransportError::new(
                TransportErrorKind::Protocol,
                format!("the peer sent {} messages of more than {longest} bytes", self.overlong),
            ));
        }
        Ok(())
    }

    fn message(&mut self, cx: &mut Context<'_>, message: Message) {
        match message {
            Message::Request { id, method, params } => {
                let request = Request::new(id, method, params).with_peer(self.peer.clone());
                self.request(cx, request);
            }
            // One that is about no call of the peer's goes on to the local service: a server ends a
            // subscription of ours so (SUB-8).
            Message::Notification { method, params }
                if method == "notifications/cancelled" && self.cancelled(&params) => {}
            Message::Notification { method, params } => {
                let local = Arc::clone(&self.local);
                let notification = Notification::new(method, params);
                let mut note: BoxFuture<'static, ()> =
                    Box::pin(async move { CatchPanic::new(local).notify(notification).await });
                if !self.notes.is_empty() || note.as_mut().poll(cx).is_pending() {
                    self.notes.push_back(note);
                }
            }
            Message::Response { id: Some(id), outcome } => {
                self.shared.answer(&id, outcome.map_err(Into::into));
            }
            Message::Response { id: None, outcome } => {
                tracing::warn!(?outcome, "the peer could not read a message of ours");
            }
        }
    }

    /// Cancels the call that is meant; false if there is none.
    fn cancelled(&mut self, params: &crate::json::JsonBytes) -> bool {
        #[derive(serde::Deserialize)]
        struct Cancelled {
            #[serde(rename = "requestId")]
            request_id: RequestId,
            reason: Option<String>,
        }
        // Malformed cancellations are ignored (CAN-3).
        let Ok(Cancelled { request_id, reason }) = params.parse() else { return true };
        let known = self.shared.cancel(&request_id) || self.unqueue(&request_id);
        tracing::debug!(id = %request_id, reason, known, "the peer cancelled a call");
        known
    }

    // ---- requests of the peer ------------------------------------------------------------------------

    fn request(&mut self, cx: &mut Context<'_>, request: Request) {
        if self.stopping {
            let error = ErrorObject::new(
                crate::jsonrpc::code::INTERNAL_ERROR,
                "the server is shutting down",
            );
            return self.refuse(Some(&request.id), &error);
        }
        if self.is_known(&request.id) {
            let error =
                ErrorObject::invalid_request("a request with this id is still being handled");
            return self.refuse(Some(&request.id), &error);
        }
        if self.queue.is_empty() && self.has_place() {
            return self.start(cx, request);
        }
        if self.queue_is_full() {
            let error = ErrorObject::new(
                crate::jsonrpc::code::INTERNAL_ERROR,
                "too many requests at a time",
            )
            .with_data(&serde_json::json!({ "retryable": true }));
            return self.refuse(Some(&request.id), &error);
        }
        self.queued_bytes += request.params.as_bytes().len();
        self.queue.push_back(request);
    }

    fn start(&mut self, cx: &mut Context<'_>, request: Request) {
        let id = request.id.clone();
        let mut call = Box::pin(call(Arc::clone(&self.local), request));
        match call.as_mut().poll(cx) {
            Poll::Ready(reply) => {
                self.take_outbox(); // What the handler said while it ran goes before its answer.
                push_reply(&mut self.out, &id, reply, self.limits.outgoing_bytes);
            }
            Poll::Pending => {
                let (handle, registration) = futures::future::AbortHandle::new_pair();
                let serial = self.shared.start(id.clone(), handle);
                let shared = Arc::clone(&self.shared);
                let call = Abortable::new(call, registration);
                tokio::spawn(async move {
                    if let Ok(reply) = call.await {
                        shared.complete(&id, serial, reply);
                    }
                });
            }
        }
    }

    fn batch(&mut self, cx: &mut Context<'_>, entries: Vec<Result<Message, Malformed>>) {
        let mut errors = BytesMut::new();
        let mut refuse = |id: Option<&RequestId>, error: &ErrorObject| {
            write_error(&mut errors, id, error);
            errors.extend_from_slice(b"\n");
        };
        let mut calls = Vec::new();
        for entry in entries {
            match entry {
                Ok(Message::Request { id, method, params }) => {
                    if self.stopping || self.is_known(&id) || !self.has_place() {
                        let error = ErrorObject::invalid_request(
                            "this entry of the batch cannot be taken now",
                        );
                        refuse(Some(&id), &error);
                        continue;
                    }
                    let (handle, registration) = futures::future::AbortHandle::new_pair();
                    let serial = self.shared.start(id.clone(), handle);
                    let request =
                        Request::new(id.clone(), method, params).with_peer(self.peer.clone());
                    let call = Abortable::new(call(Arc::clone(&self.local), request), registration);
                    calls.push(async move { (id, serial, call.await.ok()) });
                }
                Ok(other) => self.message(cx, other),
                Err(malformed) => {
                    if let Some((id, error)) = self.malformed(malformed) {
                        refuse(id.as_ref(), &error);
                    }
                }
            }
        }
        if calls.is_empty() {
            self.refused += errors.len();
            return write_batch(self.out.buffer(), errors);
        }
        self.shared.lock().batches += 1;
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            let replies = join_all(calls).await;
            shared.complete_batch(replies, errors);
        });
    }

    fn start_queued(&mut self, cx: &mut Context<'_>) {
        while self.has_place()
            && let Some(request) = self.queue.pop_front()
        {
            self.queued_bytes -= request.params.as_bytes().len();
            self.start(cx, request);
        }
    }

    fn unqueue(&mut self, id: &RequestId) -> bool {
        let Some(at) = self.queue.iter().position(|queued| queued.id == *id) else { return false };
        if let Some(request) = self.queue.remove(at) {
            self.queued_bytes -= request.params.as_bytes().len();
        }
        true
    }

    fn can_start_queued(&self) -> bool {
        !self.queue.is_empty() && self.has_place()
    }

    /// Lines were left in the decoder for want of room, and there is room now.
    fn has_held_back_lines(&self, waits_for_input: bool) -> bool {
        !waits_for_input && self.reader.is_some() && self.notes.is_empty() && !self.takes_no_more()
    }

    /// The peer does not read, and one more message of it could make us hold more than is allowed. Up to
    /// that, lines are looked at even while nothing can be written, so that answers and cancels get through.
    fn takes_no_more(&self) -> bool {
        self.output_is_clogged()
            && (self.queue_is_full() || self.refused >= self.limits.outbox_bytes)
    }

    fn is_known(&self, id: &RequestId) -> bool {
        self.shared.is_in_flight(id) || self.queue.iter().any(|queued| queued.id == *id)
    }

    fn has_place(&self) -> bool {
        !self.output_is_clogged() && self.shared.in_flight() < self.limits.in_flight
    }

    fn queue_is_full(&self) -> bool {
        self.queue.len() >= self.limits.queued || self.queued_bytes >= self.limits.queued_bytes
    }

    fn output_is_clogged(&self) -> bool {
        self.out.len() >= self.limits.outbox_bytes
    }

    fn refuse(&mut self, id: Option<&RequestId>, error: &ErrorObject) {
        let before = self.out.len();
        write_error(self.out.buffer(), id, error);
        self.out.buffer().extend_from_slice(b"\n");
        self.refused += self.out.len() - before;
    }

    // ---- writing -------------------------------------------------------------------------------------

    /// Writes what there is, and gives up a peer that reads nothing for too long.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, TransportError> {
        let written = self.poll_write_out(cx)?;
        if written.is_ready() {
            self.stall = None;
            return Ok(written);
        }
        let patience = self.limits.write_stall;
        let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(patience)));
        if stall.as_mut().poll(cx).is_ready() {
            let message = format!("the peer did not read for {} s", patience.as_secs_f64());
            return Err(TransportError::closed(message));
        }
        Ok(written)
    }

    /// Writes whatever is queued, as much at a time as the writer takes, and flushes when all is out.
    fn poll_write_out(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, TransportError> {
        let failed = |error| TransportError::io("writing to the peer", error);
        loop {
            self.take_outbox();
            let Some(writer) = &mut self.writer else {
                self.out = Outbox::default();
                self.shared.note_writing(self.shared.lock(), 0, 0);
                return Ok(Poll::Ready(()));
            };
            if self.out.is_empty() {
                break;
            }
            while !self.out.is_empty() {
                match self.out.poll_write(cx, writer) {
                    Poll::Ready(Ok(0)) => {
                        return Err(TransportError::closed("the peer does not read any more"));
                    }
                    Poll::Ready(Ok(_)) => {
                        self.unflushed = true;
                        self.stall = None;
                    }
                    Poll::Ready(Err(error)) => return Err(failed(error)),
                    Poll::Pending => {
                        if !self.output_is_clogged() {
                            self.refused = 0;
                        }
                        let state = self.shared.lock();
                        let unwritten = state.unwritten();
                        self.shared.note_writing(state, self.out.len(), unwritten);
                        return Ok(Poll::Pending);
                    }
                }
            }
            self.refused = 0;
        }
        let Some(writer) = &mut self.writer else { return Ok(Poll::Ready(())) };
        if self.unflushed {
            match Pin::new(&mut *writer).poll_flush(cx) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(error)) => return Err(failed(error)),
                Poll::Pending => return Ok(Poll::Pending),
            }
        }
        if self.shared.lock().closing {
            match Pin::new(writer).poll_shutdown(cx) {
                // Closing a broken pipe fails, and is closed all the same. Some writers close when dropped.
                Poll::Ready(_) => self.writer = None,
                Poll::Pending => return Ok(Poll::Pending),
            }
        }
        Ok(Poll::Ready(()))
    }

    fn take_outbox(&mut self) {
        let mut state = self.shared.lock();
        let unwritten = state.unwritten();
        if !state.outbox.is_empty() {
            self.out.append(&mut state.outbox);
        }
        self.shared.note_writing(state, self.out.len(), unwritten);
    }

    // ---- the end -------------------------------------------------------------------------------------

    fn begin_drain(&mut self, patience: std::time::Duration) {
        self.local.draining();
        let end = sleep(patience);
        if self.drain.as_ref().is_none_or(|drain| end.deadline() < drain.deadline()) {
            self.drain = Some(Box::pin(end));
        }
    }

    /// The peer has left, or we are stopping, and nothing is left to do.
    fn is_done(&self) -> bool {
        self.drain.is_some()
            && self.queue.is_empty()
            && self.notes.is_empty()
            && self.out.is_empty()
            && !self.unflushed
            && {
                let state = self.shared.lock();
                state.is_idle()
            }
    }
}

impl<R, W, S> Drop for Driver<R, W, S> {
    fn drop(&mut self) {
        self.shared.close(&TransportError::closed("the connection was dropped"));
    }
}

impl<R, W, S> fmt::Debug for Driver<R, W, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("stopping", &self.stopping).finish_non_exhaustive()
    }
}

/// Calls the local service. What panics is answered as well.
async fn call<S: Service>(local: Arc<S>, request: Request) -> Reply {
    CatchPanic::new(local).call(request).await
}

fn poll_read_into<R: AsyncRead + Unpin>(
    reader: &mut R,
    cx: &mut Context<'_>,
    space: &mut BytesMut,
) -> Poll<std::io::Result<usize>> {
    use tokio::io::AsyncReadExt as _;
    // `read_buf` holds no state between polls, so a fresh future every time loses nothing.
    let read = pin!(reader.read_buf(space));
    read.poll(cx)
}
