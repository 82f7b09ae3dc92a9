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
    /// `None` when the connection has ended.
    listeners: Mutex<Option<Vec<Listener>>>,
}

/// The reader of a stream; with a filter it gets only what the filter asks for.
#[derive(Debug)]
struct Listener {
    queue: Weak<EventQueue<Event>>,
    filter: Option<SubscriptionFilter>,
}

impl NotificationHub {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { limits: limits.clone(), listeners: Mutex::new(Some(Vec::new())) }
    }

    /// A new stream of all events, or of those that a filter asks for.
    pub(crate) fn listen(&self, filter: Option<SubscriptionFilter>) -> Arc<EventQueue<Event>> {
        let queue = Arc::new(EventQueue::new(&self.limits));
        match &mut *self.listeners.lock() {
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
        let listeners = self.listeners.lock();
        let matching =
            listeners.iter().flatten().filter(|listener| matches(listener.filter.as_ref()));
        matching.filter_map(|listener| listener.queue.upgrade()).collect()
    }

    /// Ends all streams, and those that are opened later.
    pub(super) fn close(&self) {
        let listeners = self.listeners.lock().take();
        for listener in listeners.into_iter().flatten() {
            if let Some(queue) = listener.queue.upgrade() {
                end(&queue, listener.filter.is_some());
            }
        }
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
