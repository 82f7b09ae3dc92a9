//! The tasks of a service: connections, streams of HTTP/2, calls that outlive their connection.
//!
//! At the end there must be none. One that remains after it was dropped blocks the thread that runs
//! it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::stall;

/// The number of tasks.
#[derive(Debug, Clone)]
pub(in crate::http) struct Tasks {
    count: Arc<watch::Sender<usize>>,
    given_up: Arc<watch::Sender<bool>>,
    write_stall: Duration,
}

impl Tasks {
    pub(in crate::http) fn new(write_stall: Duration) -> Self {
        Self {
            count: Arc::new(watch::Sender::new(0)),
            given_up: Arc::new(watch::Sender::new(false)),
            write_stall,
        }
    }

    /// Counts one more until the guard is dropped.
    pub(in crate::http) fn begin(&self) -> Task {
        self.count.send_modify(|tasks| *tasks += 1);
        Task(self.clone())
    }

    /// Runs what outlives its connection, until it is done or given up.
    pub(in crate::http) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let (task, mut given_up) = (self.begin(), self.given_up.subscribe());
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = work => {}
                // The sender is in `task`, so there is no error.
                _ = given_up.wait_for(|given_up| *given_up) => {}
            }
            drop(task);
        });
    }

    /// Drops what [`Tasks::spawn`] runs.
    pub(in crate::http) fn give_up(&self) {
        self.given_up.send_replace(true);
    }

    pub(in crate::http) fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Done when there is none.
    pub(in crate::http) async fn done(&self) {
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
pub(in crate::http) struct Task(Tasks);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.count.send_modify(|tasks| *tasks -= 1);
    }
}
