//! The future that reads, dispatches and writes.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use futures::future::{AbortHandle, Abortable};
use futures::stream::{FuturesUnordered, Stream, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Sleep, sleep};

use super::output::Output;
use super::queue::RequestQueue;
use super::shared::Shared;
use crate::codec::line::{Line, LineDecoder};
use crate::json::JsonBytes;
use crate::jsonrpc::{Decoded, ErrorObject, Malformed, Message, RequestId, code, decode, too_long};
use crate::limits::ConnectionLimits;
use crate::method::{NotificationMethod as _, notification};
use crate::service::{
    BatchReply, BoxFuture, CatchPanic, Conversation, Notification, Peer, Reply, Request,
    Service as _,
};
use crate::text::PeerText;
use crate::transport::{TransportError, TransportErrorKind};
use crate::types::CancelledParams;

/// Lines that are handled before the driver yields to the runtime. A peer that sends faster than its messages
/// are handled would otherwise keep every other task of the thread waiting.
const LINES_PER_POLL: usize = 128;

/// The share of [`ConnectionLimits::shutdown_timeout`] that is left to running calls when a stop is requested
/// while a drain has begun: one over this number.
const SHORTENED_DRAIN: u32 = 4;

/// Runs a conversation: reads messages, lets the local service answer, writes.
pub struct Driver<R, W, S> {
    /// `None` once the peer has closed its side.
    reader: Option<R>,
    decoder: LineDecoder,
    output: Output<W>,
    limits: ConnectionLimits,
    local: Arc<S>,
    peer: Peer,
    shared: Arc<Shared>,
    queue: RequestQueue,
    /// Notifications that the local service is still handling, or that wait behind such a one. No line behind
    /// them is read meanwhile; a batch can hold more than one.
    notifications: VecDeque<BoxFuture<'static, ()>>,
    overlong_messages: usize,
    /// When everything that still runs is dropped.
    drain: Option<Pin<Box<Sleep>>>,
    /// How often a stop was requested. New requests are refused from the first time on.
    stops: u32,
}

/// Why no further line is handled now.
#[derive(Clone, Copy, PartialEq)]
enum Lines {
    /// More input is needed.
    NeedInput,
    /// Something else has to happen first, and wakes the driver.
    Blocked,
    /// Enough lines were handled for one poll.
    Yield,
}

impl<R, W, S> Driver<R, W, S>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
    S: Conversation,
{
    pub(super) fn new(
        reader: R,
        writer: W,
        limits: &ConnectionLimits,
        local: Arc<S>,
        peer: Peer,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            reader: Some(reader),
            decoder: LineDecoder::new(limits.max_message_bytes),
            output: Output::new(writer, limits.max_outbox_bytes, limits.write_stall_timeout),
            limits: limits.clone(),
            local,
            peer,
            shared,
            queue: RequestQueue::new(limits),
            notifications: VecDeque::new(),
            overlong_messages: 0,
            drain: None,
            stops: 0,
        }
    }

    /// The local service.
    pub fn local(&self) -> &Arc<S> {
        &self.local
    }

    /// Runs the conversation until the peer closes its side, or a stop is requested.
    ///
    /// Each item of `stops` is one request to stop, and the end of `stops` is none. When the peer closes its
    /// side, and at the first request to stop, a drain begins: new requests are refused, running ones have
    /// [`ConnectionLimits::shutdown_timeout`] to finish, and what they answer is written. A request to stop
    /// during a drain leaves the running ones a quarter of that time at most; the second one ends the
    /// conversation at once.
    ///
    /// Dropping the future ends the conversation at once. Must be polled inside a tokio runtime with time
    /// enabled.
    ///
    /// # Errors
    /// When reading or writing fails, or the peer breaks the framing rules too often. Every pending request
    /// of this side has failed with the same error by then.
    pub async fn run(mut self, stops: impl Stream<Item = ()> + Send) -> Result<(), TransportError> {
        let mut stops = pin!(stops.fuse());
        let ended = poll_fn(|cx| {
            while let Poll::Ready(Some(())) = stops.as_mut().poll_next(cx) {
                self.stop();
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
        let mut budget = LINES_PER_POLL;
        loop {
            if self.drain.as_mut().is_some_and(|drain| drain.as_mut().poll(cx).is_ready()) {
                let dropped = self.shared.stats().in_flight + self.queue.len();
                if dropped > 0 {
                    tracing::warn!(dropped, "dropped calls that were still running at shutdown");
                }
                return Poll::Ready(Ok(()));
            }
            self.start_queued(cx);
            let lines = self.handle_lines(cx, &mut budget)?;
            let written = self.output.poll_write(cx, &self.shared)?;
            if self.is_done() {
                return Poll::Ready(Ok(()));
            }
            match lines {
                Lines::Yield => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                // Writing may have made room for what was waiting.
                Lines::Blocked if written.is_ready() && self.can_proceed() => {}
                _ if written.is_ready() && self.can_start_queued() => {}
                Lines::Blocked => return Poll::Pending,
                Lines::NeedInput => ready!(self.poll_read(cx))?,
            }
        }
    }

    // ---- reading -------------------------------------------------------------------------------------

    fn handle_lines(
        &mut self,
        cx: &mut Context<'_>,
        budget: &mut usize,
    ) -> Result<Lines, TransportError> {
        loop {
            while let Some(notification) = self.notifications.front_mut() {
                if notification.as_mut().poll(cx).is_pending() {
                    return Ok(Lines::Blocked);
                }
                self.notifications.pop_front();
            }
            if self.is_saturated() {
                return Ok(Lines::Blocked);
            }
            if *budget == 0 {
                return Ok(Lines::Yield);
            }
            let Some(line) = self.decoder.next_line() else {
                return Ok(if self.reader.is_some() { Lines::NeedInput } else { Lines::Blocked });
            };
            *budget -= 1;
            self.handle_line(cx, line)?;
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let Some(reader) = &mut self.reader else { return Poll::Pending };
        let space = self.decoder.space();
        match ready!(poll_read_into(reader, cx, space)) {
            Ok(0) => {
                self.reader = None;
                if let Some(line) = self.decoder.finish() {
                    self.handle_line(cx, line)?;
                }
                self.shared.peer_left(&TransportError::closed("the peer closed the connection"));
                self.begin_drain(self.limits.shutdown_timeout);
                Poll::Ready(Ok(()))
            }
            Ok(_) => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(TransportError::io("reading from the peer", error))),
        }
    }

    fn handle_line(&mut self, cx: &mut Context<'_>, line: Line) -> Result<(), TransportError> {
        let frame = match line {
            Line::Frame(frame) => frame,
            Line::Overlong => return self.refuse_overlong(),
        };
        match decode(&frame, &self.limits) {
            Ok(Decoded::Single(message)) => self.handle_message(cx, message),
            Ok(Decoded::Batch(entries)) if self.local.accepts_batches() => {
                self.handle_batch(cx, entries);
            }
            Ok(Decoded::Batch(_)) => {
                let error = ErrorObject::invalid_request(
                    "batches are accepted in sessions of the revision 2025-03-26 only",
                );
                self.output.refuse(None, &error);
            }
            Err(malformed) => {
                if let Some((id, error)) = self.handle_malformed(malformed) {
                    self.output.refuse(id.as_ref(), &error);
                }
            }
        }
        Ok(())
    }

    /// What to answer to a frame that is not a message. A malformed answer is never answered: its id is one
    /// of this side's, and the peer would take it for one of its own.
    #[cold]
    fn handle_malformed(&self, malformed: Malformed) -> Option<(Option<RequestId>, ErrorObject)> {
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
        self.overlong_messages += 1;
        self.output.refuse(None, &too_long(&self.limits));
        if self.overlong_messages > self.limits.max_overlong_messages {
            let (count, max_bytes) = (self.overlong_messages, self.limits.max_message_bytes);
            let reason = format!("the peer sent {count} messages of more than {max_bytes} bytes");
            return Err(TransportError::new(TransportErrorKind::Protocol, reason));
        }
        Ok(())
    }

    fn handle_message(&mut self, cx: &mut Context<'_>, message: Message) {
        match message {
            Message::Request { id, method, params } => {
                let request = Request::new(id, method, params).with_peer(self.peer.clone());
                self.handle_request(cx, request);
            }
            // A cancellation that concerns no call of the peer's is passed to the local service: a server
            // ends a subscription of this side in that way (SUB-8).
            Message::Notification { method, params }
                if method == notification::Cancelled::NAME && self.handle_cancelled(&params) => {}
            Message::Notification { method, params } => {
                let local = Arc::clone(&self.local);
                let notification = Notification::new(method, params);
                let mut notify: BoxFuture<'static, ()> =
                    Box::pin(async move { CatchPanic::new(local).notify(notification).await });
                if !self.notifications.is_empty() || notify.as_mut().poll(cx).is_pending() {
                    self.notifications.push_back(notify);
                }
            }
            Message::Response { id: Some(id), outcome } => {
                self.shared.answer(&id, outcome.map_err(Into::into));
            }
            Message::Response { id: None, outcome } => {
                let error = outcome.err().map(|error| PeerText::new(error.message()).to_string());
                tracing::warn!(error, "the peer could not read a message");
            }
        }
    }

    /// Cancels the call that is meant. False if it is not a call of the peer's.
    fn handle_cancelled(&mut self, params: &JsonBytes) -> bool {
        // Malformed cancellations are ignored (CAN-3).
        let Ok(CancelledParams { request_id: Some(id), reason, .. }) = params.parse() else {
            return true;
        };
        let known = self.shared.cancel(&id) || self.queue.remove(&id);
        let reason = reason.as_deref().map(PeerText::new).map(tracing::field::display);
        tracing::debug!(%id, reason, known, "the peer cancelled a call");
        known
    }

    // ---- requests of the peer ------------------------------------------------------------------------

    fn handle_request(&mut self, cx: &mut Context<'_>, request: Request) {
        if self.stops > 0 {
            let error = ErrorObject::new(code::INTERNAL_ERROR, "the server is shutting down");
            return self.output.refuse(Some(&request.id), &error);
        }
        if self.is_known(&request.id) {
            let error =
                ErrorObject::invalid_request("a request with this id is still being handled");
            return self.output.refuse(Some(&request.id), &error);
        }
        if self.queue.is_empty() && self.has_capacity() {
            return self.start(cx, request);
        }
        if self.queue.is_full() {
            let error =
                ErrorObject::new(code::INTERNAL_ERROR, "too many requests at the same time")
                    .with_data(&serde_json::json!({ "retryable": true }));
            return self.output.refuse(Some(&request.id), &error);
        }
        self.queue.push(request);
    }

    fn start(&mut self, cx: &mut Context<'_>, request: Request) {
        let id = request.id.clone();
        let mut call = Box::pin(call(Arc::clone(&self.local), request));
        match call.as_mut().poll(cx) {
            Poll::Ready(reply) => self.output.reply(&self.shared, &id, reply),
            Poll::Pending => {
                let (handle, registration) = AbortHandle::new_pair();
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

    fn handle_batch(&mut self, cx: &mut Context<'_>, entries: Vec<Result<Message, Malformed>>) {
        let mut replies = BatchReply::new(self.limits.max_outgoing_bytes);
        let mut calls = FuturesUnordered::new();
        for entry in entries {
            match entry {
                Ok(Message::Request { id, method, params }) => {
                    if self.stops > 0 || self.is_known(&id) || !self.has_capacity() {
                        let error = ErrorObject::invalid_request(
                            "this entry of the batch cannot be handled: its id is in use, or too many \
                             requests are running",
                        );
                        replies.push_error(Some(&id), &error);
                        continue;
                    }
                    let (handle, registration) = AbortHandle::new_pair();
                    let serial = self.shared.start(id.clone(), handle);
                    let request =
                        Request::new(id.clone(), method, params).with_peer(self.peer.clone());
                    let call = Abortable::new(call(Arc::clone(&self.local), request), registration);
                    calls.push(async move { (id, serial, call.await.ok()) });
                }
                Ok(other) => self.handle_message(cx, other),
                Err(malformed) => {
                    if let Some((id, error)) = self.handle_malformed(malformed) {
                        replies.push_error(id.as_ref(), &error);
                    }
                }
            }
        }
        if calls.is_empty() {
            if let Some(line) = replies.finish() {
                self.output.refuse_line(line);
            }
            return;
        }
        self.shared.lock().running.start_batch();
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            // Each answer is written as it comes, so that the batch never holds more than its bound.
            while let Some((id, serial, reply)) = calls.next().await {
                if shared.finish_batch_entry(&id, serial)
                    && let Some(reply) = reply
                {
                    replies.push(&id, reply);
                }
            }
            shared.complete_batch(replies.finish());
        });
    }

    fn start_queued(&mut self, cx: &mut Context<'_>) {
        while self.has_capacity()
            && let Some(request) = self.queue.pop()
        {
            self.start(cx, request);
        }
    }

    fn can_start_queued(&self) -> bool {
        !self.queue.is_empty() && self.has_capacity()
    }

    /// Whether lines that were held back can be handled now.
    fn can_proceed(&self) -> bool {
        self.can_start_queued()
            || (self.reader.is_some() && self.notifications.is_empty() && !self.is_saturated())
    }

    /// Whether the peer does not read and one more message of it could exceed a bound. Up to that point lines
    /// are handled even while nothing can be written, so that answers and cancellations get through.
    fn is_saturated(&self) -> bool {
        self.output.is_full() && (self.queue.is_full() || self.output.is_full_of_refusals())
    }

    fn is_known(&self, id: &RequestId) -> bool {
        self.shared.lock().running.contains(id) || self.queue.contains(id)
    }

    fn has_capacity(&self) -> bool {
        !self.output.is_full()
            && self.shared.lock().running.len() < self.limits.max_in_flight_requests
    }

    // ---- the end -------------------------------------------------------------------------------------

    #[cold]
    fn stop(&mut self) {
        self.stops += 1;
        let timeout = self.limits.shutdown_timeout;
        self.begin_drain(match (self.stops, &self.drain) {
            (1, None) => timeout,
            (1, Some(_)) => timeout / SHORTENED_DRAIN,
            _ => Duration::ZERO,
        });
    }

    /// Begins a drain, or shortens the one that has begun.
    fn begin_drain(&mut self, timeout: Duration) {
        self.local.draining();
        let end = sleep(timeout);
        if self.drain.as_ref().is_none_or(|drain| end.deadline() < drain.deadline()) {
            self.drain = Some(Box::pin(end));
        }
    }

    /// Whether a drain has begun and nothing is left to do.
    fn is_done(&self) -> bool {
        self.drain.is_some()
            && self.queue.is_empty()
            && self.notifications.is_empty()
            && self.output.is_done()
            && self.shared.lock().is_idle()
    }
}

impl<R, W, S> Drop for Driver<R, W, S> {
    fn drop(&mut self) {
        self.shared.close(&TransportError::closed("the connection was dropped"));
    }
}

impl<R, W, S> fmt::Debug for Driver<R, W, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("stops", &self.stops).finish_non_exhaustive()
    }
}

/// Calls the local service. A panic is answered as well.
async fn call<S: Conversation>(local: Arc<S>, request: Request) -> Reply {
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
