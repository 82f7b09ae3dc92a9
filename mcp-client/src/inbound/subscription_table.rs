//! The subscriptions of the modern era, by the id of their request.

use std::collections::HashMap;
use std::sync::Arc;

use mcp_core::jsonrpc::RequestId;
use mcp_core::sync::Mutex;
use mcp_core::types::SubscriptionFilter;
use tokio::sync::oneshot;

use crate::Limits;
use crate::event::Event;
use crate::event_queue::EventQueue;

/// Receives what the server agreed to, or nothing of it if an event came first.
pub(crate) type Acknowledged = oneshot::Receiver<Option<SubscriptionFilter>>;

#[derive(Debug)]
pub(crate) struct SubscriptionTable {
    limits: Limits,
    entries: Mutex<HashMap<RequestId, Entry>>,
}

/// Where the events of a subscription go.
#[derive(Debug)]
struct Entry {
    queue: Arc<EventQueue<Event>>,
    acknowledged: Option<oneshot::Sender<Option<SubscriptionFilter>>>,
    /// What a subscription watches that was interrupted and is requested again: changes may have
    /// been missed.
    renewed: Option<SubscriptionFilter>,
}

impl SubscriptionTable {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { limits: limits.clone(), entries: Mutex::default() }
    }

    /// Adds a subscription whose request is about to be sent; `None` at the limit.
    pub(crate) fn add(&self, id: RequestId) -> Option<(Arc<EventQueue<Event>>, Acknowledged)> {
        let mut entries = self.entries.lock();
        if entries.len() >= self.limits.max_subscriptions {
            return None;
        }
        let queue = Arc::new(EventQueue::new(&self.limits));
        let (sender, receiver) = oneshot::channel();
        let entry = Entry { queue: Arc::clone(&queue), acknowledged: Some(sender), renewed: None };
        entries.insert(id, entry);
        Some((queue, receiver))
    }

    /// Gives a subscription that was interrupted the id of its new request; `None` if it has ended.
    pub(crate) fn renew(
        &self,
        id: &RequestId,
        new: RequestId,
        filter: SubscriptionFilter,
    ) -> Option<Acknowledged> {
        let mut entries = self.entries.lock();
        let mut entry = entries.remove(id)?;
        let (sender, receiver) = oneshot::channel();
        entry.acknowledged = Some(sender);
        entry.renewed = Some(filter);
        entries.insert(new, entry);
        Some(receiver)
    }

    /// Removes the subscription of a queue, and ends it.
    pub(crate) fn release(&self, queue: &Arc<EventQueue<Event>>) {
        queue.close();
        self.entries.lock().retain(|_, entry| !Arc::ptr_eq(&entry.queue, queue));
    }

    /// The server ends a subscription.
    pub(super) fn end(&self, id: &RequestId) {
        let entry = self.entries.lock().remove(id);
        if let Some(entry) = entry {
            entry.queue.close();
        }
    }

    /// The server acknowledged a subscription, or shows by its first event that it is active. An
    /// interrupted one reports the gap first. Returns what an interrupted one watches.
    pub(super) fn activate(
        &self,
        id: &RequestId,
        agreed: Option<SubscriptionFilter>,
    ) -> Option<SubscriptionFilter> {
        let mut entries = self.entries.lock();
        let entry = entries.get_mut(id)?;
        let acknowledged = entry.acknowledged.take()?;
        let renewed = entry.renewed.take();
        if renewed.is_some() {
            entry.queue.push(Event::Gap, 0);
        }
        drop(entries);
        drop(acknowledged.send(agreed)); // The subscriber may just have left.
        renewed
    }

    /// Passes an event of about `size` bytes to a subscription.
    pub(super) fn push(&self, id: &RequestId, event: Event, size: usize) {
        if let Some(entry) = self.entries.lock().get(id) {
            entry.queue.push(event, size);
        }
    }

    /// Passes an event to all subscriptions.
    pub(super) fn push_all(&self, event: &Event) {
        for entry in self.entries.lock().values() {
            entry.queue.push(event.clone(), 0);
        }
    }

    /// Ends all subscriptions.
    pub(super) fn close(&self) {
        for entry in std::mem::take(&mut *self.entries.lock()).into_values() {
            entry.queue.close();
        }
    }
}
