//! A bounded queue of events for one stream, which never makes the connection wait.
//!
//! When the reader of the stream is slow the oldest events are dropped and their number is told; events that
//! say the same as one that is still waiting are not kept twice.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;

use crate::error::Error;
use crate::event::Event;

/// Most events that wait in one mailbox.
const MOST: usize = 1_024;

/// Most bytes of the events that wait in one mailbox.
const MOST_BYTES: usize = 4 << 20;

/// What waits in a mailbox.
pub(crate) trait Letter: PartialEq {
    /// Whether a second one says nothing new while the first was not read.
    fn is_change(&self) -> bool;

    /// What says that so many were dropped.
    fn lagged(dropped: u64) -> Self;
}

#[derive(Debug)]
pub(crate) struct Mailbox<E = Event> {
    state: Mutex<State<E>>,
    reader: AtomicWaker,
    /// Why it was closed, if not in the proper way.
    error: OnceLock<Error>,
}

#[derive(Debug)]
struct State<E> {
    events: VecDeque<(E, usize)>,
    bytes: usize,
    lagged: u64,
    closed: bool,
}

impl<E> Default for Mailbox<E> {
    fn default() -> Self {
        let state = State { events: VecDeque::new(), bytes: 0, lagged: 0, closed: false };
        Self { state: Mutex::new(state), reader: AtomicWaker::new(), error: OnceLock::new() }
    }
}

impl<E: Letter> Mailbox<E> {
    fn lock(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an event of about `size` bytes.
    pub(crate) fn push(&self, event: E, size: usize) {
        let mut state = self.lock();
        if state.closed
            || (event.is_change() && state.events.iter().any(|(waiting, _)| *waiting == event))
        {
            return;
        }
        state.bytes += size;
        state.events.push_back((event, size));
        while state.events.len() > MOST || (state.bytes > MOST_BYTES && state.events.len() > 1) {
            if let Some((_, size)) = state.events.pop_front() {
                state.bytes -= size;
                state.lagged += 1;
            }
        }
        drop(state);
        self.reader.wake();
    }

    /// No further event comes; those that wait can still be read.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.reader.wake();
    }

    /// No further event comes, for this reason.
    pub(crate) fn fail(&self, error: Error) {
        let _ = self.error.set(error); // The first reason is the reason.
        self.close();
    }

    /// Why it was closed, if not in the proper way.
    pub(crate) fn error(&self) -> Option<&Error> {
        self.error.get()
    }

    /// The next event; `None` after the last one.
    pub(crate) fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<E>> {
        self.poll_sized(cx).map(|event| event.map(|(event, _)| event))
    }

    /// The next event with its size; `None` after the last one.
    pub(crate) fn poll_sized(&self, cx: &Context<'_>) -> Poll<Option<(E, usize)>> {
        self.reader.register(cx.waker());
        let mut state = self.lock();
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
    use mcp_core::types::ResourceUpdatedParams;

    fn drain(mailbox: &Mailbox) -> Vec<Event> {
        mailbox.close();
        let cx = Context::from_waker(std::task::Waker::noop());
        std::iter::from_fn(|| match mailbox.poll_next(&cx) {
            Poll::Ready(event) => event,
            Poll::Pending => panic!("a closed mailbox is never pending"),
        })
        .collect()
    }

    #[test]
    fn the_same_change_waits_once() {
        let mailbox = Mailbox::default();
        mailbox.push(Event::ToolsListChanged, 0);
        mailbox.push(Event::PromptsListChanged, 0);
        mailbox.push(Event::ToolsListChanged, 0);
        assert_eq!(drain(&mailbox), [Event::ToolsListChanged, Event::PromptsListChanged]);
    }

    #[test]
    fn the_oldest_events_go_first_and_are_counted() {
        let mailbox = Mailbox::default();
        for number in 0..MOST + 10 {
            mailbox.push(
                Event::ResourceUpdated(ResourceUpdatedParams::new(format!("x://{number}"))),
                10,
            );
        }
        let events = drain(&mailbox);
        assert_eq!(events[0], Event::Lagged(10));
        assert_eq!(events.len(), MOST + 1);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mailbox = Mailbox::default();
        for number in 0..100 {
            let event = Event::ResourceUpdated(ResourceUpdatedParams::new(format!("x://{number}")));
            mailbox.push(event, 1 << 20);
        }
        assert_eq!(drain(&mailbox).len(), 1 + 4);
    }
}
