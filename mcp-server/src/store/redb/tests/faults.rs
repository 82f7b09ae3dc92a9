//! A disk that fails at each of its operations in turn.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::disk::{Disk, Fault};
use super::invariants;
use crate::store::memory::MemoryTaskStore;
use crate::store::redb::RedbStore;
use crate::store::task::{
    Lease, NewTask, StoreError, TaskHead, TaskQuota, TaskRecord, TaskState, TaskStore, TaskUpdate,
};

const STEPS: u64 = 40;
const HELD: Duration = Duration::from_secs(600);
const QUOTA: TaskQuota = TaskQuota::new(1_000, 1_000);
const OWNERS: [&str; 2] = ["one", "two"];

fn id(number: u64) -> String {
    format!("task-{number:02}")
}

/// One write. Its effect depends on the steps before it only.
async fn step(store: &impl TaskStore, number: u64) -> Result<(), StoreError> {
    let blob = |length| Bytes::from(vec![number.to_le_bytes()[0]; length]);
    let create = async |expires_at, journal, call, lease| {
        let owner = OWNERS[usize::from(number.is_multiple_of(3))];
        let mut head = TaskHead::new(id(number), owner, number);
        head.expires_at = expires_at;
        let task = NewTask::new(TaskRecord::new(head, call, journal));
        let task = if lease { task.leased(HELD) } else { task };
        store.create(task, QUOTA).await
    };
    let update = async |back, change: fn(&mut TaskUpdate)| {
        let Some(head) = store.head(&id(number - back)).await? else { return Ok(()) };
        let mut update = TaskUpdate::of(&head, number);
        update.append = vec![blob(100), blob(0)];
        change(&mut update);
        store.update(&head.id, update).await.map(drop)
    };
    match number % 10 {
        0 => create(Some(number), vec![blob(9), blob(5_000)], blob(50), false).await,
        1 => create(Some(number + 2), vec![], blob(0), true).await,
        2 => update(1, |update| update.detail = Some(Bytes::from_static(b"detail"))).await,
        3 => store.claim(&id(number - 3), HELD).await.map(drop),
        4 => create(None, vec![blob(20_000)], blob(100), false).await,
        5 => update(4, |update| update.state = TaskState::InputRequired).await,
        6 => store.claim_any(HELD, 2).await.map(drop),
        7 => {
            let end = |update: &mut TaskUpdate| {
                update.state = TaskState::Completed;
                update.outcome = Some(vec![7; 9_000].into());
                update.expires_at = update.expires_at.map(|at| at + 10);
            };
            update(7, end).await
        }
        8 => store.renew(&[Lease::new(id(number - 4), 1)], Duration::ZERO).await.map(drop),
        _ => store.sweep(number, 2).await.map(drop),
    }
}

/// All tasks, and the lists of the owners.
#[derive(Debug, PartialEq, Eq)]
struct Content {
    tasks: Vec<TaskRecord>,
    lists: Vec<Vec<Arc<str>>>,
}

async fn content(store: &impl TaskStore) -> Content {
    let mut tasks = Vec::new();
    for number in 0..STEPS {
        tasks.extend(store.load(&id(number)).await.expect("the simulated store answers"));
    }
    let mut lists = Vec::new();
    for owner in OWNERS {
        let page = store.list(owner, None, 100).await.expect("the simulated store answers");
        lists.push(page.tasks.into_iter().map(|head| head.id).collect());
    }
    Content { tasks, lists }
}

/// Returns the content after each number of steps, from the store in memory.
async fn expected() -> Vec<Content> {
    let store = MemoryTaskStore::new();
    let mut contents = vec![content(&store).await];
    for number in 0..STEPS {
        step(&store, number).await.expect("the simulated store answers");
        contents.push(content(&store).await);
    }
    contents
}

fn assert_unavailable(error: &StoreError) {
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(error.to_string().contains("open the store again"), "{error}");
}

/// Runs the script on a disk that fails at one operation. Returns whether it has failed.
async fn run(at: u64, fault: Fault, expected: &[Content]) -> bool {
    let disk = Disk::with_fault(at, fault);
    let mut answered = 0;
    let opened = RedbStore::builder().open_backend(disk.clone());
    // A file gets its name when it is whole, so one that was not created has left nothing.
    let disk_after = if opened.is_ok() { None } else { Some(Disk::default()) };
    if let Ok(store) = opened {
        while answered < STEPS {
            match step(&store, answered).await {
                Ok(()) => answered += 1,
                Err(error) => {
                    assert_unavailable(&error);
                    break;
                }
            }
        }
        if answered < STEPS {
            // It does not pretend to work.
            let probe = TaskHead::new("probe", "three", 0);
            let probe = NewTask::new(TaskRecord::new(probe, Bytes::new(), vec![]));
            assert_unavailable(&store.create(probe, QUOTA).await.expect_err("the disk has failed"));
        }
        store.close().await;
    }
    let has_failed = disk.operations() >= at;

    let place = format!("{fault:?} at operation {at}, after {answered} steps");
    let disk = disk_after.unwrap_or_else(|| disk.restart(at));
    let store = RedbStore::builder().open_backend(disk);
    let store = store.unwrap_or_else(|error| panic!("{place}: {error}"));
    invariants::check(&store).await;
    let content = content(&store).await;
    let possible = usize::try_from(answered).expect("the simulated store answers")..;
    let is_possible = expected[possible].iter().take(2).any(|expected| *expected == content);
    assert!(is_possible, "{place}: an answered write is lost, or another one is there in part");
    // It works, and every working task can be claimed at once.
    let working = content.tasks.iter().filter(|task| task.head.state == TaskState::Working);
    assert_eq!(
        store.claim_any(HELD, 100).await.expect("the simulated store answers").len(),
        working.count(),
        "{place}"
    );
    store.close().await;
    has_failed
}

async fn fail_everywhere(fault: Fault) {
    let expected = expected().await;
    let mut failed = 0;
    while run(failed + 1, fault, &expected).await {
        failed += 1;
    }
    assert!(failed > 200, "the script has {failed} operations only");
}

#[tokio::test]
async fn a_write_that_fails_once_loses_nothing() {
    fail_everywhere(Fault::Once).await;
}

#[tokio::test]
async fn a_crash_at_any_write_loses_nothing_that_was_answered() {
    fail_everywhere(Fault::Crash).await;
}

#[tokio::test]
async fn a_power_cut_at_any_write_loses_nothing_that_was_answered() {
    fail_everywhere(Fault::PowerCut).await;
}
