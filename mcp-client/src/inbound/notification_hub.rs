//! The streams of all notifications of a connection, and those of legacy subscriptions, which get
//! what their filter asks for. A modern subscription has its own queue, see `subscription_table`.

use std::sync::{Arc, Weak};

use mcp_core::sync::Mutex;
use mcp_core::types::SubscriptionFilter;

use crate::Limits;
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::event_queue::EventQueue;

/// Passes each event to every stream that wants it.
#[derive(Debug)]
pub(crate) struct NotificationHub {
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The number of the latest connection. Connecting may take more than one, and the end of an
    /// earlier one may be noticed later.
    connection: u64,
    /// `None` when the latest connection has ended.
    listeners: Option<Vec<Listener>>,
}

/// The reader of a stream; with a filter it gets only what the filter asks for.
#[derive(Debug)]
struct Listener {
    queue: Weak<EventQueue<Event>>,
    filter: Option<SubscriptionFilter>,
}

impl NotificationHub {
    pub(super) fn new(limits: &Limits) -> Self {
        let state = State { connection: 0, listeners: Some(Vec::new()) };
        Self { limits: limits.clone(), state: Mutex::new(state) }
    }

    /// Begins a connection. Returns its number.
    pub(super) fn connect(&self) -> u64 {
        let mut state = self.state.lock();
        state.connection += 1;
        state.listeners.get_or_insert_default();
        state.connection
    }

    /// A new stream of all events, or of those that a filter asks for.
    pub(crate) fn listen(&self, filter: Option<SubscriptionFilter>) -> Arc<EventQueue<Event>> {
        let queue = Arc::new(EventQueue::new(&self.limits));
        match &mut self.state.lock().listeners {
            Some(listeners) => {
                listeners.retain(|listener| listener.queue.strong_count() > 0);
                listeners.push(Listener { queue: Arc::downgrade(&queue), filter });
            }
            None => end(&queue, filter.is_some()),
        }
        queue
    }

    /// Passes on an event of about `size` bytes.
    pub(super) fn publish(&self, event: &Event, size: usize) {
        let wants = |filter: &SubscriptionFilter| event.is_wanted_by(filter);
        for queue in self.queues(|filter| filter.is_none_or(wants)) {
            queue.push(event.clone(), size);
        }
    }

    /// Ends the streams that watch a resource.
    pub(super) fn fail_watchers(&self, uri: &str, error: impl Fn() -> Error) {
        let watches = |filter: &SubscriptionFilter| {
            filter.resource_subscriptions.iter().flatten().any(|watched| watched == uri)
        };
        for queue in self.queues(|filter| filter.is_some_and(watches)) {
            queue.fail(error());
        }
    }

    /// Ends the streams with a filter, which are those of subscriptions.
    #[cfg(feature = "http")]
    pub(super) fn fail_subscriptions(&self, error: impl Fn() -> Error) {
        for queue in self.queues(|filter| filter.is_some()) {
            queue.fail(error());
        }
    }

    /// Returns the streams whose filter matches. Wakers run user code, so no reader is woken under
    /// the lock.
    fn queues(
        &self,
        matches: impl Fn(Option<&SubscriptionFilter>) -> bool,
    ) -> Vec<Arc<EventQueue<Event>>> {
        let state = self.state.lock();
        let matching =
            state.listeners.iter().flatten().filter(|listener| matches(listener.filter.as_ref()));
        matching.filter_map(|listener| listener.queue.upgrade()).collect()
    }

    /// Ends all streams, and those that are opened later, if this is the latest connection. Returns
    /// whether it is.
    pub(super) fn disconnect(&self, connection: u64) -> bool {
        let listeners = {
            let mut state = self.state.lock();
            if state.connection != connection {
                return false;
            }
            state.listeners.take()
        };
        for listener in listeners.into_iter().flatten() {
            if let Some(queue) = listener.queue.upgrade() {
                end(&queue, listener.filter.is_some());
            }
        }
        true
    }
}

/// Ends a stream whose connection has ended. For a subscription that is an error.
fn end(queue: &EventQueue<Event>, is_subscription: bool) {
    if is_subscription {
        queue.fail(Error::new(ErrorKind::Transport, "the connection ended"));
    } else {
        queue.close();
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[test]
    fn the_end_of_an_earlier_connection_does_not_end_streams() {
        let hub = NotificationHub::new(&Limits::new());
        let cx = Context::from_waker(Waker::noop());
        let (earlier, latest) = (hub.connect(), hub.connect());
        let queue = hub.listen(None);
        assert!(!hub.disconnect(earlier));
        assert!(queue.poll_sized(&cx).is_pending());
        assert!(hub.disconnect(latest));
        assert_eq!(queue.poll_sized(&cx), Poll::Ready(None));
        assert_eq!(hub.listen(None).poll_sized(&cx), Poll::Ready(None));
        // A restart makes another connection.
        hub.connect();
        assert!(hub.listen(None).poll_sized(&cx).is_pending());
    }
}
