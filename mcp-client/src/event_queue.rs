//! A bounded queue of events for one stream, which never makes the connection wait.
//!
//! If the reader of the stream is slow the oldest events are dropped and counted. An event that
//! says the same as one that still waits is not queued again.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;
use mcp_core::sync::Mutex;

use crate::Limits;
use crate::error::Error;

/// What waits in a queue.
pub(crate) trait QueuedEvent: PartialEq {
    /// Whether a second one says nothing new while the first was not read.
    fn is_change(&self) -> bool;

    /// The event that states how many were dropped.
    fn lagged(dropped: u64) -> Self;
}

#[derive(Debug)]
pub(crate) struct EventQueue<E> {
    max_events: usize,
    max_bytes: usize,
    state: Mutex<State<E>>,
    reader: AtomicWaker,
    /// Why it was closed, unless the server ended it properly.
    error: OnceLock<Arc<Error>>,
}

#[derive(Debug)]
struct State<E> {
    events: VecDeque<(E, usize)>,
    bytes: usize,
    lagged: u64,
    closed: bool,
}

impl<E: QueuedEvent> EventQueue<E> {
    pub(crate) fn new(limits: &Limits) -> Self {
        let state = State { events: VecDeque::new(), bytes: 0, lagged: 0, closed: false };
        Self {
            max_events: limits.max_queued_events,
            max_bytes: limits.max_queued_event_bytes,
            state: Mutex::new(state),
            reader: AtomicWaker::new(),
            error: OnceLock::new(),
        }
    }

    /// Adds an event of about `size` bytes.
    pub(crate) fn push(&self, event: E, size: usize) {
        let mut state = self.state.lock();
        if state.closed
            || (event.is_change() && state.events.iter().any(|(waiting, _)| *waiting == event))
        {
            return;
        }
        state.bytes += size;
        state.events.push_back((event, size));
        while state.events.len() > self.max_events
            || (state.bytes > self.max_bytes && state.events.len() > 1)
        {
            let Some((_, size)) = state.events.pop_front() else { break };
            state.bytes -= size;
            state.lagged += 1;
        }
        drop(state);
        self.reader.wake();
    }

    /// Ends the stream. Events that wait can still be read.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.reader.wake();
    }

    /// Ends the stream with an error.
    pub(crate) fn fail(&self, error: impl Into<Arc<Error>>) {
        let _ = self.error.set(error.into()); // The first reason is kept.
        self.close();
    }

    /// Why it was closed, unless the server ended it properly.
    pub(crate) fn error(&self) -> Option<&Arc<Error>> {
        self.error.get()
    }

    /// The next event; `None` after the last one.
    pub(crate) fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<E>> {
        self.poll_sized(cx).map(|event| event.map(|(event, _)| event))
    }

    /// The next event with its size; `None` after the last one.
    pub(crate) fn poll_sized(&self, cx: &Context<'_>) -> Poll<Option<(E, usize)>> {
        self.reader.register(cx.waker());
        let mut state = self.state.lock();
        if state.lagged > 0 {
            return Poll::Ready(Some((E::lagged(std::mem::take(&mut state.lagged)), 0)));
        }
        match state.events.pop_front() {
            Some((event, size)) => {
                state.bytes -= size;
                Poll::Ready(Some((event, size)))
            }
            None if state.closed => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    enum Numbered {
        Change(u32),
        Message(u32),
        Lagged(u64),
    }

    impl QueuedEvent for Numbered {
        fn is_change(&self) -> bool {
            matches!(self, Self::Change(_))
        }

        fn lagged(dropped: u64) -> Self {
            Self::Lagged(dropped)
        }
    }

    fn queue() -> EventQueue<Numbered> {
        let mut limits = Limits::new();
        (limits.max_queued_events, limits.max_queued_event_bytes) = (10, 1_000);
        EventQueue::new(&limits)
    }

    fn drain(queue: &EventQueue<Numbered>) -> Vec<Numbered> {
        queue.close();
        let cx = Context::from_waker(std::task::Waker::noop());
        std::iter::from_fn(|| match queue.poll_next(&cx) {
            Poll::Ready(event) => event,
            Poll::Pending => panic!("a closed queue is never pending"),
        })
        .collect()
    }

    #[test]
    fn the_same_change_waits_once_and_the_same_message_twice() {
        let queue = queue();
        for _ in 0..2 {
            queue.push(Numbered::Change(1), 0);
            queue.push(Numbered::Message(2), 0);
        }
        let (change, message) = (Numbered::Change(1), Numbered::Message(2));
        assert_eq!(drain(&queue), [change, message, Numbered::Message(2)]);
    }

    #[test]
    fn the_oldest_events_are_dropped_first_and_are_counted() {
        let queue = queue();
        for number in 0..20 {
            queue.push(Numbered::Change(number), 10);
        }
        let events = drain(&queue);
        assert_eq!(events[..2], [Numbered::Lagged(10), Numbered::Change(10)]);
        assert_eq!(events.len(), 11);
    }

    #[test]
    fn bytes_are_bounded() {
        let queue = queue();
        for number in 0..10 {
            queue.push(Numbered::Message(number), 300);
        }
        assert_eq!(drain(&queue).len(), 1 + 3);
    }
}
