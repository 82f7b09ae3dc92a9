//! Who waits for changes of tasks.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use mcp_core::sync::Mutex;
use tokio::sync::Notify;

use crate::store::TaskChange;

/// Who waits for changes of tasks: subscriptions, and requests that wait for a result.
#[derive(Debug, Default)]
pub(super) struct Watchers(Arc<Watched>);

/// The watchers of each task, by its id.
type Watched = Mutex<HashMap<Arc<str>, Vec<Weak<Watch>>>>;

#[derive(Debug)]
struct Watch {
    ids: Vec<Arc<str>>,
    changed: Mutex<HashSet<Arc<str>>>,
    notify: Notify,
}

/// Waits for changes of some tasks.
#[derive(Debug)]
pub(super) struct Watcher {
    watch: Arc<Watch>,
    watchers: Weak<Watched>,
}

impl Watchers {
    /// Watches tasks. All of them count as changed at first, so that what changed before is seen.
    pub(super) fn watch(&self, ids: Vec<Arc<str>>) -> Watcher {
        let changed = Mutex::new(ids.iter().cloned().collect());
        let watch = Arc::new(Watch { ids, changed, notify: Notify::new() });
        let mut watched = self.0.lock();
        for id in &watch.ids {
            watched.entry(Arc::clone(id)).or_default().push(Arc::downgrade(&watch));
        }
        drop(watched);
        watch.notify.notify_one();
        Watcher { watch, watchers: Arc::downgrade(&self.0) }
    }

    /// Passes a change on.
    pub(super) fn report(&self, change: &TaskChange) {
        let watched = self.0.lock();
        match change {
            TaskChange::Changed { id, .. } | TaskChange::Removed { id } => {
                for watch in watched.get(id).into_iter().flatten().filter_map(Weak::upgrade) {
                    watch.changed.lock().insert(Arc::clone(id));
                    watch.notify.notify_one();
                }
            }
            TaskChange::Missed => {
                for watch in watched.values().flatten().filter_map(Weak::upgrade) {
                    watch.changed.lock().extend(watch.ids.iter().cloned());
                    watch.notify.notify_one();
                }
            }
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.lock().len()
    }
}

impl Watcher {
    /// Waits until tasks may have changed, and returns their ids.
    ///
    /// Cancel safety: no change is lost.
    pub(super) async fn changed(&self) -> Vec<Arc<str>> {
        loop {
            let changed: Vec<_> = self.watch.changed.lock().drain().collect();
            if !changed.is_empty() {
                return changed;
            }
            self.watch.notify.notified().await;
        }
    }

    /// Lets tasks count as changed again.
    pub(super) fn again(&self, ids: &[Arc<str>]) {
        if !ids.is_empty() {
            self.watch.changed.lock().extend(ids.iter().cloned());
            self.watch.notify.notify_one();
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let Some(watchers) = self.watchers.upgrade() else { return };
        let this = Arc::downgrade(&self.watch);
        let mut watched = watchers.lock();
        for id in &self.watch.ids {
            if let Some(watches) = watched.get_mut(id) {
                watches.retain(|watch| !watch.ptr_eq(&this));
                if watches.is_empty() {
                    watched.remove(id);
                }
            }
        }
        crate::shrink::shrink(&mut watched);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;
    use crate::store::TaskState;

    #[test]
    fn a_watcher_sees_the_changes_of_its_tasks_once() {
        let watchers = Watchers::default();
        let (a, b): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        let watcher = watchers.watch(vec![Arc::clone(&a), Arc::clone(&b)]);
        assert_eq!(watcher.changed().now_or_never().map(|ids| ids.len()), Some(2));
        assert!(watcher.changed().now_or_never().is_none());
        let change =
            |id: &str| TaskChange::Changed { id: id.into(), version: 2, state: TaskState::Working };
        watchers.report(&change("c"));
        assert!(watcher.changed().now_or_never().is_none());
        watchers.report(&change("a"));
        watchers.report(&change("a"));
        assert_eq!(watcher.changed().now_or_never(), Some(vec![a]));
        watchers.report(&TaskChange::Missed);
        assert_eq!(watcher.changed().now_or_never().map(|ids| ids.len()), Some(2));
        drop(watcher);
        assert_eq!(watchers.len(), 0);
    }
}
