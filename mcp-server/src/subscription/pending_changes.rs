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
pub(crate) struct PendingChanges {
    waiting: Mutex<Waiting>,
    added: Notify,
    /// Notified when nothing waits and nothing is being sent.
    idle: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    lists: BTreeSet<List>,
    updated: BTreeSet<Arc<str>>,
    all: bool,
    /// Whether changes were taken, and their sender has not come back for more.
    is_sending: bool,
}

impl Waiting {
    fn is_idle(&self) -> bool {
        self.lists.is_empty() && self.updated.is_empty() && !self.all && !self.is_sending
    }

    fn take(&mut self) -> Vec<Change> {
        let lists = std::mem::take(&mut self.lists).into_iter().map(|list| match list {
            List::Tools => Change::Tools,
            List::Prompts => Change::Prompts,
            List::Resources => Change::Resources,
        });
        let updated = std::mem::take(&mut self.updated).into_iter().map(Change::Resource);
        let all = std::mem::take(&mut self.all).then_some(Change::All);
        let changes: Vec<_> = lists.chain(updated).chain(all).collect();
        self.is_sending = !changes.is_empty();
        changes
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum List {
    Tools,
    Prompts,
    Resources,
}

impl PendingChanges {
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

    /// Waits for changes, and takes all of them. Those that were taken before count as sent.
    /// Cancel safe.
    pub(crate) async fn take(&self) -> Vec<Change> {
        loop {
            let changes = self.waiting.lock().take();
            if !changes.is_empty() {
                return changes;
            }
            self.idle.notify_waiters();
            self.added.notified().await;
        }
    }

    /// Takes the changes that were added while earlier ones are being sent.
    pub(crate) fn more(&self) -> Vec<Change> {
        let mut waiting = self.waiting.lock();
        let changes = waiting.take();
        waiting.is_sending = true;
        changes
    }

    /// Done when all changes have been sent. Cancel safe.
    pub(crate) async fn sent(&self) {
        loop {
            // Before the look, so that no notification behind it is missed.
            let idle = self.idle.notified();
            if self.waiting.lock().is_idle() {
                return;
            }
            idle.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn changes_are_a_set_and_bounded() {
        let pending = PendingChanges::default();
        for _ in 0..3 {
            pending.add(&Change::Tools);
            pending.add(&Change::Resource("a://x".into()));
        }
        assert_eq!(pending.take().await, [Change::Tools, Change::Resource("a://x".into())]);
        assert!(pending.take().now_or_never().is_none());
        for number in 0..10_000 {
            pending.add(&Change::Resource(format!("a://{number}").into()));
        }
        assert_eq!(pending.take().await, [Change::All], "nothing is lost at the limit");
        assert!(pending.sent().now_or_never().is_none(), "it is being sent");
        assert!(pending.take().now_or_never().is_none());
        pending.sent().await;
    }
}
