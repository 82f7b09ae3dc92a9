//! The limits of tasks.

use std::time::Duration;

/// The limits of the tasks of a server. `docs/limits.md` lists all defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskLimits {
    /// Maximum number of tasks in the store, finished ones included. 10,000.
    pub max_tasks: usize,
    /// Maximum number of tasks of one [`Principal`](crate::Principal) in the store. 1,000.
    pub max_tasks_per_owner: usize,
    /// Maximum number of tasks of all callers without a principal in the store, so that they cannot
    /// fill it for the others. Set it below `max_tasks`, unless no caller has a principal. 5,000.
    pub max_anonymous_tasks: usize,
    /// Maximum number of tasks that one process runs at the same time; further ones wait. 256.
    pub max_running_tasks: usize,
    /// Maximum size of one task, in bytes: its call, its journal, and its result. A task that
    /// exceeds it fails. 4 MiB.
    pub max_task_bytes: usize,
    /// Maximum number of times that a task asks for input. 100.
    pub max_input_rounds: u32,
    /// Maximum number of times that a task runs on after an interruption. Then it fails, because it
    /// may be what ends the process. 10.
    pub max_recoveries: u32,
    /// Minimum time between two status messages of a task. Those in between are dropped. 500 ms.
    pub min_status_interval: Duration,
    /// Time after which another process may run a task whose process no longer renews its lease. It
    /// is renewed three times in this time. 30 s.
    pub lease: Duration,
    /// Time between two searches for tasks that no process runs. 1 s.
    pub claim_interval: Duration,
    /// Time between two searches for expired tasks. 10 s.
    pub sweep_interval: Duration,
    /// Maximum number of expired tasks that are deleted together. A search deletes all, in several
    /// steps. 1,000.
    pub max_swept_tasks: usize,
    /// Time that the store has to answer. 10 s.
    pub store_timeout: Duration,
    /// Maximum number of tasks that one subscription watches. 256.
    pub max_watched_tasks: usize,
    /// Maximum number of tasks in one page of `tasks/list` (2025-11-25). 100.
    pub max_listed_tasks: usize,
}

impl TaskLimits {
    /// Returns the default limits.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_tasks: 10_000,
            max_tasks_per_owner: 1_000,
            max_anonymous_tasks: 5_000,
            max_running_tasks: 256,
            max_task_bytes: 4 << 20,
            max_input_rounds: 100,
            max_recoveries: 10,
            min_status_interval: Duration::from_millis(500),
            lease: Duration::from_secs(30),
            claim_interval: Duration::from_secs(1),
            sweep_interval: Duration::from_secs(10),
            max_swept_tasks: 1_000,
            store_timeout: Duration::from_secs(10),
            max_watched_tasks: 256,
            max_listed_tasks: 100,
        }
    }
}

impl Default for TaskLimits {
    fn default() -> Self {
        Self::new()
    }
}
