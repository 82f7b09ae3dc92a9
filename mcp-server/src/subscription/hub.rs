//! The hub that distributes changes to listeners.
//!
//! Publishing never waits. Changes that a listener has not taken yet are stored as a set, so that
//! ten changes of one resource become one notification, and an idle listener uses no more memory
//! than its filter.

use std::collections::{BTreeSet, HashMap};
#[cfg(feature = "http")]
use std::sync::OnceLock;
use std::sync::{Arc, Weak};

use mcp_core::sync::Mutex;
use tokio::sync::Notify;

use super::Change;
#[cfg(feature = "http")]
use super::PendingChanges;
use crate::shrink::shrink;

/// The changes that a listener receives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) tools: bool,
    pub(crate) prompts: bool,
    pub(crate) resources: bool,
    pub(crate) uris: BTreeSet<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Hub {
    listeners: Arc<Mutex<Listeners>>,
    /// Where changes go instead, if there are other instances: all instances, this one included,
    /// receive them from the bus in the same order.
    #[cfg(feature = "http")]
    pending: OnceLock<Arc<PendingChanges>>,
}

/// Listeners by number, so that removing one of many takes no search.
#[derive(Debug, Default)]
struct Listeners {
    by_number: HashMap<u64, Weak<ListenerShared>>,
    last: u64,
}

/// Receives changes until its last clone is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Listener(Arc<ListenerShared>);

#[derive(Debug)]
struct ListenerShared {
    state: Mutex<ListenerState>,
    changed: Notify,
    hub: Weak<Mutex<Listeners>>,
    number: u64,
}

#[derive(Debug, Default)]
struct ListenerState {
    filter: Filter,
    tools: bool,
    prompts: bool,
    resources: bool,
    /// Updated resources. The listeners share the strings.
    updated: BTreeSet<Arc<str>>,
}

impl Hub {
    pub(crate) fn listen(&self, filter: Filter) -> Listener {
        let mut listeners = self.listeners.lock();
        listeners.last += 1;
        let number = listeners.last;
        let state = Mutex::new(ListenerState { filter, ..ListenerState::default() });
        let hub = Arc::downgrade(&self.listeners);
        let inner = Arc::new(ListenerShared { state, changed: Notify::new(), hub, number });
        listeners.by_number.insert(number, Arc::downgrade(&inner));
        Listener(inner)
    }

    /// Publishes changes to other instances as well, through these pending changes.
    #[cfg(feature = "http")]
    pub(crate) fn share(&self, pending: Arc<PendingChanges>) {
        drop(self.pending.set(pending)); // It is set once, when the server is built.
    }

    /// Publishes a change of this instance.
    pub(crate) fn publish(&self, change: &Change) {
        #[cfg(feature = "http")]
        if let Some(pending) = self.pending.get() {
            return pending.add(change);
        }
        self.deliver(change);
    }

    /// Delivers a change to the listeners of this instance.
    pub(crate) fn deliver(&self, change: &Change) {
        // Recorded after the unlock, because dropping the last handle of a listener takes the lock
        // again.
        let listeners: Vec<_> =
            self.listeners.lock().by_number.values().filter_map(Weak::upgrade).collect();
        for listener in listeners {
            listener.record(change);
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.listeners.lock().by_number.len()
    }
}

impl Drop for ListenerShared {
    fn drop(&mut self) {
        let Some(hub) = self.hub.upgrade() else { return };
        let mut listeners = hub.lock();
        listeners.by_number.remove(&self.number);
        shrink(&mut listeners.by_number);
    }
}

impl ListenerShared {
    fn record(&self, change: &Change) {
        let mut state = self.state.lock();
        let is_new = match change {
            Change::Tools => state.filter.tools && !std::mem::replace(&mut state.tools, true),
            Change::Prompts => state.filter.prompts && !std::mem::replace(&mut state.prompts, true),
            Change::Resources => {
                state.filter.resources && !std::mem::replace(&mut state.resources, true)
            }
            #[cfg(feature = "http")]
            Change::All => {
                let ListenerState { filter, tools, prompts, resources, updated } = &mut *state;
                (*tools, *prompts, *resources) = (filter.tools, filter.prompts, filter.resources);
                *updated = filter.uris.iter().map(|uri| uri.as_str().into()).collect();
                *tools || *prompts || *resources || !updated.is_empty()
            }
            Change::Resource(uri) => {
                // Bounded by the filter: at the limit, a sub-resource is replaced by the subscribed
                // URI.
                let ListenerState { filter, updated, .. } = &mut *state;
                match filter.uris.iter().find(|subscribed| covers(subscribed, uri)) {
                    None => false,
                    Some(subscribed) if updated.len() >= 256.max(filter.uris.len()) => {
                        !updated.contains(&**subscribed)
                            && updated.insert(subscribed.as_str().into())
                    }
                    Some(_) => updated.insert(Arc::clone(uri)),
                }
            }
        };
        drop(state);
        if is_new {
            self.changed.notify_one();
        }
    }
}

impl Listener {
    /// Creates a listener that receives nothing, for calls that are not part of a session.
    #[cfg(feature = "http")]
    pub(crate) fn inert() -> Self {
        let state = Mutex::default();
        Self(Arc::new(ListenerShared {
            state,
            changed: Notify::new(),
            hub: Weak::new(),
            number: 0,
        }))
    }

    /// Waits for the next change.
    ///
    /// Cancel safety: no change is lost if the future is dropped.
    pub(crate) async fn next(&self) -> Change {
        loop {
            {
                let mut state = self.0.state.lock();
                if std::mem::take(&mut state.tools) {
                    return Change::Tools;
                }
                if std::mem::take(&mut state.prompts) {
                    return Change::Prompts;
                }
                if std::mem::take(&mut state.resources) {
                    return Change::Resources;
                }
                if let Some(uri) = state.updated.pop_first() {
                    return Change::Resource(uri);
                }
            }
            self.0.changed.notified().await;
        }
    }

    /// Whether the lists of tools, prompts and resources are listened to, and the URIs that are.
    #[cfg(feature = "http")]
    pub(crate) fn filter(&self) -> ([bool; 3], BTreeSet<String>) {
        let filter = &self.0.state.lock().filter;
        ([filter.tools, filter.prompts, filter.resources], filter.uris.clone())
    }

    /// Forgets the changes that wait.
    #[cfg(feature = "http")]
    pub(crate) fn clear(&self) {
        let mut state = self.0.state.lock();
        let filter = std::mem::take(&mut state.filter);
        *state = ListenerState { filter, ..ListenerState::default() };
    }

    /// Records a change for this listener alone.
    #[cfg(feature = "http")]
    pub(crate) fn record(&self, change: &Change) {
        self.0.record(change);
    }

    /// Whether no change waits.
    #[cfg(feature = "http")]
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.0.state.lock();
        !state.tools && !state.prompts && !state.resources && state.updated.is_empty()
    }

    /// Subscribes to a URI (legacy `resources/subscribe`), unless there are already `max`
    /// subscriptions.
    pub(crate) fn watch(&self, uri: String, max: usize) -> Watch {
        let mut state = self.0.state.lock();
        if state.filter.uris.contains(&uri) {
            return Watch::Present;
        }
        if state.filter.uris.len() >= max {
            return Watch::Full;
        }
        state.filter.uris.insert(uri);
        Watch::Added
    }

    /// Removes the subscription to a URI. Returns false if there is none.
    pub(crate) fn unwatch(&self, uri: &str) -> bool {
        self.0.state.lock().filter.uris.remove(uri)
    }
}

/// The result of subscribing to a URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watch {
    Added,
    Present,
    Full,
}

/// Whether a subscription to `subscribed` includes `uri`: the same URI, or one below it (RES-6).
fn covers(subscribed: &str, uri: &str) -> bool {
    uri.strip_prefix(subscribed)
        .is_some_and(|rest| rest.is_empty() || subscribed.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn filter(uris: &[&str]) -> Filter {
        Filter {
            tools: true,
            uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
            ..Filter::default()
        }
    }

    #[tokio::test]
    async fn changes_are_coalesced_and_filtered() {
        let hub = Hub::default();
        let listener = hub.listen(filter(&["a://x"]));
        for _ in 0..1_000 {
            hub.publish(&Change::Tools);
            hub.publish(&Change::Prompts);
            hub.publish(&Change::Resource("a://x".into()));
            hub.publish(&Change::Resource("a://y".into()));
        }
        assert_eq!(listener.next().await, Change::Tools);
        assert_eq!(listener.next().await, Change::Resource("a://x".into()));
        assert!(listener.next().now_or_never().is_none(), "no other change passes the filter");
    }

    #[tokio::test]
    async fn an_idle_listener_stores_a_bounded_number_of_changes() {
        let hub = Hub::default();
        let listener = hub.listen(filter(&["a://x"]));
        for number in 0..10_000 {
            hub.publish(&Change::Resource(format!("a://x/{number}").into()));
        }
        assert!(listener.0.state.lock().updated.len() <= 257);
        drop(listener);
        assert_eq!(hub.len(), 0);
    }

    #[test]
    fn a_subscription_covers_the_uris_below_it() {
        assert!(covers("a://x", "a://x"));
        assert!(covers("a://x", "a://x/y"));
        assert!(covers("a://x/", "a://x/y"));
        assert!(!covers("a://x", "a://xy"));
    }
}
