//! The streams of all notifications of a connection, and those of legacy subscriptions, which get
//! what their filter asks for. A modern subscription has its own queue, see `subscription_table`.

use std::sync::{Arc, Weak};

use mcp_core::sync::Mutex;
use mcp_core::types::SubscriptionFilter;

use crate::Limits;
use crate::error::Error;
use crate::event::Event;
use crate::event_queue::EventQueue;

/// Passes each event to every stream that wants it.
#[derive(Debug)]
pub(crate) struct NotificationHub {
    limits: Limits,
    listeners: Mutex<Vec<Listener>>,
}

/// The reader of a stream; with a filter it gets only what the filter asks for.
#[derive(Debug)]
struct Listener {
    queue: Weak<EventQueue<Event>>,
    filter: Option<SubscriptionFilter>,
}

impl NotificationHub {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { limits: limits.clone(), listeners: Mutex::default() }
    }

    /// A new stream of all events, or of those that a filter asks for.
    pub(crate) fn listen(&self, filter: Option<SubscriptionFilter>) -> Arc<EventQueue<Event>> {
        let queue = Arc::new(EventQueue::new(&self.limits));
        let mut listeners = self.listeners.lock();
        listeners.retain(|listener| listener.queue.strong_count() > 0);
        listeners.push(Listener { queue: Arc::downgrade(&queue), filter });
        queue
    }

    /// Passes on an event of about `size` bytes.
    pub(super) fn publish(&self, event: &Event, size: usize) {
        for listener in self.listeners.lock().iter() {
            if listener.filter.as_ref().is_none_or(|filter| event.is_wanted_by(filter))
                && let Some(queue) = listener.queue.upgrade()
            {
                queue.push(event.clone(), size);
            }
        }
    }

    /// Ends the streams that watch a resource.
    pub(super) fn fail_watchers(&self, uri: &str, error: impl Fn() -> Error) {
        for listener in self.listeners.lock().iter() {
            let watched =
                listener.filter.iter().filter_map(|filter| filter.resource_subscriptions.as_ref());
            if watched.flatten().any(|watched| watched == uri)
                && let Some(queue) = listener.queue.upgrade()
            {
                queue.fail(error());
            }
        }
    }

    /// Ends the streams with a filter, which are those of subscriptions.
    #[cfg(feature = "http")]
    pub(super) fn fail_subscriptions(&self, error: impl Fn() -> Error) {
        let listeners = self.listeners.lock();
        let subscriptions = listeners.iter().filter(|listener| listener.filter.is_some());
        for queue in subscriptions.filter_map(|listener| listener.queue.upgrade()) {
            queue.fail(error());
        }
    }

    /// Ends all streams.
    pub(super) fn close(&self) {
        let listeners = std::mem::take(&mut *self.listeners.lock());
        for queue in listeners.iter().filter_map(|listener| listener.queue.upgrade()) {
            queue.close();
        }
    }
}
