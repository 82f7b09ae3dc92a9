//! The states of a task as a stream.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::Stream;
use futures::stream::{self, BoxStream, StreamExt as _};
use mcp_core::types::DetailedTask;
use tokio::sync::watch;

use super::shared::State;

/// The states of a task, from [`TaskHandle::updates`](super::TaskHandle::updates): the one that is
/// known, and each that the client learns of. A reader that is slow gets the latest one and misses
/// those before it; none is stored.
///
/// Ends after the final state, when the handle is dropped, or when the client stops following the
/// task; [`TaskHandle::wait`](super::TaskHandle::wait) returns the result or the reason.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let builder = mcp_client::Client::builder().tasks(mcp_client::task::TaskOptions::new());
/// # let client = builder.connect(reader, writer).await?;
/// use futures::StreamExt as _;
/// use mcp_client::task::Started;
///
/// if let Started::Task(mut task) = client.call_tool("report", &()).start().await? {
///     let updates = task.updates().ok_or("taken once")?;
///     let states: Vec<_> = updates.map(|state| state.status.clone()).collect().await;
///     println!("{states:?}"); // [Working, Completed]
/// }
/// # Ok(())
/// # });
/// ```
pub struct TaskUpdates(BoxStream<'static, Arc<DetailedTask>>);

impl TaskUpdates {
    pub(super) fn new(mut states: watch::Receiver<State>) -> Self {
        states.mark_changed();
        let updates = stream::unfold(Some(states), |states| async move {
            let mut states = states?;
            states.changed().await.ok()?;
            let state = states.borrow_and_update().clone();
            if state.has_failed() {
                return None;
            }
            let next = (!state.is_over()).then_some(states);
            Some((state.task, next))
        });
        Self(updates.boxed())
    }
}

impl Stream for TaskUpdates {
    type Item = Arc<DetailedTask>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

impl fmt::Debug for TaskUpdates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskUpdates").finish_non_exhaustive()
    }
}
