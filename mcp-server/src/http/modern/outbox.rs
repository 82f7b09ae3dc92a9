//! The way back to the caller while a call runs: notifications, gathered until the response takes
//! them.
//!
//! It belongs to one POST, so an answer can never reach another caller, whatever the ids are.

use std::task::{Context, Waker};

use bytes::BytesMut;
use mcp_core::codec::sse::write_event;
use mcp_core::jsonrpc::write_notification;
use mcp_core::service::{Notification, Reply, Request, Service, check_outgoing};
use mcp_core::sync::Mutex;
use mcp_core::transport::TransportError;
use tokio::sync::Notify;

use crate::Limits;

/// One POST whose answer is not complete.
#[derive(Debug)]
pub(super) struct Outbox {
    state: Mutex<State>,
    /// Notified when there is room again.
    room: Notify,
    max_events: usize,
    max_bytes: usize,
    /// Longest parameters of a notification.
    max_outgoing_bytes: usize,
}

#[derive(Debug, Default)]
struct State {
    /// Events as they go out.
    out: BytesMut,
    events: usize,
    /// Events are dropped: the call is answered, or its client accepts none.
    closed: bool,
    /// The response polls the handler, so it need not be woken.
    polling: bool,
    waker: Option<Waker>,
}

impl Outbox {
    /// An outbox; `mute` if the client accepts no events.
    pub(super) fn new(limits: &Limits, mute: bool) -> Self {
        Self {
            state: Mutex::new(State { closed: mute, ..State::default() }),
            room: Notify::new(),
            max_events: limits.http.max_stream_events,
            max_bytes: limits.http.max_stream_bytes,
            max_outgoing_bytes: limits.connection.max_outgoing_bytes,
        }
    }

    /// The handler is about to be polled.
    pub(super) fn begin_poll(&self, cx: &Context<'_>) {
        let mut state = self.state.lock();
        state.polling = true;
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
    }

    /// The handler was polled: returns the events since the last time.
    pub(super) fn end_poll(&self) -> BytesMut {
        let mut state = self.state.lock();
        state.polling = false;
        self.take(state)
    }

    /// The call is answered: later events are dropped. Returns those that are left.
    pub(super) fn close(&self) -> BytesMut {
        let mut state = self.state.lock();
        state.closed = true;
        state.waker = None;
        self.take(state)
    }

    fn take(&self, mut state: std::sync::MutexGuard<'_, State>) -> BytesMut {
        let events = std::mem::take(&mut state.out);
        state.events = 0;
        drop(state);
        if !events.is_empty() {
            self.room.notify_waiters();
        }
        events
    }

    /// Writes one event; false if there is no room for it now.
    fn write(&self, notification: &Notification) -> bool {
        let mut state = self.state.lock();
        if state.closed {
            return true;
        }
        if state.events >= self.max_events || state.out.len() >= self.max_bytes {
            return false;
        }
        let mut message = BytesMut::new();
        write_notification(&mut message, &notification.method, notification.params.as_bytes());
        write_event(&mut state.out, None, None, &message);
        state.events += 1;
        let waker = if state.polling { None } else { state.waker.take() };
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }
}

impl Service for Outbox {
    async fn call(&self, _: Request) -> Reply {
        // The modern era has no requests of the server.
        Err(TransportError::closed("a server sends no requests in this revision").into())
    }

    /// Waits while the caller has too much unread.
    async fn notify(&self, notification: Notification) {
        let length = notification.params.as_bytes().len();
        if let Err(error) = check_outgoing(length, self.max_outgoing_bytes) {
            let method = &notification.method;
            return tracing::debug!(%method, %error, "a notification was not sent");
        }
        loop {
            let room = self.room.notified();
            if self.write(&notification) {
                return;
            }
            room.await;
        }
    }
}
