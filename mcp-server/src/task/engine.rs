//! Who runs tasks.

use std::sync::Arc;

use async_trait::async_trait;

use super::runner::TaskRunner;
use crate::store::{Lease, TaskChange};

/// Decides where and when tasks run. The store knows what they are and how far they are; the engine
/// only makes sure that each task that can continue is passed to [`TaskRunner::run`].
///
/// [`LocalEngine`](super::LocalEngine), the default, runs tasks in this process, and those of other
/// processes that stopped. An adapter to a durable-execution engine has to do this:
///
/// - [`start`](Self::start): keep the runner, and register a workflow that takes the id of a task.
/// - [`submit`](Self::submit): start a workflow whose id is that of the task. It claims the task
///   with [`TaskRunner::claim`], renews the lease while [`TaskRunner::run`] runs, and waits for a
///   signal when that returns [`RunEnd::Parked`](super::RunEnd::Parked).
/// - [`deliver`](Self::deliver) and [`cancel`](Self::cancel): signal the workflow.
///
/// All methods but [`stop`](Self::stop) return at once. They are called within a tokio runtime. A
/// panic is logged, and has no other effect than that the method has not done its work.
#[async_trait]
pub trait TaskEngine: Send + Sync + 'static {
    /// Starts the engine. Called once, before all other methods; again at the next request if it
    /// panics.
    fn start(&self, runner: TaskRunner);

    /// Whether a task that is created now is leased to this process, which saves a claim. Asked
    /// before each creation: a task that would wait here is better left to all processes.
    fn leases_new_tasks(&self) -> bool {
        false
    }

    /// Runs a task that was created. `lease` is there if
    /// [`leases_new_tasks`](Self::leases_new_tasks) was true.
    fn submit(&self, id: Arc<str>, lease: Option<Lease>);

    /// Runs a task that has its answers.
    fn deliver(&self, id: Arc<str>);

    /// Stops an execution of a task that was cancelled.
    fn cancel(&self, id: &str);

    /// Receives each change of a task, by any process that uses the store.
    fn changed(&self, _change: &TaskChange) {}

    /// Stops all executions of this process, so that others may continue their tasks.
    async fn stop(&self);
}
