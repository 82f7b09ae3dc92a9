//! A server whose tasks are in a file.

use std::time::Duration;

use mcp_server::store::RedbStore;
use tempfile::TempDir;

use crate::acknowledged::{Tasks, look_once};
use crate::history::History;
use crate::instance::Instance;
use crate::plan::Plan;
use crate::report::{Stored, print, stored_tasks};

/// After so many rounds, a round waits for all tasks that have begun.
const ROUNDS_UNTIL_ALL_END: usize = 10;

/// Restarts until all tasks have ended that no client knows.
const MAX_RESTARTS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_no_task_of_its_file() {
    let mut plan = Plan::new(40, 25).await;
    let folder = TempDir::new().expect("a temporary folder");
    let (store, lines) = (folder.path().join("tasks.redb"), folder.path().join("lines"));
    let path = store.to_str().expect("a path that is text");
    let (tasks, mut kills) = (Tasks::default(), Vec::new());
    for round in 0..plan.rounds {
        // The store opens again, or this fails.
        let instance = Instance::start(&format!("r{round}"), path, &lines).await;
        let calls = tasks.begin(&instance.client, plan.names(round));
        // What earlier rounds have begun goes on meanwhile, and is read.
        if round % ROUNDS_UNTIL_ALL_END == ROUNDS_UNTIL_ALL_END - 1 {
            tasks.finish_new(&instance.client).await;
        }
        tokio::select! {
            () = plan.moment(&calls) => {}
            never = look_once(&tasks, &instance.client) => match never {},
        }
        calls.may_fail();
        kills.push(instance.kill());
        calls.give_up().await;
    }
    let last = Instance::start("last", path, &lines).await;
    // Twice, because two reads have the same result.
    tasks.finish(&last.client).await;
    tasks.finish(&last.client).await;
    last.kill();

    let mut stored = Stored::default();
    for restart in 0.. {
        let store = RedbStore::open(path).expect("a store that opens");
        stored = stored_tasks(&store).await;
        store.close().await;
        if stored.open == 0 {
            break;
        }
        assert!(restart < MAX_RESTARTS, "tasks work for ever: {stored:?}");
        let instance = Instance::start(&format!("again{restart}"), path, &lines).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        instance.kill();
    }
    let history = History::read(&lines);
    history.check_steps(stored.cancelled);
    tasks.compare(&history);
    let acknowledged = tasks.len();
    assert!(stored.completed >= acknowledged, "{acknowledged} are acknowledged: {stored:?}");
    assert_eq!(stored.cancelled, 0, "the store has confirmed each creation");
    stored.check(&history);
    print("redb", acknowledged, &history, &kills);
    assert!(kills.iter().any(|kill| history.running_at(kill.time) > 0), "no kill hit a task");
}
