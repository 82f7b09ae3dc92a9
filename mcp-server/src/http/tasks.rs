//! The tasks that work for a service: connections, streams of HTTP/2, calls that outlive their connection.
//!
//! At the end there must be none. One that stays after it was given up blocks the thread that runs it.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::watch;

/// The number of tasks.
#[derive(Debug, Clone, Default)]
pub(super) struct Tasks(Arc<watch::Sender<usize>>);

impl Tasks {
    /// Counts one more until the guard is dropped.
    pub(super) fn begin(&self) -> Task {
        self.0.send_modify(|tasks| *tasks += 1);
        Task(self.clone())
    }

    pub(super) fn count(&self) -> usize {
        *self.0.borrow()
    }

    /// Done when there is none.
    pub(super) async fn done(&self) {
        // The sender is `self`, so there is no error.
        drop(self.0.subscribe().wait_for(|tasks| *tasks == 0).await);
    }
}

/// What hyper spawns: one task for each stream of an HTTP/2 connection.
impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, future: F) {
        let task = self.begin();
        tokio::spawn(async move {
            future.await;
            drop(task);
        });
    }
}

/// One task.
#[derive(Debug)]
pub(super) struct Task(Tasks);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.0.send_modify(|tasks| *tasks -= 1);
    }
}
