//! The figures of a variant.

use std::time::Duration;

use mcp_server::store::{TaskState, TaskStore};

use crate::history::History;
use crate::instance::Kill;

/// The owner of the tasks of a server without principals.
const OWNER: &str = "anonymous";

/// The states of all tasks in a store, also of those whose id no client has received: the number of
/// tasks, and of those that have not ended.
pub(crate) async fn open_tasks(store: &impl TaskStore) -> (usize, usize) {
    let (mut all, mut open) = (0, 0);
    let mut after = None;
    loop {
        let page = store.list(OWNER, after.as_deref(), 1_000).await.expect("a page");
        all += page.tasks.len();
        for task in &page.tasks {
            let is_good = matches!(task.state, TaskState::Working | TaskState::Completed);
            assert!(is_good, "{} is {:?}", task.id, task.state);
            open += usize::from(!task.state.is_terminal());
        }
        after = page.next;
        if after.is_none() {
            return (all, open);
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
