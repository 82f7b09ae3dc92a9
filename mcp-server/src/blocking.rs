//! Threads for handlers that block, so that the others stay quick.
//!
//! Our own threads rather than the runtime's: a runtime waits at its end for every blocking call
//! that has begun, and a stuck handler must not keep a server from exiting.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mcp_core::jsonrpc::ErrorObject;
use tokio::sync::oneshot;

/// How long a thread without work stays.
const IDLE: Duration = Duration::from_secs(10);

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
    /// Jobs that wait for a thread, each with its number.
    queue: VecDeque<(u64, Job)>,
    submitted: u64,
    threads: usize,
    idle: usize,
}

impl BlockingPool {
    /// At most `max_threads` threads, started when there is work for them.
    pub(crate) fn new(max_threads: usize) -> Self {
        Self(Arc::new(PoolShared {
            state: Mutex::default(),
            work: Condvar::new(),
            max_threads: max_threads.max(1),
        }))
    }

    /// Runs `work` on a thread. A call that is dropped while it waits for one never runs.
    ///
    /// # Errors
    /// −32603 when `work` panics, or no thread can be started.
    pub(crate) fn run<R: Send + 'static, F: FnOnce() -> R + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<R, ErrorObject>> + Send + use<R, F> {
        let (sender, receiver) = oneshot::channel();
        let started = self.submit(Box::new(move || {
            if !sender.is_closed() {
                let outcome = catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
                    tracing::error!("a blocking handler panicked");
                    ErrorObject::internal()
                });
                drop(sender.send(outcome)); // The caller may have left meanwhile.
            }
        }));
        let ticket = started.map(|number| Ticket { pool: self.clone(), number });
        async move {
            let _ticket = ticket.map_err(|error| {
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
            return Ok(number); // A thread takes it when it is done with what it does.
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
            // The job waits for one of the others.
        }
        Ok(number)
    }
}

/// Takes a job out of the queue when its caller has left, so that what it holds is freed.
struct Ticket {
    pool: BlockingPool,
    number: u64,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.pool.0.lock();
        let waiting = state.queue.iter().position(|(number, _)| *number == self.number);
        let job = waiting.and_then(|at| state.queue.remove(at));
        drop(state);
        drop(job); // Not under the lock: it is the user's.
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
            let (woken, waited) =
                self.work.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if waited.timed_out() && state.queue.is_empty() {
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
    async fn a_call_that_leaves_while_it_waits_takes_its_work_along() {
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
        let stays = wait();
        assert_eq!(Arc::strong_count(&ran), 2, "what was left behind is freed");
        release.send(()).unwrap();
        assert!(busy.await.unwrap());
        stays.await.unwrap();
        assert_eq!(*ran.lock().unwrap(), 1);
        assert!(pool.run(|| panic!("asked to")).await.is_err());
        assert_eq!(pool.run(|| 5).await.unwrap(), 5);
    }
}
