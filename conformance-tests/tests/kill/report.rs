//! The figures of a variant.

use std::time::Duration;

use mcp_server::store::{TaskState, TaskStore};

use crate::history::History;
use crate::instance::Kill;

/// The owner of the tasks of a server without principals.
const OWNER: &str = "anonymous";

/// The tasks of a store, also those whose id no client has received.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stored {
    /// Those that have not ended.
    pub(crate) open: usize,
    pub(crate) completed: usize,
    /// Those whose creation was not confirmed to the server, which then cancels them. Some have run
    /// before. No client has received their id.
    pub(crate) cancelled: usize,
}

impl Stored {
    /// Checks that each task has run.
    pub(crate) fn check(self, history: &History) {
        let (ran, Self { open, completed, cancelled }) = (history.len(), self);
        assert_eq!(open, 0, "{self:?}");
        assert!((completed..=completed + cancelled).contains(&ran), "{ran} have run: {self:?}");
    }
}

/// Counts the tasks of a store. None of them has failed.
pub(crate) async fn stored_tasks(store: &impl TaskStore) -> Stored {
    let mut stored = Stored::default();
    let mut after = None;
    loop {
        let page = store.list(OWNER, after.as_deref(), 1_000).await.expect("a page");
        for task in &page.tasks {
            match task.state {
                TaskState::Working => stored.open += 1,
                TaskState::Completed => stored.completed += 1,
                TaskState::Cancelled => stored.cancelled += 1,
                state => panic!("{} is {state:?}", task.id),
            }
        }
        after = page.next;
        if after.is_none() {
            return stored;
        }
    }
}

/// Prints what was played.
pub(crate) fn print(variant: &str, acknowledged: usize, history: &History, kills: &[Kill]) {
    let hits = kills.iter().filter(|kill| history.running_at(kill.time) > 0).count();
    let (runs, repeated) = history.steps();
    let takeovers = history.takeovers(kills);
    let worst = takeovers.iter().max().copied().unwrap_or(Duration::ZERO);
    eprintln!(
        "{variant}: {} kills, {hits} of them while tasks ran; {} tasks, {acknowledged} \
         acknowledged; {runs} runs of steps, {repeated} of them repetitions; {} executions taken \
         over, at worst after {} ms",
        kills.len(),
        history.len(),
        takeovers.len(),
        worst.as_millis(),
    );
}
