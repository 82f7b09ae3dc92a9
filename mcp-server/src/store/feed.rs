//! Streams of what happens to a store.

#[cfg(feature = "tasks")]
use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt as _};
use tokio::sync::broadcast;

#[cfg(feature = "http")]
use super::bus::BusEvent;
#[cfg(feature = "tasks")]
use super::task::{TaskChange, TaskState};

/// Number of items that a slow reader of a feed may be behind before it misses some. Fixed: the
/// readers of the server only look up who is concerned.
const FEED_CAPACITY: usize = 1024;

/// What a feed carries.
pub(super) trait FeedItem: Clone + Send + 'static {
    /// Returns what tells a reader that items were lost.
    fn missed() -> Self;
}

#[cfg(feature = "tasks")]
impl FeedItem for TaskChange {
    fn missed() -> Self {
        Self::Missed
    }
}

#[cfg(feature = "http")]
impl FeedItem for BusEvent {
    fn missed() -> Self {
        Self::Missed
    }
}

/// Sends items to all readers. Clones are the same feed.
#[derive(Debug)]
pub(super) struct Feed<T>(broadcast::Sender<T>);

impl<T> Clone for Feed<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

#[cfg(feature = "tasks")]
impl Feed<TaskChange> {
    /// Reports that a task was created or changed. Call it in the order of the changes.
    pub(super) fn changed(&self, id: &Arc<str>, version: u64, state: TaskState) {
        self.report(|| TaskChange::Changed { id: Arc::clone(id), version, state });
    }

    /// Reports that a task was deleted.
    pub(super) fn removed(&self, id: &Arc<str>) {
        self.report(|| TaskChange::Removed { id: Arc::clone(id) });
    }
}

impl<T: FeedItem> Feed<T> {
    pub(super) fn new() -> Self {
        Self(broadcast::Sender::new(FEED_CAPACITY))
    }

    /// Reports that items were lost.
    #[cfg(feature = "redis")]
    pub(super) fn missed(&self) {
        self.report(T::missed);
    }

    /// Reports an item.
    pub(super) fn report(&self, item: impl FnOnce() -> T) {
        if self.0.receiver_count() > 0 {
            // Fails if the last reader has left meanwhile.
            drop(self.0.send(item()));
        }
    }

    /// Returns the items from now on.
    pub(super) fn items(&self) -> BoxStream<'static, T> {
        let items = stream::unfold(self.0.subscribe(), |mut receiver| async move {
            use broadcast::error::RecvError;
            match receiver.recv().await {
                Ok(item) => Some((item, receiver)),
                Err(RecvError::Lagged(_)) => Some((T::missed(), receiver)),
                // The store was dropped, so nothing happens any more.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        });
        items.boxed()
    }
}
