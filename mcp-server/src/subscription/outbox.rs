//! Changes that wait to be sent to the other instances of a server.

use std::collections::BTreeSet;
use std::sync::Arc;

use mcp_core::sync::Mutex;
use tokio::sync::Notify;

use super::Change;

/// Maximum number of updated resources that wait. Fixed: more are possible only while the bus
/// fails; then the instances learn that any resource may have changed.
const MAX_URIS: usize = 4_096;

/// Changes that wait to be sent. Adding one never waits. They are a set, so that ten changes of one
/// resource are sent once.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: Mutex<Waiting>,
    added: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    lists: BTreeSet<List>,
    updated: BTreeSet<Arc<str>>,
    all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum List {
    Tools,
    Prompts,
    Resources,
}

impl Outbox {
    pub(super) fn add(&self, change: &Change) {
        let mut waiting = self.waiting.lock();
        let list = match change {
            Change::Tools => Some(List::Tools),
            Change::Prompts => Some(List::Prompts),
            Change::Resources => Some(List::Resources),
            Change::Resource(_) | Change::All => None,
        };
        match change {
            Change::All => waiting.all = true,
            Change::Resource(_) if waiting.all => {}
            Change::Resource(_) if waiting.updated.len() >= MAX_URIS => {
                waiting.updated.clear();
                waiting.all = true;
            }
            Change::Resource(uri) => drop(waiting.updated.insert(Arc::clone(uri))),
            _ => {}
        }
        waiting.lists.extend(list);
        drop(waiting);
        self.added.notify_one();
    }

    /// Waits for changes, and takes all of them. Cancel safe.
    pub(crate) async fn take(&self) -> Vec<Change> {
        loop {
            let Waiting { lists, updated, all } = std::mem::take(&mut *self.waiting.lock());
            let lists = lists.into_iter().map(|list| match list {
                List::Tools => Change::Tools,
                List::Prompts => Change::Prompts,
                List::Resources => Change::Resources,
            });
            let updated = updated.into_iter().map(Change::Resource);
            let changes: Vec<_> = lists.chain(updated).chain(all.then_some(Change::All)).collect();
            if !changes.is_empty() {
                return changes;
            }
            self.added.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn changes_are_a_set_and_bounded() {
        let outbox = Outbox::default();
        for _ in 0..3 {
            outbox.add(&Change::Tools);
            outbox.add(&Change::Resource("a://x".into()));
        }
        assert_eq!(outbox.take().await, [Change::Tools, Change::Resource("a://x".into())]);
        assert!(outbox.take().now_or_never().is_none());
        for number in 0..10_000 {
            outbox.add(&Change::Resource(format!("a://{number}").into()));
        }
        assert_eq!(outbox.take().await, [Change::All], "nothing is lost at the limit");
    }
}
