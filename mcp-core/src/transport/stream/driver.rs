//! The future that reads, dispatches and writes.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use futures::future::{Abortable, Aborted, join_all};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep, sleep_until};

use super::shared::{Shared, write_reply};
use crate::codec::line::{Line, LineDecoder};
use crate::jsonrpc::{Decoded, ErrorObject, Malformed, Message, RequestId, decode, write_error};
use crate::limits::Limits;
use crate::service::{BoxFuture, Notification, Peer, Request, Service};
use crate::transport::{TransportError, TransportErrorKind};

/// Moves a conversation: reads messages, lets the local service answer, writes.
pub struct Driver<R, W, S> {
    /// None once the peer has closed its side, or we stopped listening.
    reader: Option<R>,
    writer: W,
    decoder: LineDecoder,
    limits: Limits,
    local: Arc<S>,
    peer: Peer,
    shared: Arc<Shared>,
    /// Bytes on their way to the writer.
    out: BytesMut,
    /// The writer has bytes that were not flushed.
    unflushed: bool,
    /// Our side of the stream is closed.
    shut: bool,
    /// Requests that wait for a free place, oldest first.
    queue: VecDeque<Request>,
    queued_bytes: usize,
    /// A notification that the local service is still busy with. Nothing behind it is read meanwhile.
    note: Option<BoxFuture<'static, ()>>,
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
            writer,
            decoder: LineDecoder::new(limits.message_bytes),
            limits: limits.clone(),
            local,
            peer,
            shared,
            out: BytesMut::new(),
            unflushed: false,
            shut: false,
            queue: VecDeque::new(),
            queued_bytes: 0,
            note: None,
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
    pub async fn run(mut self, stop: impl Future<Output = ()> + Send) -> Result<(), TransportError> {
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
            if written.is_ready() && (self.can_start_queued() || self.has_held_back_lines(waits_for_input)) {
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
            if let Some(note) = &mut self.note {
                if note.as_mut().poll(cx).is_pending() {
                    return Ok(false);
                }
                self.note = None;
            }
            if self.output_is_clogged() && self.queue_is_full() {
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
                    &ErrorObject::invalid_request("arrays of messages are not part of this revision"),
                );
            }
            Err(Malformed { id, error }) => {
                tracing::debug!(%error, "refused a malformed message");
                self.refuse(id.as_ref(), &error);
            }
        }
        Ok(())
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
                let before = self.note.take(); // Another one of the same batch.
                let mut note: BoxFuture<'static, ()> = Box::pin(async move {
                    if let Some(before) = before {
                        before.await;
                    }
                    local.notify(notification).await;
                });
                if note.as_mut().poll(cx).is_pending() {
                    self.note = Some(note);
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
            let error = ErrorObject::new(crate::jsonrpc::code::INTERNAL_ERROR, "the server is shutting down");
            return self.refuse(Some(&request.id), &error);
        }
        if self.shared.is_in_flight(&request.id) || self.queue.iter().any(|queued| queued.id == request.id) {
            let error = ErrorObject::invalid_request("a request with this id is still being handled");
            return self.refuse(Some(&request.id), &error);
        }
        if self.queue.is_empty() && self.has_place() {
            return self.start(cx, request);
        }
        if self.queue_is_full() {
            let error = ErrorObject::new(crate::jsonrpc::code::INTERNAL_ERROR, "too many requests at a time")
                .with_data(&serde_json::json!({ "retryable": true }));
            return self.refuse(Some(&request.id), &error);
        }
        self.queued_bytes += request.params.as_bytes().len();
        self.queue.push_back(request);
    }

    fn start(&mut self, cx: &mut Context<'_>, request: Request) {
        let local = Arc::clone(&self.local);
        let id = request.id.clone();
        let mut call = Box::pin(async move { local.call(request).await });
        match call.as_mut().poll(cx) {
            Poll::Ready(reply) => {
                self.take_outbox(); // What the handler said while it ran goes before its answer.
                write_reply(&mut self.out, &id, reply, self.limits.outgoing_bytes);
            }
            Poll::Pending => {
                let (handle, registration) = futures::future::AbortHandle::new_pair();
                self.shared.start(id.clone(), handle.clone());
                let shared = Arc::clone(&self.shared);
                let call = Abortable::new(call, registration);
                tokio::spawn(async move {
                    if let Ok(reply) = call.await {
                        shared.complete(&id, &handle, reply);
                    }
                });
            }
        }
    }

    fn batch(&mut self, cx: &mut Context<'_>, entries: Vec<Result<Message, Malformed>>) {
        let mut errors = BytesMut::new();
        let mut calls = Vec::new();
        let mut ids = Vec::new();
        for entry in entries {
            match entry {
                Ok(Message::Request { id, method, params }) => {
                    if self.stopping || self.shared.is_in_flight(&id) || !self.has_place() {
                        let error =
                            ErrorObject::invalid_request("this entry of the batch cannot be taken now");
                        write_error(&mut errors, Some(&id), &error);
                        errors.extend_from_slice(b"\n");
                        continue;
                    }
                    let (handle, registration) = futures::future::AbortHandle::new_pair();
                    self.shared.start(id.clone(), handle);
                    ids.push(id.clone());
                    let local = Arc::clone(&self.local);
                    let request = Request::new(id.clone(), method, params).with_peer(self.peer.clone());
                    let call = async move { (id, local.call(request).await) };
                    calls.push(Abortable::new(call, registration));
                }
                Ok(other) => self.message(cx, other),
                Err(Malformed { id, error }) => {
                    write_error(&mut errors, id.as_ref(), &error);
                    errors.extend_from_slice(b"\n");
                }
            }
        }
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            let replies = join_all(calls).await.into_iter().filter_map(|done: Result<_, Aborted>| done.ok());
            shared.complete_batch(&ids, replies.collect(), errors);
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
        let is_full = self.output_is_clogged() && self.queue_is_full();
        !waits_for_input && self.reader.is_some() && self.note.is_none() && !is_full
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
        write_error(&mut self.out, id, error);
        self.out.extend_from_slice(b"\n");
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
        let stall = self.stall.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
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
            if self.out.is_empty() {
                break;
            }
            while !self.out.is_empty() {
                match Pin::new(&mut self.writer).poll_write(cx, &self.out) {
                    Poll::Ready(Ok(0)) => {
                        return Err(TransportError::closed("the peer does not read any more"));
                    }
                    Poll::Ready(Ok(written)) => {
                        self.unflushed = true;
                        self.stall = None;
                        if written == self.out.len() {
                            self.out.clear();
                        } else {
                            drop(self.out.split_to(written));
                        }
                    }
                    Poll::Ready(Err(error)) => return Err(failed(error)),
                    Poll::Pending => {
                        self.shared.lock().writing = self.out.len();
                        return Ok(Poll::Pending);
                    }
                }
            }
            if self.out.capacity() > 256 << 10 {
                self.out = BytesMut::new(); // A large message went through; its buffer need not stay.
            }
        }
        if self.unflushed {
            match Pin::new(&mut self.writer).poll_flush(cx) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(error)) => return Err(failed(error)),
                Poll::Pending => return Ok(Poll::Pending),
            }
        }
        if !self.shut && self.shared.lock().closing {
            match Pin::new(&mut self.writer).poll_shutdown(cx) {
                Poll::Ready(_) => self.shut = true, // Closing a broken pipe fails, and is closed all the same.
                Poll::Pending => return Ok(Poll::Pending),
            }
        }
        Ok(Poll::Ready(()))
    }

    fn take_outbox(&mut self) {
        let mut state = self.shared.lock();
        let was_full = state.outbox.len() + state.writing >= self.shared.outbox_bytes;
        if !state.outbox.is_empty() {
            if self.out.is_empty() {
                std::mem::swap(&mut self.out, &mut state.outbox);
            } else {
                self.out.extend_from_slice(&state.outbox);
                state.outbox.clear();
            }
        }
        state.writing = 0; // Set again when the writer stops taking.
        drop(state);
        if was_full {
            self.shared.room.notify_waiters();
        }
    }

    // ---- the end -------------------------------------------------------------------------------------

    fn begin_drain(&mut self, patience: std::time::Duration) {
        self.local.draining();
        let deadline = Instant::now().checked_add(patience).unwrap_or_else(Instant::now);
        if self.drain.as_ref().is_none_or(|drain| deadline < drain.deadline()) {
            self.drain = Some(Box::pin(sleep_until(deadline)));
        }
    }

    /// The peer has left, or we are stopping, and nothing is left to do.
    fn is_done(&self) -> bool {
        self.drain.is_some()
            && self.queue.is_empty()
            && self.note.is_none()
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
