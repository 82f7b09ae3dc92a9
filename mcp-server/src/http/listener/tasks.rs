//! The tasks of a service: connections, streams of HTTP/2, calls that outlive their connection.
//!
//! At the end there must be none. One that remains after it was dropped blocks the thread that runs
//! it.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::stall;

/// The tasks of one service. Clones share them.
#[derive(Debug, Clone)]
pub(in crate::http) struct Tasks(Arc<State>);

#[derive(Debug)]
struct State {
    count: AtomicUsize,
    /// Notified when the last task has ended.
    none: Notify,
    given_up: watch::Sender<bool>,
    write_stall: Duration,
}

impl Tasks {
    pub(in crate::http) fn new(write_stall: Duration) -> Self {
        let (count, none) = (AtomicUsize::new(0), Notify::new());
        Self(Arc::new(State { count, none, given_up: watch::Sender::new(false), write_stall }))
    }

    /// Counts one more until the guard is dropped.
    pub(in crate::http) fn begin(&self) -> Task {
        self.0.count.fetch_add(1, Ordering::Relaxed);
        Task(self.clone())
    }

    /// Runs what outlives its connection, until it is done or given up.
    pub(in crate::http) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let (task, mut given_up) = (self.begin(), self.0.given_up.subscribe());
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
        self.0.given_up.send_replace(true);
    }

    pub(in crate::http) fn count(&self) -> usize {
        self.0.count.load(Ordering::Acquire)
    }

    /// Done when there is none.
    pub(in crate::http) async fn done(&self) {
        loop {
            // Before the count is read, so that no notification behind it is missed.
            let none = self.0.none.notified();
            if self.count() == 0 {
                return;
            }
            none.await;
        }
    }
}

/// Runs what hyper wants to spawn: each stream of an HTTP/2 connection.
///
/// A stream is polled once in place, by the task of its connection, as the requests of an HTTP/1
/// connection are. Most handlers are done by then. One that is still pending becomes a task, and so
/// does every further stream once the task of the connection has used up its budget.
impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, future: F) {
        let (task, write_stall) = (self.begin(), self.0.write_stall);
        let mut stream = Box::pin(async move {
            tokio::task::consume_budget().await;
            stall::guard(future, write_stall).await;
            drop(task);
        });
        // Nothing has to be woken, because the new task polls the stream again at once.
        let mut cx = Context::from_waker(Waker::noop());
        // A panic ends its stream only, as it would in a task.
        match catch_unwind(AssertUnwindSafe(|| stream.as_mut().poll(&mut cx))) {
            Ok(Poll::Pending) => drop(tokio::spawn(stream)),
            Ok(Poll::Ready(())) => {}
            Err(_) => tracing::error!("the service of an HTTP/2 stream panicked"),
        }
    }
}

/// One task.
#[derive(Debug)]
pub(in crate::http) struct Task(Tasks);

impl Drop for Task {
    fn drop(&mut self) {
        let state = &self.0.0;
        if state.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            state.none.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::rt::Executor as _;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_stream_that_is_done_at_once_needs_no_task_and_one_that_waits_gets_one() {
        let tasks = Tasks::new(Duration::from_secs(1));
        tasks.execute(async {});
        assert_eq!(tasks.count(), 0);
        let (release, released) = oneshot::channel::<()>();
        tasks.execute(async move { drop(released.await) });
        assert_eq!(tasks.count(), 1);
        release.send(()).unwrap();
        tasks.done().await;
    }

    #[tokio::test]
    async fn a_panic_ends_its_stream_only() {
        let tasks = Tasks::new(Duration::from_secs(1));
        tasks.execute(async { panic!("a defect of the service") });
        assert_eq!(tasks.count(), 0);
    }

    #[tokio::test]
    async fn a_connection_yields_however_many_streams_are_done_at_once() {
        let tasks = Tasks::new(Duration::from_secs(1));
        let in_place = (0..1_000)
            .take_while(|_| {
                tasks.execute(async {});
                tasks.count() == 0
            })
            .count();
        assert!((1..1_000).contains(&in_place), "{in_place}");
        tasks.done().await;
    }
}
