//! The hub. Publishing never waits: what a listener has not taken yet is kept as a set, so that ten
//! changes of one thing are one notification, and a listener that sleeps costs no more than its
//! filter.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Weak};

use mcp_core::sync::Mutex;
use tokio::sync::Notify;

use super::Change;

/// What a listener wants to hear of.
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
}

/// By number, so that one of ten thousand leaves without a search.
#[derive(Debug, Default)]
struct Listeners {
    by_number: HashMap<u64, Weak<ListenerShared>>,
    last: u64,
}

/// One who listens. Dropping the last handle ends it.
#[derive(Debug, Clone)]
pub(crate) struct Listener(Arc<ListenerShared>);

#[derive(Debug)]
struct ListenerShared {
    state: Mutex<ListenerState>,
    news: Notify,
    hub: Weak<Mutex<Listeners>>,
    number: u64,
}

#[derive(Debug, Default)]
struct ListenerState {
    filter: Filter,
    tools: bool,
    prompts: bool,
    resources: bool,
    /// Shared among all who hear of them.
    updated: BTreeSet<Arc<str>>,
}

impl Hub {
    pub(crate) fn listen(&self, filter: Filter) -> Listener {
        let mut listeners = self.listeners.lock();
        listeners.last += 1;
        let number = listeners.last;
        let state = Mutex::new(ListenerState { filter, ..ListenerState::default() });
        let hub = Arc::downgrade(&self.listeners);
        let inner = Arc::new(ListenerShared { state, news: Notify::new(), hub, number });
        listeners.by_number.insert(number, Arc::downgrade(&inner));
        Listener(inner)
    }

    pub(crate) fn publish(&self, change: &Change) {
        // Noted once the hub is unlocked: dropping the last handle of a listener takes the lock
        // again.
        let listeners: Vec<_> =
            self.listeners.lock().by_number.values().filter_map(Weak::upgrade).collect();
        for listener in listeners {
            listener.note(change);
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
        if listeners.by_number.len() * 4 < listeners.by_number.capacity() {
            let room = listeners.by_number.len() * 2;
            listeners.by_number.shrink_to(room);
        }
    }
}

impl ListenerShared {
    fn note(&self, change: &Change) {
        let mut state = self.state.lock();
        let wanted = match change {
            Change::Tools => state.filter.tools && !std::mem::replace(&mut state.tools, true),
            Change::Prompts => state.filter.prompts && !std::mem::replace(&mut state.prompts, true),
            Change::Resources => {
                state.filter.resources && !std::mem::replace(&mut state.resources, true)
            }
            Change::Resource(uri) => {
                // Bounded by the filter: a flood of sub-resources falls back to the watched URI
                // itself.
                let ListenerState { filter, updated, .. } = &mut *state;
                match filter.uris.iter().find(|watched| covers(watched, uri)) {
                    None => false,
                    Some(watched) if updated.len() >= 256.max(filter.uris.len()) => {
                        !updated.contains(&**watched) && updated.insert(watched.as_str().into())
                    }
                    Some(_) => updated.insert(Arc::clone(uri)),
                }
            }
        };
        drop(state);
        if wanted {
            self.news.notify_one();
        }
    }
}

impl Listener {
    /// One that receives nothing: for calls that are part of no lasting session.
    #[cfg(feature = "http")]
    pub(crate) fn inert() -> Self {
        let state = Mutex::default();
        Self(Arc::new(ListenerShared { state, news: Notify::new(), hub: Weak::new(), number: 0 }))
    }

    /// The next change. Cancel safe.
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
            self.0.news.notified().await;
        }
    }

    /// Watches one more URI (legacy `resources/subscribe`). False when `most` are watched already.
    pub(crate) fn watch(&self, uri: String, most: usize) -> bool {
        let mut state = self.0.state.lock();
        if state.filter.uris.len() >= most && !state.filter.uris.contains(&uri) {
            return false;
        }
        state.filter.uris.insert(uri);
        true
    }

    /// Watches a URI no longer.
    pub(crate) fn unwatch(&self, uri: &str) {
        self.0.state.lock().filter.uris.remove(uri);
    }
}

/// Whether who watches `watched` hears of `uri`: the same, or something below it (RES-6).
fn covers(watched: &str, uri: &str) -> bool {
    uri.strip_prefix(watched)
        .is_some_and(|rest| rest.is_empty() || watched.ends_with('/') || rest.starts_with('/'))
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
    async fn changes_of_one_thing_are_one_notification_and_only_wanted_ones_arrive() {
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
        assert!(listener.next().now_or_never().is_none(), "that is all");
    }

    #[tokio::test]
    async fn a_listener_that_sleeps_holds_a_bounded_set() {
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
    fn a_watched_uri_covers_what_is_below_it() {
        assert!(covers("a://x", "a://x"));
        assert!(covers("a://x", "a://x/y"));
        assert!(covers("a://x/", "a://x/y"));
        assert!(!covers("a://x", "a://xy"));
    }
}
