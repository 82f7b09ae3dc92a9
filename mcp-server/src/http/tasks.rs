//! The tasks that work for a service: connections, streams of HTTP/2, calls that outlive their connection.
//!
//! At the end there must be none. One that stays after it was given up blocks the thread that runs it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::stall;

/// The number of tasks.
#[derive(Debug, Clone)]
pub(super) struct Tasks {
    count: Arc<watch::Sender<usize>>,
    write_stall: Duration,
}

impl Tasks {
    pub(super) fn new(write_stall: Duration) -> Self {
        Self { count: Arc::new(watch::Sender::new(0)), write_stall }
    }

    /// Counts one more until the guard is dropped.
    pub(super) fn begin(&self) -> Task {
        self.count.send_modify(|tasks| *tasks += 1);
        Task(self.clone())
    }

    pub(super) fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Done when there is none.
    pub(super) async fn done(&self) {
        // The sender is `self`, so there is no error.
        drop(self.count.subscribe().wait_for(|tasks| *tasks == 0).await);
    }
}

/// What hyper spawns: one task for each stream of an HTTP/2 connection.
impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, future: F) {
        let (task, write_stall) = (self.begin(), self.write_stall);
        tokio::spawn(async move {
            stall::guard(future, write_stall).await;
            drop(task);
        });
    }
}

/// One task.
#[derive(Debug)]
pub(super) struct Task(Tasks);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.count.send_modify(|tasks| *tasks -= 1);
    }
}
