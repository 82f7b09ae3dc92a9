//! A bounded queue of events for one stream, which never makes the connection wait.
//!
//! When the reader of the stream is slow the oldest events are dropped and their number is told; events that
//! say the same as one that is still waiting are not kept twice.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;

use crate::event::Event;

/// Most events that wait in one mailbox.
const MOST: usize = 1_024;

/// Most bytes of the events that wait in one mailbox.
const MOST_BYTES: usize = 4 << 20;

#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    state: Mutex<State>,
    reader: AtomicWaker,
}

#[derive(Debug, Default)]
struct State {
    events: VecDeque<(Event, usize)>,
    bytes: usize,
    lagged: u64,
    closed: bool,
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an event of about `size` bytes.
    pub(crate) fn push(&self, event: Event, size: usize) {
        let mut state = self.lock();
        if state.closed || (event.is_change() && state.events.iter().any(|(waiting, _)| *waiting == event)) {
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

    /// The next event; `None` after the last one.
    pub(crate) fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<Event>> {
        self.reader.register(cx.waker());
        let mut state = self.lock();
        if state.lagged > 0 {
            return Poll::Ready(Some(Event::Lagged(std::mem::take(&mut state.lagged))));
        }
        match state.events.pop_front() {
            Some((event, size)) => {
                state.bytes -= size;
                Poll::Ready(Some(event))
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
            mailbox.push(Event::ResourceUpdated(ResourceUpdatedParams::new(format!("x://{number}"))), 10);
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
