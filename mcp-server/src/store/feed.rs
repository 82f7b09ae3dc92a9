//! The streams of changes of a store.

use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt as _};
use tokio::sync::broadcast;

use super::task::{TaskChange, TaskState};

/// Number of changes that a slow reader of the feed may be behind before it misses some. Fixed: the
/// reader of the server only looks up who watches a task.
const FEED_CAPACITY: usize = 1024;

/// Sends changes to all readers.
#[derive(Debug, Clone)]
pub(super) struct Feed(broadcast::Sender<TaskChange>);

impl Feed {
    pub(super) fn new() -> Self {
        Self(broadcast::Sender::new(FEED_CAPACITY))
    }

    /// Reports that a task was created or changed. Call it in the order of the changes.
    pub(super) fn changed(&self, id: &Arc<str>, version: u64, state: TaskState) {
        self.report(|| TaskChange::Changed { id: Arc::clone(id), version, state });
    }

    /// Reports that a task was deleted.
    pub(super) fn removed(&self, id: &Arc<str>) {
        self.report(|| TaskChange::Removed { id: Arc::clone(id) });
    }

    /// Reports that changes were lost.
    #[cfg(feature = "redis")]
    pub(super) fn missed(&self) {
        self.report(|| TaskChange::Missed);
    }

    /// Reports a change.
    pub(super) fn report(&self, change: impl FnOnce() -> TaskChange) {
        if self.0.receiver_count() > 0 {
            // Fails if the last reader has left meanwhile.
            drop(self.0.send(change()));
        }
    }

    /// Returns the changes from now on.
    pub(super) fn changes(&self) -> BoxStream<'static, TaskChange> {
        let changes = stream::unfold(self.0.subscribe(), |mut receiver| async move {
            use broadcast::error::RecvError;
            match receiver.recv().await {
                Ok(change) => Some((change, receiver)),
                Err(RecvError::Lagged(_)) => Some((TaskChange::Missed, receiver)),
                // The store was dropped, so nothing changes any more.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        });
        changes.boxed()
    }
}
