//! Runs tasks in this process.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use async_trait::async_trait;
use futures::future::{AbortHandle, abortable};
use mcp_core::sync::Mutex;
use tokio::sync::Semaphore;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::engine::TaskEngine;
use super::runner::{RunEnd, TaskRunner};
use crate::shrink::shrink;
use crate::store::{Lease, TaskChange};

/// Number of leases that are renewed together. Fixed: it bounds one request to the store.
const RENEWED_TOGETHER: usize = 256;

/// Runs tasks in this process, under leases. If the store is shared, it also runs the tasks of
/// processes that stopped: a task runs on after at most [`TaskLimits::lease`] and
/// [`TaskLimits::claim_interval`].
///
/// [`TaskLimits::lease`]: super::TaskLimits::lease
/// [`TaskLimits::claim_interval`]: super::TaskLimits::claim_interval
#[derive(Default)]
pub struct LocalEngine {
    inner: OnceLock<Arc<Inner>>,
    /// The tasks that renew leases and claim tasks.
    background: Mutex<Vec<AbortHandle>>,
}

struct Inner {
    runner: TaskRunner,
    /// The tasks that this process runs, or will run when it has a permit.
    held: Mutex<HashMap<Arc<str>, Held>>,
    permits: Arc<Semaphore>,
    /// Until then, other processes have precedence: a task could not be read here.
    yields_until: Mutex<Option<Instant>>,
}

struct Held {
    fence: u64,
    renewed_at: Instant,
    abort: AbortHandle,
}

impl LocalEngine {
    /// Creates an engine.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        let (future, handle) = abortable(future);
        tokio::spawn(future);
        self.background.lock().push(handle);
    }
}

#[async_trait]
impl TaskEngine for LocalEngine {
    fn start(&self, runner: TaskRunner) {
        let permits = Arc::new(Semaphore::new(runner.limits().max_running_tasks.max(1)));
        let is_shared = runner.store_leaves_process();
        let inner = Arc::new(Inner {
            runner,
            held: Mutex::default(),
            permits,
            yields_until: Mutex::new(None),
        });
        if self.inner.set(Arc::clone(&inner)).is_ok() && is_shared {
            self.spawn(renew_leases(Arc::downgrade(&inner)));
            self.spawn(claim_tasks(Arc::downgrade(&inner)));
        }
    }

    fn leases_new_tasks(&self) -> bool {
        true
    }

    fn submit(&self, id: Arc<str>, lease: Option<Lease>) {
        let Some(inner) = self.inner.get() else { return };
        match lease {
            Some(lease) => inner.run(lease),
            None => inner.claim(id),
        }
    }

    fn deliver(&self, id: Arc<str>) {
        if let Some(inner) = self.inner.get() {
            inner.claim(id);
        }
    }

    fn cancel(&self, id: &str) {
        if let Some(inner) = self.inner.get() {
            inner.abort(id, None);
        }
    }

    fn changed(&self, change: &TaskChange) {
        let Some(inner) = self.inner.get() else { return };
        match change {
            TaskChange::Changed { id, state, .. } if state.is_terminal() => inner.abort(id, None),
            TaskChange::Removed { id } => inner.abort(id, None),
            // The next renewal finds out which tasks have ended.
            TaskChange::Changed { .. } | TaskChange::Missed => {}
        }
    }

    async fn stop(&self) {
        self.background.lock().drain(..).for_each(|handle| handle.abort());
        let Some(inner) = self.inner.get() else { return };
        inner.permits.close();
        let held = std::mem::take(&mut *inner.held.lock());
        let leases: Vec<_> = held
            .into_iter()
            .map(|(id, held)| {
                held.abort.abort();
                Lease::new(id, held.fence)
            })
            .collect();
        for leases in leases.chunks(RENEWED_TOGETHER) {
            if let Err(error) = inner.runner.release(leases).await {
                tracing::warn!(%error, "the leases of tasks could not be released");
            }
        }
    }
}

impl Drop for LocalEngine {
    fn drop(&mut self) {
        self.background.lock().drain(..).for_each(|handle| handle.abort());
        if let Some(inner) = self.inner.get() {
            inner.permits.close();
            let held = std::mem::take(&mut *inner.held.lock());
            held.values().for_each(|held| held.abort.abort());
        }
    }
}

impl fmt::Debug for LocalEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.inner.get().map_or(0, |inner| inner.held.lock().len());
        f.debug_struct("LocalEngine").field("held", &held).finish_non_exhaustive()
    }
}

impl Inner {
    /// Runs a leased task, when there is a permit.
    fn run(self: &Arc<Self>, lease: Lease) {
        let inner = Arc::clone(self);
        let running = Running { inner: Arc::clone(self), lease: lease.clone() };
        let (run, abort) = abortable(async move {
            // Closed when the engine stops.
            let Ok(_permit) = inner.permits.acquire().await else { return RunEnd::Lost };
            inner.runner.run(&lease).await
        });
        let Lease { id, fence } = running.lease.clone();
        let held = Held { fence, renewed_at: Instant::now(), abort };
        let replaced = self.held.lock().insert(id, held);
        if let Some(replaced) = replaced {
            replaced.abort.abort();
        }
        tokio::spawn(async move {
            if run.await == Ok(RunEnd::Unreadable) {
                running.inner.leave(&running.lease).await;
            }
            drop(running);
        });
    }

    /// Leaves a task that cannot be read here to other processes.
    async fn leave(&self, lease: &Lease) {
        *self.yields_until.lock() = Some(Instant::now() + self.runner.limits().lease);
        if let Err(error) = self.runner.release(std::slice::from_ref(lease)).await {
            tracing::warn!(%error, "the lease of a task could not be released");
        }
    }

    /// Claims a task and runs it, if another process is not faster.
    fn claim(self: &Arc<Self>, id: Arc<str>) {
        let inner = Arc::clone(self);
        tokio::spawn(async move {
            match inner.runner.claim(&id).await {
                Ok(Some(lease)) => inner.run(lease),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "a task could not be claimed yet"),
            }
        });
    }

    /// Stops the execution of a task; with `fence`, only that of this claim.
    fn abort(&self, id: &str, fence: Option<u64>) {
        let held = {
            let mut held = self.held.lock();
            match held.get(id) {
                Some(found) if fence.is_none_or(|fence| fence == found.fence) => held.remove(id),
                _ => None,
            }
        };
        if let Some(held) = held {
            held.abort.abort();
        }
    }
}

/// Forgets an execution when it ends, also by a panic.
struct Running {
    inner: Arc<Inner>,
    lease: Lease,
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut held = self.inner.held.lock();
        if held.get(&self.lease.id).is_some_and(|held| held.fence == self.lease.fence) {
            held.remove(&self.lease.id);
            shrink(&mut held);
        }
    }
}

/// Renews the leases of the tasks that this process runs, and drops those that are lost.
async fn renew_leases(inner: Weak<Inner>) {
    let Some(lease) = inner.upgrade().map(|inner| inner.runner.limits().lease) else { return };
    let mut ticks = interval((lease / 3).max(std::time::Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(inner) = inner.upgrade() else { return };
        let held: Vec<_> = inner
            .held
            .lock()
            .iter()
            .map(|(id, held)| Lease::new(Arc::clone(id), held.fence))
            .collect();
        for leases in held.chunks(RENEWED_TOGETHER) {
            let asked_at = Instant::now();
            match inner.runner.renew(leases).await {
                Ok(valid) => {
                    for (lease, is_valid) in leases.iter().zip(valid) {
                        if !is_valid {
                            inner.abort(&lease.id, Some(lease.fence));
                        } else if let Some(held) = inner.held.lock().get_mut(&lease.id) {
                            held.renewed_at = asked_at;
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the leases of tasks could not be renewed");
                    // Another process may run them by now.
                    let lost = |held: &Held| held.renewed_at.elapsed() > lease;
                    for found in leases {
                        let is_lost = inner.held.lock().get(&found.id).is_some_and(lost);
                        if is_lost {
                            inner.abort(&found.id, Some(found.fence));
                        }
                    }
                }
            }
        }
    }
}

/// Claims tasks that no process runs: after a start, and after another process stopped.
async fn claim_tasks(inner: Weak<Inner>) {
    let Some(period) = inner.upgrade().map(|inner| inner.runner.limits().claim_interval) else {
        return;
    };
    let mut ticks = interval(period.max(std::time::Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(inner) = inner.upgrade() else { return };
        let free = inner.permits.available_permits();
        let yields = inner.yields_until.lock().is_some_and(|until| Instant::now() < until);
        if free == 0 || yields {
            continue;
        }
        match inner.runner.claim_any(free).await {
            Ok(leases) => leases.into_iter().for_each(|lease| inner.run(lease)),
            Err(error) => tracing::warn!(%error, "tasks could not be claimed"),
        }
    }
}
