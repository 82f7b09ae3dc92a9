//! The driver: the future that reads, dispatches and writes.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use futures::future::{AbortHandle, Abortable};
use futures::stream::{FuturesUnordered, Stream, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};

use super::output::Output;
use super::queue::RequestQueue;
use super::refusal;
use super::shared::Shared;
use super::shutdown::Shutdown;
use crate::codec::line::{Line, LineDecoder};
use crate::json::JsonBytes;
use crate::jsonrpc::{Decoded, ErrorObject, Malformed, Message, RequestId, decode, too_long};
use crate::limits::ConnectionLimits;
use crate::method::{NotificationMethod as _, notification};
use crate::service::{
    BatchReply, BoxFuture, CatchPanic, Conversation, Notification, Peer, Reply, Request,
    Service as _, catch_panic,
};
use crate::text::PeerText;
use crate::transport::{TransportError, TransportErrorKind};
use crate::types::CancelledParams;

/// Number of lines that are handled before the driver yields to the runtime. Without it, a peer
/// that sends faster than its messages are handled would keep all other tasks of the thread
/// waiting. Fixed: a higher number delays other tasks, and a lower one wakes the driver more often
/// for the same work.
const LINES_PER_POLL: usize = 128;

/// Runs a conversation: reads messages, lets the local service answer them, and writes.
///
/// [`connect`](super::connect) creates it.
pub struct Driver<R, W, S> {
    /// `None` after the peer has closed its side.
    reader: Option<R>,
    decoder: LineDecoder,
    output: Output<W>,
    limits: ConnectionLimits,
    local: Arc<S>,
    peer: Peer,
    shared: Arc<Shared>,
    queue: RequestQueue,
    /// Notifications that the local service is handling, and those that wait for them. No further
    /// line is read meanwhile; a batch can contain more than one.
    notifications: VecDeque<BoxFuture<'static, ()>>,
    overlong_messages: usize,
    shutdown: Shutdown,
}

/// Why no further line is handled in this iteration.
#[derive(Clone, Copy, PartialEq)]
enum Lines {
    /// More input is needed.
    NeedInput,
    /// Something else must happen first. It wakes the driver.
    Blocked,
    /// The budget of this poll is used up.
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
            shutdown: Shutdown::new(limits.shutdown_timeout),
        }
    }

    /// Returns the local service.
    pub fn local(&self) -> &Arc<S> {
        &self.local
    }

    /// Runs the conversation until the peer closes its side, or a stop is requested.
    ///
    /// Each item of `stops` requests a stop; the end of `stops` does not. A drain starts when the
    /// peer closes its side, and at the first request to stop: new requests are refused, running
    /// ones have [`ConnectionLimits::shutdown_timeout`] to finish, and their answers are written.
    /// When both happen, in any order, that time is reduced to a quarter. A second request to stop
    /// ends the conversation immediately.
    ///
    /// Cancel safety: dropping the future ends the conversation immediately. It must be polled
    /// inside a tokio runtime with time enabled.
    ///
    /// # Errors
    /// If reading or writing fails, or the peer violates the framing rules too often. All pending
    /// requests of this side have failed with the same error by then.
    pub async fn run(mut self, stops: impl Stream<Item = ()> + Send) -> Result<(), TransportError> {
        let mut stops = pin!(stops.fuse());
        let ended = poll_fn(|cx| {
            while let Poll::Ready(Some(())) = stops.as_mut().poll_next(cx) {
                self.shutdown.request_stop();
                self.local.draining();
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
            if self.shutdown.poll_timeout(cx).is_ready() {
                let dropped = self.shared.stats().in_flight + self.queue.len();
                if dropped > 0 {
                    tracing::warn!(
                        dropped,
                        "dropped calls that were still running at the end of shutdown_timeout"
                    );
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
                // Writing may have freed capacity for what was waiting.
                Lines::Blocked if written.is_ready() && self.can_proceed() => {}
                _ if written.is_ready() && self.can_start_queued() => {}
                Lines::Blocked => return Poll::Pending,
                Lines::NeedInput => ready!(self.poll_read(cx))?,
            }
        }
    }

    // ---- reading ----

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
        let buffer = self.decoder.read_buffer();
        match ready!(poll_read_into(reader, cx, buffer)) {
            Ok(0) => {
                self.reader = None;
                if let Some(line) = self.decoder.finish() {
                    self.handle_line(cx, line)?;
                }
                self.shared.peer_left(&TransportError::closed("the peer closed the connection"));
                self.shutdown.peer_closed();
                self.local.draining();
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
                self.refuse(None, refusal::no_batches());
            }
            Err(malformed) => {
                self.local.unreadable(&frame);
                if let Some((id, error)) = self.handle_malformed(malformed) {
                    self.refuse(id.as_ref(), error);
                }
            }
        }
        Ok(())
    }

    /// Returns the answer to a malformed frame. A malformed answer gets none: its id is one of this
    /// side's, and the peer would take the answer for one to its own request.
    #[cold]
    fn handle_malformed(&self, malformed: Malformed) -> Option<(Option<RequestId>, ErrorObject)> {
        let Malformed { id, error, answers } = malformed;
        tracing::debug!(%error, "refused a malformed message");
        let Some(answered) = answers else { return Some((id, error)) };
        let reason = format!("the answer from the peer is malformed: {}", error.message());
        let error = TransportError::new(TransportErrorKind::Protocol, reason);
        self.shared.answer(&answered, Err(error.into()));
        None
    }

    /// Answers with an error of the engine, in the form that the conversation has for it.
    #[cold]
    fn refuse(&mut self, id: Option<&RequestId>, error: ErrorObject) {
        let error = self.local.fit_error(error);
        self.output.refuse(id, &error);
    }

    #[cold]
    fn refuse_overlong(&mut self) -> Result<(), TransportError> {
        self.overlong_messages += 1;
        self.refuse(None, too_long(&self.limits));
        if self.overlong_messages > self.limits.max_overlong_messages {
            let (count, max_bytes) = (self.overlong_messages, self.limits.max_message_bytes);
            let reason = format!(
                "the peer sent {count} messages of more than {max_bytes} bytes \
                 (max_message_bytes, max_overlong_messages)"
            );
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
            // A cancellation that does not match a call from the peer is passed to the local
            // service: a server ends a subscription of this side with it (SUB-8).
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
                tracing::warn!(error, "the peer could not parse a message from this side");
            }
        }
    }

    /// Cancels the call that the peer names. Returns false if it is not a call from the peer.
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

    // ---- requests from the peer ----

    fn handle_request(&mut self, cx: &mut Context<'_>, request: Request) {
        if self.shutdown.is_requested() {
            return self.refuse(Some(&request.id), refusal::shutting_down());
        }
        let (is_running, running) = {
            let state = self.shared.lock();
            (state.running.contains(&request.id), state.running.len())
        };
        if is_running || self.queue.contains(&request.id) {
            return self.refuse(Some(&request.id), refusal::duplicate_id());
        }
        if self.queue.is_empty() && self.has_capacity_beside(running) {
            return self.start(cx, request);
        }
        if self.queue.is_full() {
            return self.refuse(Some(&request.id), refusal::too_many_requests());
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
                    if let Err(error) = self.local.check_batch_entry(&params) {
                        replies.push_error(Some(&id), &error);
                        continue;
                    }
                    if self.shutdown.is_requested() || self.is_known(&id) || !self.has_capacity() {
                        replies.push_error(Some(&id), &refusal::refused_entry());
                        continue;
                    }
                    let (handle, registration) = AbortHandle::new_pair();
                    let serial = self.shared.start(id.clone(), handle);
                    let request =
                        Request::new(id.clone(), method, params).with_peer(self.peer.clone());
                    let call = Abortable::new(call(Arc::clone(&self.local), request), registration);
                    calls.push(async move { (id, serial, call.await.ok()) });
                }
                Ok(Message::Notification { method, params })
                    if self.local.check_batch_entry(&params).is_err() =>
                {
                    let method = PeerText::new(&method);
                    tracing::debug!(%method, "dropped a notification that must not be in a batch");
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
            // Each answer is encoded when it is ready, so that the batch never exceeds its limit.
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
        while self.can_start_queued()
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

    /// Whether the peer does not read and one more of its messages could exceed a limit. Until then
    /// lines are handled even if nothing can be written, so that answers and cancellations are
    /// processed.
    fn is_saturated(&self) -> bool {
        self.output.is_full() && (self.queue.is_full() || self.output.is_full_of_refusals())
    }

    fn is_known(&self, id: &RequestId) -> bool {
        self.shared.lock().running.contains(id) || self.queue.contains(id)
    }

    fn has_capacity(&self) -> bool {
        self.has_capacity_beside(self.shared.lock().running.len())
    }

    /// Whether a call can be started while `running` calls are running.
    fn has_capacity_beside(&self, running: usize) -> bool {
        !self.output.is_full() && running < self.limits.max_in_flight_requests
    }

    /// Whether a drain is in progress and nothing is left to do.
    fn is_done(&self) -> bool {
        self.shutdown.is_draining()
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
        f.debug_struct("Driver").field("shutdown", &self.shutdown).finish_non_exhaustive()
    }
}

/// Calls the local service. A panic is answered with an error.
fn call<S: Conversation>(
    local: Arc<S>,
    request: Request,
) -> impl Future<Output = Reply> + Send + 'static {
    catch_panic(request.method.clone(), async move { S::call(&local, request).await })
}

fn poll_read_into<R: AsyncRead + Unpin>(
    reader: &mut R,
    cx: &mut Context<'_>,
    buffer: &mut BytesMut,
) -> Poll<std::io::Result<usize>> {
    use tokio::io::AsyncReadExt as _;
    // `read_buf` has no state between polls, so creating the future in each poll loses nothing.
    let read = pin!(reader.read_buf(buffer));
    read.poll(cx)
}
