//! Runs tasks in this process.

use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use async_trait::async_trait;
use futures::future::{AbortHandle, abortable};
use mcp_core::sync::Mutex;
use tokio::time::{MissedTickBehavior, interval};

use super::engine::TaskEngine;
use super::executions::{Executions, MIN_INTERVAL, period};
use super::runner::TaskRunner;
use super::supervised::supervise;
use crate::store::{Lease, TaskChange};

/// Runs tasks in this process, under leases. It claims a task when it can run at once; further
/// ones wait in the store. If the store is shared, it also runs the tasks that wait there for
/// another process, and those of processes that stopped: a task runs on after at most
/// [`TaskLimits::lease`] and [`TaskLimits::claim_interval`].
///
/// A task that this process cannot read, for example because it lacks a key, is left to other
/// processes: for three times the [`TaskLimits::claim_interval`] it can be claimed by any of them,
/// and then it is tried again after a [`TaskLimits::lease`].
///
/// [`TaskLimits::lease`]: super::TaskLimits::lease
/// [`TaskLimits::claim_interval`]: super::TaskLimits::claim_interval
#[derive(Default)]
pub struct LocalEngine {
    executions: OnceLock<Arc<Executions>>,
    /// The tasks that renew leases and claim tasks.
    background: Mutex<Vec<AbortHandle>>,
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
        let executions = Arc::new(Executions::new(runner));
        if self.executions.set(Arc::clone(&executions)).is_ok() {
            let executions = Arc::downgrade(&executions);
            let renewing = Weak::clone(&executions);
            self.spawn(supervise("renewing leases", move || renew_leases(Weak::clone(&renewing))));
            self.spawn(supervise("claiming tasks", move || claim_tasks(Weak::clone(&executions))));
        }
    }

    fn leases_new_tasks(&self) -> bool {
        self.executions.get().is_some_and(|executions| executions.has_slot())
    }

    fn submit(&self, id: Arc<str>, lease: Option<Lease>) {
        let Some(executions) = self.executions.get() else { return };
        match lease {
            Some(lease) => executions.run_leased(lease),
            None => executions.claim(id),
        }
    }

    fn deliver(&self, id: Arc<str>) {
        if let Some(executions) = self.executions.get() {
            executions.claim(id);
        }
    }

    fn cancel(&self, id: &str) {
        if let Some(executions) = self.executions.get() {
            executions.abort(id, None);
        }
    }

    fn changed(&self, change: &TaskChange) {
        let Some(executions) = self.executions.get() else { return };
        match change {
            TaskChange::Changed { id, state, .. } if state.is_terminal() => {
                executions.abort(id, None);
            }
            TaskChange::Removed { id } => executions.abort(id, None),
            TaskChange::Changed { .. } => {}
            TaskChange::Missed => executions.check(),
        }
    }

    async fn stop(&self) {
        self.background.lock().drain(..).for_each(|handle| handle.abort());
        if let Some(executions) = self.executions.get() {
            executions.stop().await;
        }
    }
}

impl Drop for LocalEngine {
    fn drop(&mut self) {
        self.background.lock().drain(..).for_each(|handle| handle.abort());
        if let Some(executions) = self.executions.get() {
            executions.abort_all();
        }
    }
}

impl fmt::Debug for LocalEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running = self.executions.get().map_or(0, |executions| executions.count());
        f.debug_struct("LocalEngine").field("running", &running).finish_non_exhaustive()
    }
}

/// Renews leases three times in their duration.
async fn renew_leases(executions: Weak<Executions>) {
    let lease = executions.upgrade().map(|executions| executions.runner().limits().lease);
    let Some(lease) = lease else { return };
    let mut ticks = interval(period(lease));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(executions) = executions.upgrade() else { return };
        executions.renew().await;
    }
}

/// Claims tasks that no process runs: after a start, when there is a slot for one that waits, and
/// after another process stopped.
async fn claim_tasks(executions: Weak<Executions>) {
    let Some(first) = executions.upgrade() else { return };
    let runner = first.runner();
    let limits = runner.limits();
    let mut period = limits.claim_interval.max(MIN_INTERVAL);
    if !runner.store_leaves_process() {
        // No other process can stop. An idle one is not woken every second.
        period = period.max(limits.lease);
    }
    drop(first);
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let Some(strong) = executions.upgrade() else { return };
        // Dropped while waiting, so that the engine can be dropped.
        let asked = strong.search_request();
        drop(strong);
        tokio::select! {
            _ = ticks.tick() => {}
            () = asked => {}
        }
        let Some(executions) = executions.upgrade() else { return };
        if let Err(error) = executions.search().await {
            tracing::warn!(%error, "tasks could not be claimed");
        }
    }
}
