//! A bounded pool of threads for blocking handlers.
//!
//! The pool does not use the blocking threads of the runtime: the runtime waits at shutdown for
//! every blocking task that has started, so a handler that never returns would keep the process
//! from exiting.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mcp_core::jsonrpc::ErrorObject;
use tokio::sync::oneshot;

/// Time after which an idle thread ends. Fixed: a thread is cheap to start again.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

#[derive(Clone)]
pub(crate) struct BlockingPool(Arc<PoolShared>);

struct PoolShared {
    state: Mutex<PoolState>,
    work: Condvar,
    max_threads: usize,
}

#[derive(Default)]
struct PoolState {
    /// Jobs that wait for a thread, each with its sequence number.
    queue: VecDeque<(u64, Job)>,
    submitted: u64,
    threads: usize,
    idle: usize,
}

impl BlockingPool {
    /// Creates a pool of at most `max_threads` threads, which are started on demand.
    pub(crate) fn new(max_threads: usize) -> Self {
        Self(Arc::new(PoolShared {
            state: Mutex::default(),
            work: Condvar::new(),
            max_threads: max_threads.max(1),
        }))
    }

    /// Runs `work` on a thread. If the future is dropped before a thread takes the work, it never
    /// runs.
    ///
    /// # Errors
    /// −32603 if `work` panics, or no thread can be started.
    pub(crate) fn run<R: Send + 'static, F: FnOnce() -> R + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<R, ErrorObject>> + Send + use<R, F> {
        let (sender, receiver) = oneshot::channel();
        let number = self.submit(Box::new(move || {
            if !sender.is_closed() {
                let outcome = catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
                    tracing::error!("a blocking handler panicked");
                    ErrorObject::internal()
                });
                drop(sender.send(outcome)); // Fails if the caller dropped the future.
            }
        }));
        let queued = number.map(|number| QueuedJob { pool: self.clone(), number });
        async move {
            let _queued = queued.map_err(|error| {
                crate::error::internal("starting a thread for a blocking handler", &error)
            })?;
            receiver.await.unwrap_or_else(|_| Err(ErrorObject::internal()))
        }
    }

    fn submit(&self, job: Job) -> std::io::Result<u64> {
        let mut state = self.0.lock();
        state.submitted += 1;
        let number = state.submitted;
        state.queue.push_back((number, job));
        if state.idle >= state.queue.len() {
            self.0.work.notify_one();
            return Ok(number);
        }
        if state.threads >= self.0.max_threads {
            return Ok(number); // The next thread that finishes its job takes it.
        }
        state.threads += 1;
        drop(state);
        let inner = Arc::clone(&self.0);
        let spawned = std::thread::Builder::new()
            .name("mcp-blocking".into())
            .spawn(move || inner.work())
            .map(drop);
        if let Err(error) = spawned {
            let mut state = self.0.lock();
            state.threads -= 1;
            if state.threads == 0 {
                state.queue.retain(|(waiting, _)| *waiting != number);
                return Err(error);
            }
            // The job waits for another thread.
        }
        Ok(number)
    }
}

/// Removes a waiting job from the queue when its caller drops the future, so that its memory is
/// freed.
struct QueuedJob {
    pool: BlockingPool,
    number: u64,
}

impl Drop for QueuedJob {
    fn drop(&mut self) {
        let mut state = self.pool.0.lock();
        let position = state.queue.iter().position(|(number, _)| *number == self.number);
        let job = position.and_then(|position| state.queue.remove(position));
        drop(state);
        drop(job); // After the unlock, because it drops user code.
    }
}

impl PoolShared {
    fn lock(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some((_, job)) = state.queue.pop_front() {
                drop(state);
                job();
                state = self.lock();
                continue;
            }
            state.idle += 1;
            let (guard, timeout) =
                self.work.wait_timeout(state, IDLE_TIMEOUT).unwrap_or_else(PoisonError::into_inner);
            state = guard;
            state.idle -= 1;
            if timeout.timed_out() && state.queue.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }
}

impl std::fmt::Debug for BlockingPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.0.lock();
        f.debug_struct("BlockingPool")
            .field("threads", &state.threads)
            .field("queued", &state.queue.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_dropped_call_that_waits_for_a_thread_never_runs() {
        let pool = BlockingPool::new(1);
        let (release, released) = std::sync::mpsc::channel::<()>();
        let busy = pool.run(move || released.recv().is_ok());
        let ran = Arc::new(Mutex::new(0));
        let wait = || {
            let ran = Arc::clone(&ran);
            pool.run(move || *ran.lock().unwrap() += 1)
        };
        for _ in 0..1_000 {
            drop(wait());
        }
        let kept = wait();
        assert_eq!(Arc::strong_count(&ran), 2, "dropped jobs are freed");
        release.send(()).unwrap();
        assert!(busy.await.unwrap());
        kept.await.unwrap();
        assert_eq!(*ran.lock().unwrap(), 1);
        assert!(pool.run(|| panic!("test panic")).await.is_err());
        assert_eq!(pool.run(|| 5).await.unwrap(), 5);
    }
}
