//! The tasks that one process runs.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use mcp_core::service::BoxFuture;
use mcp_core::sync::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::runner::{RunEnd, TaskRunner};
use super::supervised::caught_async;
use super::unreadable::{Disposal, Unreadable};
use crate::shrink::shrink;
use crate::store::{Lease, StoreError};

/// Number of leases that are renewed together. Fixed: it bounds one request to the store.
const RENEWED_TOGETHER: usize = 256;

/// Number of requests that renew leases at the same time, so that a slow one does not delay all
/// others. Fixed: with them, 4,096 leases take the time of one request.
const RENEWALS_AT_ONCE: usize = 16;

/// Time that handlers have to be dropped when the engine stops. Fixed: it is part of the time that
/// a server has to stop.
const DROP_TIMEOUT: Duration = Duration::from_millis(100);

/// Searches for which a task that cannot be run here is left to other processes. Fixed: a process
/// that searches as often finds it in this time.
const SEARCHES_OF_OTHERS: u32 = 3;

/// The tasks that one process runs. A task is claimed only when it can run at once; further ones
/// wait in the store, where other processes may claim them.
pub(super) struct Executions {
    runner: TaskRunner,
    held: Mutex<HashMap<Arc<str>, Held>>,
    slots: Arc<Semaphore>,
    unreadable: Unreadable,
    renewed_at: Mutex<Instant>,
    /// Whether tasks may wait in the store for a slot of this process.
    has_waiting: AtomicBool,
    /// Asks for a search.
    search_now: Arc<Notify>,
    /// Whether a renewal is about to start that an incomplete feed has caused.
    is_checking: AtomicBool,
}

struct Held {
    fence: u64,
    renewed_at: Instant,
    execution: JoinHandle<()>,
}

/// The right to run one task.
struct Slot {
    executions: Arc<Executions>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Executions {
    pub(super) fn new(runner: TaskRunner) -> Self {
        let limits = runner.limits();
        let for_others = limits.claim_interval.saturating_mul(SEARCHES_OF_OTHERS);
        Self {
            slots: Arc::new(Semaphore::new(limits.max_running_tasks.max(1))),
            unreadable: Unreadable::new(for_others),
            runner,
            held: Mutex::default(),
            renewed_at: Mutex::new(Instant::now()),
            has_waiting: AtomicBool::new(false),
            search_now: Arc::default(),
            is_checking: AtomicBool::new(false),
        }
    }

    pub(super) const fn runner(&self) -> &TaskRunner {
        &self.runner
    }

    /// Returns the number of tasks that run.
    pub(super) fn count(&self) -> usize {
        self.held.lock().len()
    }

    /// Whether one more task can run.
    pub(super) fn has_slot(&self) -> bool {
        self.slots.available_permits() > 0
    }

    /// Returns a future that waits until somebody asks for a search.
    pub(super) fn search_request(&self) -> impl Future<Output = ()> + use<> {
        let search_now = Arc::clone(&self.search_now);
        async move { search_now.notified().await }
    }

    fn slot(self: &Arc<Self>) -> Option<Slot> {
        let permit = Arc::clone(&self.slots).try_acquire_owned().ok()?;
        Some(Slot { executions: Arc::clone(self), permit: Some(permit) })
    }

    /// A task waits in the store. It is claimed when there is a slot, by this process or another.
    fn wait_for_slot(&self) {
        self.has_waiting.store(true, Ordering::SeqCst);
        // There may be a slot meanwhile.
        self.search_now.notify_one();
    }

    /// Runs a task that is leased. Without a slot, the lease is released.
    pub(super) fn run_leased(self: &Arc<Self>, lease: Lease) {
        match self.slot() {
            Some(slot) => self.run(lease, slot),
            None => {
                let executions = Arc::clone(self);
                tokio::spawn(async move {
                    executions.release(&[lease]).await;
                    executions.wait_for_slot();
                });
            }
        }
    }

    /// Claims a task and runs it, if there is a slot and no other process is faster.
    pub(super) fn claim(self: &Arc<Self>, id: Arc<str>) {
        let Some(slot) = self.slot() else { return self.wait_for_slot() };
        let executions = Arc::clone(self);
        tokio::spawn(async move {
            match caught_async("claiming a task", executions.runner.claim(&id)).await {
                Some(Ok(Some(lease))) => executions.run(lease, slot),
                Some(Ok(None)) => {}
                failed => {
                    if let Some(Err(error)) = failed {
                        tracing::warn!(%error, "a task could not be claimed yet");
                    }
                    // A search finds it, now or later.
                    executions.wait_for_slot();
                }
            }
        });
    }

    /// Claims tasks that wait in the store, as many as can run, until there are no more.
    ///
    /// # Errors
    /// If the store failed.
    pub(super) async fn search(self: &Arc<Self>) -> Result<(), StoreError> {
        // A process that stood still renews its own leases before it looks for those that ended.
        let lease = self.runner.limits().lease;
        if self.renewed_at.lock().elapsed() > lease / 2 {
            self.renew().await;
        }
        // Each is claimed once in a search, so that the search ends.
        let mut released = HashSet::new();
        loop {
            let free = self.slots.available_permits();
            if free == 0 {
                return Ok(());
            }
            self.has_waiting.store(false, Ordering::SeqCst);
            let claimed = self.runner.claim_any(free).await;
            if claimed.as_ref().map_or(true, |leases| !leases.is_empty()) {
                // There may be more.
                self.has_waiting.store(true, Ordering::SeqCst);
            }
            let leases = claimed?;
            let mut unreadable = Vec::new();
            let mut is_new = false;
            for lease in leases {
                match self.unreadable.disposal(&lease.id) {
                    Some(Disposal::Release) => {
                        is_new |= released.insert(Arc::clone(&lease.id));
                        unreadable.push(lease);
                    }
                    Some(Disposal::Leave) => is_new = true,
                    None => {
                        is_new = true;
                        self.run_leased(lease);
                    }
                }
            }
            self.release(&unreadable).await;
            if !is_new {
                // Only tasks that cannot be run here wait.
                self.has_waiting.store(false, Ordering::SeqCst);
                return Ok(());
            }
        }
    }

    /// Runs a leased task in a slot.
    fn run(self: &Arc<Self>, lease: Lease, slot: Slot) {
        let running = Running { executions: Arc::clone(self), lease: lease.clone(), _slot: slot };
        let execution = async move {
            let Running { executions, lease, .. } = &running;
            let run = caught_async("running a task", executions.runner.run(lease));
            let end = run.await.unwrap_or(RunEnd::Unreadable);
            // Other processes may be able to read it.
            if end == RunEnd::Unreadable
                && executions.unreadable.found(&lease.id) == Disposal::Release
            {
                executions.release(std::slice::from_ref(lease)).await;
            }
        };
        // Locked while the execution is spawned, so that it cannot end before it is held.
        let mut all_held = self.held.lock();
        // Closed before the executions that are held are stopped.
        if self.slots.is_closed() {
            drop(all_held);
            drop(execution);
            let executions = Arc::clone(self);
            tokio::spawn(async move { executions.release(&[lease]).await });
            return;
        }
        let Lease { id, fence } = lease;
        let held = Held { fence, renewed_at: Instant::now(), execution: tokio::spawn(execution) };
        let replaced = all_held.insert(id, held);
        drop(all_held);
        if let Some(replaced) = replaced {
            replaced.execution.abort();
        }
    }

    async fn release(&self, leases: &[Lease]) {
        for leases in leases.chunks(RENEWED_TOGETHER) {
            match caught_async("releasing leases", self.runner.release(leases)).await {
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    tracing::warn!(%error, "the leases of tasks could not be released");
                    return;
                }
                None => return,
            }
        }
    }

    /// Renews the leases of the tasks that this process runs, and drops those that are lost.
    pub(super) async fn renew(&self) {
        *self.renewed_at.lock() = Instant::now();
        let held: Vec<_> = (self.held.lock().iter())
            .map(|(id, held)| Lease::new(Arc::clone(id), held.fence))
            .collect();
        let mut renewals: Vec<BoxFuture<'_, ()>> = Vec::new();
        for leases in held.chunks(RENEWED_TOGETHER) {
            renewals.push(Box::pin(self.renew_together(leases)));
        }
        stream::iter(renewals).buffer_unordered(RENEWALS_AT_ONCE).collect::<()>().await;
    }

    async fn renew_together(&self, leases: &[Lease]) {
        let lease = self.runner.limits().lease;
        let asked_at = Instant::now();
        let renewal = caught_async("renewing leases", self.runner.renew(leases));
        // The next renewal begins then.
        let renewed = match timeout(period(lease), renewal).await {
            Ok(renewed) => renewed.unwrap_or_else(|| Err(StoreError::unavailable("it panicked"))),
            Err(_) => {
                Err(StoreError::unavailable("it did not answer until the next renewal was due"))
            }
        };
        match renewed {
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

    /// Renews the leases soon, because changes of tasks may have been missed: a renewal finds out
    /// which tasks have ended.
    pub(super) fn check(self: &Arc<Self>) {
        if !self.is_checking.swap(true, Ordering::AcqRel) {
            let executions = Arc::clone(self);
            tokio::spawn(async move {
                executions.is_checking.store(false, Ordering::Release);
                caught_async("renewing leases", executions.renew()).await;
            });
        }
    }

    /// Stops the execution of a task; with `fence`, only that of this claim.
    pub(super) fn abort(&self, id: &str, fence: Option<u64>) {
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

    /// Stops all executions for good.
    pub(super) fn abort_all(&self) {
        drop(self.take_all());
    }

    fn take_all(&self) -> HashMap<Arc<str>, Held> {
        self.slots.close();
        let held = std::mem::take(&mut *self.held.lock());
        held.values().for_each(|held| held.execution.abort());
        held
    }

    /// Stops all executions for good, and releases their leases.
    pub(super) async fn stop(&self) {
        // A lease is released when its handler has been dropped. A handler that blocks its thread
        // keeps its lease until that ends.
        let until = Instant::now() + DROP_TIMEOUT;
        let held = self.take_all();
        let mut leases = Vec::with_capacity(held.len());
        for (id, held) in held {
            if tokio::time::timeout_at(until, held.execution).await.is_ok() {
                leases.push(Lease::new(id, held.fence));
            }
        }
        self.release(&leases).await;
    }
}

/// Returns the time between two renewals: leases are renewed three times in their duration.
pub(super) fn period(lease: Duration) -> Duration {
    (lease / 3).max(MIN_INTERVAL)
}

/// Minimum time between two searches or renewals of a loop. Fixed: a timer has no shorter interval.
pub(super) const MIN_INTERVAL: Duration = Duration::from_millis(1);

impl Drop for Slot {
    fn drop(&mut self) {
        drop(self.permit.take());
        if self.executions.has_waiting.load(Ordering::SeqCst) {
            self.executions.search_now.notify_one();
        }
    }
}

/// Forgets an execution when it ends, also by a panic, and frees its slot afterwards.
struct Running {
    executions: Arc<Executions>,
    lease: Lease,
    _slot: Slot,
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut held = self.executions.held.lock();
        if held.get(&self.lease.id).is_some_and(|held| held.fence == self.lease.fence) {
            held.remove(&self.lease.id);
            shrink(&mut held);
        }
    }
}
