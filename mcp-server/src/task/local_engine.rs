//! Runs tasks in this process.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{AbortHandle, abortable};
use mcp_core::sync::Mutex;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::engine::TaskEngine;
use super::runner::{RunEnd, TaskRunner};
use crate::shrink::shrink;
use crate::store::{Lease, TaskChange};

/// Number of leases that are renewed together. Fixed: it bounds one request to the store.
const RENEWED_TOGETHER: usize = 256;

/// Time that handlers have to be dropped when the engine stops. Fixed: it is part of the time that
/// a server has to stop.
const DROP_TIMEOUT: Duration = Duration::from_millis(100);

/// Minimum time between two searches of a loop. Fixed: a timer has no shorter interval.
const MIN_INTERVAL: Duration = Duration::from_millis(1);

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
    /// Whether a renewal is about to start that an incomplete feed has caused.
    is_checking: AtomicBool,
}

struct Held {
    fence: u64,
    renewed_at: Instant,
    execution: JoinHandle<()>,
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
            is_checking: AtomicBool::new(false),
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
            TaskChange::Changed { .. } => {}
            // A renewal finds out which tasks have ended.
            TaskChange::Missed => {
                if !inner.is_checking.swap(true, Ordering::AcqRel) {
                    let inner = Arc::clone(inner);
                    tokio::spawn(async move {
                        inner.is_checking.store(false, Ordering::Release);
                        inner.renew().await;
                    });
                }
            }
        }
    }

    async fn stop(&self) {
        self.background.lock().drain(..).for_each(|handle| handle.abort());
        let Some(inner) = self.inner.get() else { return };
        inner.permits.close();
        let held = std::mem::take(&mut *inner.held.lock());
        held.values().for_each(|held| held.execution.abort());
        // A lease is released when its handler has been dropped. A handler that blocks its thread
        // keeps its lease until that ends.
        let until = Instant::now() + DROP_TIMEOUT;
        let mut leases = Vec::with_capacity(held.len());
        for (id, held) in held {
            if tokio::time::timeout_at(until, held.execution).await.is_ok() {
                leases.push(Lease::new(id, held.fence));
            }
        }
        for leases in leases.chunks(RENEWED_TOGETHER) {
            if let Err(error) = inner.runner.release(leases).await {
                tracing::warn!(%error, "the leases of tasks could not be released");
                return;
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
            held.values().for_each(|held| held.execution.abort());
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
        let running = Running { inner: Arc::clone(self), lease: lease.clone() };
        let execution = async move {
            let Running { inner, lease } = &running;
            // Closed when the engine stops.
            let end = match inner.permits.acquire().await {
                Ok(_permit) => inner.runner.run(lease).await,
                Err(_) => return inner.release(lease).await,
            };
            if end == RunEnd::Unreadable {
                // Other processes may be able to read it.
                *inner.yields_until.lock() = Some(Instant::now() + inner.runner.limits().lease);
                inner.release(lease).await;
            }
        };
        let Lease { id, fence } = lease;
        // Locked while the execution is spawned, so that it cannot end before it is held.
        let mut all_held = self.held.lock();
        let held = Held { fence, renewed_at: Instant::now(), execution: tokio::spawn(execution) };
        let replaced = all_held.insert(id, held);
        drop(all_held);
        if let Some(replaced) = replaced {
            replaced.execution.abort();
        }
    }

    async fn release(&self, lease: &Lease) {
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

    /// Renews the leases of the tasks that this process runs, and drops those that are lost.
    async fn renew(&self) {
        let lease = self.runner.limits().lease;
        let held: Vec<_> = (self.held.lock().iter())
            .map(|(id, held)| Lease::new(Arc::clone(id), held.fence))
            .collect();
        for leases in held.chunks(RENEWED_TOGETHER) {
            let asked_at = Instant::now();
            match self.runner.renew(leases).await {
                Ok(valid) => {
                    for (lease, is_valid) in leases.iter().zip(valid) {
                        if !is_valid {
                            self.abort(&lease.id, Some(lease.fence));
                        } else if let Some(held) = self.held.lock().get_mut(&lease.id) {
                            held.renewed_at = asked_at;
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the leases of tasks could not be renewed");
                    // Another process may run them by now.
                    let is_lost = |held: &Held| held.renewed_at.elapsed() > lease;
                    for found in leases {
                        if self.held.lock().get(&found.id).is_some_and(is_lost) {
                            self.abort(&found.id, Some(found.fence));
                        }
                    }
                }
            }
        }
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
            held.execution.abort();
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

/// Renews leases three times in their duration.
async fn renew_leases(inner: Weak<Inner>) {
    let Some(lease) = inner.upgrade().map(|inner| inner.runner.limits().lease) else { return };
    let mut ticks = interval((lease / 3).max(MIN_INTERVAL));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(inner) = inner.upgrade() else { return };
        inner.renew().await;
    }
}

/// Claims tasks that no process runs: after a start, and after another process stopped.
async fn claim_tasks(inner: Weak<Inner>) {
    let Some(period) = inner.upgrade().map(|inner| inner.runner.limits().claim_interval) else {
        return;
    };
    let mut ticks = interval(period.max(MIN_INTERVAL));
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
