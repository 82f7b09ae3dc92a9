//! Two servers that share a Redis server: one of them is killed, or the Redis server is.

use std::time::{Duration, Instant};

use mcp_server::store::RedisStore;
use mcp_test_support::RedisServer;
use tempfile::TempDir;

use crate::acknowledged::{Tasks, look_once};
use crate::history::{History, micros};
use crate::instance::{Instance, Kill, LEASE};
use crate::plan::Plan;
use crate::report::{Stored, print, stored_tasks};

/// Time between two searches for tasks that no process runs (`TaskLimits::claim_interval`).
const CLAIM_INTERVAL: Duration = Duration::from_secs(1);

/// What a busy machine may add to a takeover.
const ALLOWANCE: Duration = Duration::from_secs(2);

/// Time after which a task that still works counts as one that works for ever.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Waits until all tasks have ended, also those whose id no client has received.
async fn all_ended(server: &RedisServer) -> Stored {
    let store = RedisStore::connect(&server.url()).await.expect("a store that opens");
    let begin = Instant::now();
    loop {
        let stored = stored_tasks(&store).await;
        if stored.open == 0 {
            return stored;
        }
        assert!(begin.elapsed() < MAX_WAIT, "tasks work for ever: {stored:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn the_tasks_of_a_killed_instance_go_on_at_another_within_lease_and_claim_interval() {
    let mut plan = Plan::new(5, 25).await;
    let server = RedisServer::start();
    let folder = TempDir::new().expect("a temporary folder");
    let lines = folder.path().join("lines");
    let (url, tasks, mut kills) = (server.url(), Tasks::default(), Vec::new());
    let mut victim = Instance::start("a0", &url, &lines).await;
    let mut survivor = Instance::start("b0", &url, &lines).await;
    for round in 0..plan.rounds {
        if plan.random.below(2) == 0 {
            std::mem::swap(&mut victim, &mut survivor);
        }
        let mut names = plan.names(round);
        let half = names.split_off(names.len() / 2);
        let calls = tasks.begin(&victim.client, names);
        let other_calls = tasks.begin(&survivor.client, half);
        plan.moment(&calls).await;
        calls.may_fail();
        kills.push(victim.kill());
        calls.give_up().await;
        other_calls.end().await;
        // The survivor alone ends all tasks of the round.
        tasks.finish_new(&survivor.client).await;
        all_ended(&server).await;
        victim = Instance::start(&format!("v{}", round + 1), &url, &lines).await;
    }
    // Twice, because two reads have the same result; and both instances have the same one.
    tasks.finish(&survivor.client).await;
    tasks.finish(&victim.client).await;
    let stored = all_ended(&server).await;
    let history = History::read(&lines);
    history.check_steps(stored.cancelled);
    tasks.compare(&history);
    assert_eq!(stored.cancelled, 0, "the store has confirmed each creation");
    stored.check(&history);
    print("Redis, one of two instances killed", tasks.len(), &history, &kills);
    let takeovers = history.takeovers(&kills);
    let worst = takeovers.iter().max().expect("a task that was taken over");
    assert!(*worst < LEASE + CLAIM_INTERVAL + ALLOWANCE, "the takeover took {worst:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn a_killed_redis_server_with_appendfsync_always_loses_no_task() {
    let mut plan = Plan::new(12, 25).await;
    let mut server =
        RedisServer::with_settings(&[("appendonly", "yes"), ("appendfsync", "always")]);
    let folder = TempDir::new().expect("a temporary folder");
    let lines = folder.path().join("lines");
    let (url, tasks, mut kills) = (server.url(), Tasks::default(), Vec::new());
    let one = Instance::start("one", &url, &lines).await;
    let other = Instance::start("other", &url, &lines).await;
    for round in 0..plan.rounds {
        let mut names = plan.names(round);
        let half = names.split_off(names.len() / 2);
        let calls = [tasks.begin(&one.client, names), tasks.begin(&other.client, half)];
        tokio::select! {
            () = plan.moment(&calls[0]) => {}
            never = look_once(&tasks, &one.client) => match never {},
        }
        calls.iter().for_each(|calls| calls.may_fail());
        kills.push(Kill { time: micros(), victim: "redis-server".to_owned() });
        tokio::task::block_in_place(|| {
            server.kill();
            // The store opens again, or this fails.
            server.start_again();
        });
        for calls in calls {
            calls.end().await;
        }
    }
    tasks.finish(&one.client).await;
    tasks.finish(&other.client).await;
    let stored = all_ended(&server).await;
    let history = History::read(&lines);
    history.check_steps(stored.cancelled);
    tasks.compare(&history);
    stored.check(&history);
    print("redis-server killed", tasks.len(), &history, &kills);
    assert!(kills.iter().any(|kill| history.running_at(kill.time) > 0), "no kill hit a task");
}
