//! The hub. Publishing never waits: what a listener has not taken yet is kept as a set, so that ten changes of
//! one thing are one notification, and a listener that sleeps costs no more than its filter.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;

/// Something that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Tools,
    Prompts,
    Resources,
    Resource(String),
}

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
    state: Arc<Mutex<HubState>>,
}

#[derive(Debug, Default)]
struct HubState {
    /// By number, so that one of ten thousand leaves without a search.
    listeners: HashMap<u64, Weak<Inner>>,
    last: u64,
    closed: bool,
}

/// One who listens. Dropping the last handle ends it.
#[derive(Debug, Clone)]
pub(crate) struct Listener(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    news: Notify,
    hub: Weak<Mutex<HubState>>,
    number: u64,
}

#[derive(Debug)]
struct State {
    filter: Filter,
    tools: bool,
    prompts: bool,
    resources: bool,
    updated: BTreeSet<String>,
    closed: bool,
}

impl Hub {
    pub(crate) fn listen(&self, filter: Filter) -> Listener {
        let mut hub = lock(&self.state);
        hub.last += 1;
        let number = hub.last;
        let state = Mutex::new(State::new(filter, hub.closed));
        let inner = Arc::new(Inner { state, news: Notify::new(), hub: Arc::downgrade(&self.state), number });
        if !hub.closed {
            hub.listeners.insert(number, Arc::downgrade(&inner));
        }
        Listener(inner)
    }

    pub(crate) fn publish(&self, change: &Change) {
        for listener in lock(&self.state).all() {
            listener.note(change);
        }
    }

    /// Ends every subscription: each listener gets what is left, then the end.
    pub(crate) fn close(&self) {
        let listeners = {
            let mut hub = lock(&self.state);
            hub.closed = true;
            let listeners = hub.all();
            hub.listeners = HashMap::new();
            listeners
        };
        for listener in listeners {
            lock(&listener.state).closed = true;
            listener.news.notify_one();
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        lock(&self.state).listeners.len()
    }
}

impl HubState {
    /// Those who listen. They are dealt with once the hub is unlocked, for dropping the last handle of one
    /// takes the lock again.
    fn all(&self) -> Vec<Arc<Inner>> {
        self.listeners.values().filter_map(Weak::upgrade).collect()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let Some(hub) = self.hub.upgrade() else { return };
        let mut hub = lock(&hub);
        hub.listeners.remove(&self.number);
        if hub.listeners.capacity() > 64 && hub.listeners.len() < hub.listeners.capacity() / 4 {
            hub.listeners.shrink_to_fit();
        }
    }
}

impl State {
    fn new(filter: Filter, closed: bool) -> Self {
        let updated = BTreeSet::new();
        Self { filter, tools: false, prompts: false, resources: false, updated, closed }
    }
}

impl Inner {
    fn note(&self, change: &Change) {
        let mut state = lock(&self.state);
        let wanted = match change {
            Change::Tools => state.filter.tools && !std::mem::replace(&mut state.tools, true),
            Change::Prompts => state.filter.prompts && !std::mem::replace(&mut state.prompts, true),
            Change::Resources => state.filter.resources && !std::mem::replace(&mut state.resources, true),
            Change::Resource(uri) => {
                // Bounded by the filter: a flood of sub-resources falls back to the watched URI itself.
                match state.filter.uris.iter().find(|watched| covers(watched, uri)).cloned() {
                    None => false,
                    Some(watched) if state.updated.len() >= 256.max(state.filter.uris.len()) => {
                        state.updated.insert(watched)
                    }
                    Some(_) => state.updated.insert(uri.clone()),
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
    /// One that hears of nothing: for calls that are part of no lasting session.
    #[cfg(feature = "http")]
    pub(crate) fn deaf() -> Self {
        let state = Mutex::new(State::new(Filter::default(), false));
        Self(Arc::new(Inner { state, news: Notify::new(), hub: Weak::new(), number: 0 }))
    }

    /// The next change; none when the hub has closed. Cancel safe.
    pub(crate) async fn next(&self) -> Option<Change> {
        loop {
            {
                let mut state = lock(&self.0.state);
                if std::mem::take(&mut state.tools) {
                    return Some(Change::Tools);
                }
                if std::mem::take(&mut state.prompts) {
                    return Some(Change::Prompts);
                }
                if std::mem::take(&mut state.resources) {
                    return Some(Change::Resources);
                }
                if let Some(uri) = state.updated.pop_first() {
                    return Some(Change::Resource(uri));
                }
                if state.closed {
                    return None;
                }
            }
            self.0.news.notified().await;
        }
    }

    /// Watches one more URI (legacy `resources/subscribe`). False when `most` are watched already.
    pub(crate) fn watch(&self, uri: String, most: usize) -> bool {
        let mut state = lock(&self.0.state);
        if state.filter.uris.len() >= most && !state.filter.uris.contains(&uri) {
            return false;
        }
        state.filter.uris.insert(uri);
        true
    }

    /// Watches a URI no longer.
    pub(crate) fn unwatch(&self, uri: &str) {
        lock(&self.0.state).filter.uris.remove(uri);
    }
}

/// Whether who watches `watched` hears of `uri`: the same, or something below it (RES-6).
fn covers(watched: &str, uri: &str) -> bool {
    uri.strip_prefix(watched)
        .is_some_and(|rest| rest.is_empty() || watched.ends_with('/') || rest.starts_with('/'))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(uris: &[&str]) -> Filter {
        Filter { tools: true, uris: uris.iter().map(|uri| (*uri).to_owned()).collect(), ..Filter::default() }
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
        assert_eq!(listener.next().await, Some(Change::Tools));
        assert_eq!(listener.next().await, Some(Change::Resource("a://x".into())));
        hub.close();
        assert_eq!(listener.next().await, None);
        assert_eq!(hub.listen(filter(&[])).next().await, None, "nobody can listen to a closed hub");
    }

    #[tokio::test]
    async fn a_listener_that_sleeps_holds_a_bounded_set() {
        let hub = Hub::default();
        let listener = hub.listen(filter(&["a://x"]));
        for number in 0..10_000 {
            hub.publish(&Change::Resource(format!("a://x/{number}")));
        }
        assert!(lock(&listener.0.state).updated.len() <= 257);
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
