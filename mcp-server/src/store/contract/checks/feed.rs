//! The feed of changes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;

use super::support::{
    LONG, NOW, QUOTA, RACERS, create, handle, head, race, read, set_state, soon, task, update,
};
use crate::store::contract::fixture::StoreFixture;
use crate::store::task::{TaskChange, TaskHead, TaskState, TaskStore, TaskUpdate, UpdateOutcome};

/// The id of the task that ends what a check reads.
const END: &str = "end of the check";

/// The time after which another task is created to see whether a feed has begun.
const PROBE_TIMEOUT: Duration = Duration::from_millis(200);

fn changed(id: &str, version: u64, state: TaskState) -> TaskChange {
    TaskChange::Changed { id: id.into(), version, state }
}

/// Returns the changes before that of the task [`END`]. `None` if the store reports that it has
/// missed some.
async fn until_end(changes: &mut BoxStream<'static, TaskChange>) -> Option<Vec<TaskChange>> {
    let mut read = Vec::new();
    let mut has_missed = false;
    loop {
        let change = soon("the change is reported", changes.next()).await;
        match change.expect("a feed does not end") {
            TaskChange::Missed => has_missed = true,
            TaskChange::Changed { id, .. } if *id == *END => {
                return (!has_missed).then_some(read);
            }
            change => read.push(change),
        }
    }
}

/// Creations, changes and deletions are reported once, in order, by each feed of every handle. A
/// claim is not a change.
pub async fn every_change_is_reported<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    let second = fixture.open_second(&store).await;
    create(&store, head("before")).await;
    let mut feeds = [store.changes(), second.changes(), second.changes()];
    for (label, feed) in ["first", "second", "third"].into_iter().zip(&mut feeds) {
        begin(&store, feed, label).await;
    }
    let mut new = head("task");
    new.expires_at = Some(NOW);
    create(&store, new).await;
    let lease = store.claim("task", LONG).await.expect("the claim is answered").expect("a lease");
    store.renew(&[lease], LONG).await.expect("the renewal is answered");
    update(&second, "task", |_| ()).await;
    set_state(&store, "task", TaskState::Completed).await;
    assert_eq!(store.sweep(NOW, 9).await.expect("the sweep is answered").len(), 1);
    update(&second, "before", |_| ()).await;
    create(&store, head(END)).await;
    let expected = [
        changed("task", 1, TaskState::Working),
        changed("task", 2, TaskState::Working),
        changed("task", 3, TaskState::Completed),
        TaskChange::Removed { id: "task".into() },
        changed("before", 2, TaskState::Working),
    ];
    for feed in &mut feeds {
        let read = until_end(feed).await.expect("a feed that is read misses nothing");
        let read: Vec<_> = read.into_iter().filter(is_not_a_probe).collect();
        assert_eq!(read, expected);
    }
}

fn is_not_a_probe(change: &TaskChange) -> bool {
    !matches!(change, TaskChange::Changed { id, .. } if id.starts_with("probe"))
}

/// Creates tasks until the feed reports one: a feed may begin a moment after it was asked for.
async fn begin(store: &impl TaskStore, feed: &mut BoxStream<'static, TaskChange>, label: &str) {
    for number in 0.. {
        let id = format!("probe {label} {number}");
        create(store, head(&id)).await;
        let reported = tokio::time::timeout(PROBE_TIMEOUT, async {
            while feed.next().await.expect("a feed does not end")
                != changed(&id, 1, TaskState::Working)
            {}
        });
        if reported.await.is_ok() {
            return;
        }
        assert!(number < 50, "the feed reports nothing");
    }
}

/// What was refused is not reported.
pub async fn refused_changes_are_not_reported<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    create(&store, head("task")).await;
    set_state(&store, "task", TaskState::Completed).await;
    create(&store, head("working")).await;
    let mut feed = store.changes();
    begin(&store, &mut feed, "only").await;
    assert!(store.create(task(head("task")), QUOTA).await.is_err());
    assert_eq!(update(&store, "task", |_| ()).await, UpdateOutcome::Ended);
    let stale = update(&store, "working", |update| update.version = 7).await;
    assert_eq!(stale, UpdateOutcome::Conflict);
    let fenced = update(&store, "working", |update| update.fence = Some(7)).await;
    assert_eq!(fenced, UpdateOutcome::Fenced);
    assert_eq!(store.sweep(NOW, 9).await.expect("the sweep is answered").len(), 0);
    create(&store, head(END)).await;
    assert_eq!(until_end(&mut feed).await, Some(vec![]));
}

/// The changes of one task are reported in the order of its versions, by any writer; the
/// deletion is last.
pub async fn changes_of_racing_writers_are_in_order<F: StoreFixture<Store: TaskStore>>(
    fixture: &F,
) {
    let store = fixture.open().await;
    let second = fixture.open_second(&store).await;
    let handles = [Arc::new(store), Arc::new(second)];
    let mut feed = handles[0].changes();
    begin(&*handles[0], &mut feed, "only").await;
    race(|number| {
        let store = handle(&handles, number);
        async move {
            // Eight writers for each task.
            let mut head = TaskHead::new(format!("task-{}", number / 8), "owner", NOW);
            head.expires_at = Some(NOW);
            // One of them creates it.
            drop(store.create(task(head.clone()), QUOTA).await);
            for _ in 0..4 {
                loop {
                    let update = TaskUpdate::of(&read(&*store, &head.id).await, NOW);
                    let outcome = store.update(&head.id, update).await;
                    match outcome.expect("the update is answered") {
                        UpdateOutcome::Applied(_) => break,
                        UpdateOutcome::Conflict => {}
                        other => panic!("unexpected outcome {other:?}"),
                    }
                }
            }
        }
    })
    .await;
    let swept = handles[1].sweep(NOW, 1_000).await.expect("the sweep is answered");
    assert_eq!(swept.len() as u64, RACERS / 8);
    create(&*handles[0], head(END)).await;
    let Some(read) = until_end(&mut feed).await else { return };
    let mut versions: HashMap<Arc<str>, u64> = HashMap::new();
    for change in read {
        match change {
            TaskChange::Changed { id, version, .. } => {
                let last = versions.insert(Arc::clone(&id), version).unwrap_or(0);
                assert_eq!(version, last + 1, "the versions of {id}");
            }
            TaskChange::Removed { id } => {
                assert_eq!(versions.remove(&id), Some(1 + 8 * 4), "the last version of {id}");
            }
            TaskChange::Missed => unreachable!("excluded by the caller"),
        }
    }
    assert!(versions.is_empty(), "deletions that were not reported: {versions:?}");
}

/// A feed that is not read does not hold up the store. When it is read, it has every change, or
/// reports that it has missed some, and continues.
pub async fn a_slow_reader_learns_that_it_missed_changes<F: StoreFixture<Store: TaskStore>>(
    fixture: &F,
) {
    let store = fixture.open().await;
    let second = fixture.open_second(&store).await;
    let handles = [Arc::new(store), Arc::new(second)];
    let mut feed = handles[0].changes();
    begin(&*handles[0], &mut feed, "only").await;
    let tasks = race(|number| {
        let store = handle(&handles, number);
        async move {
            let ids = (0..50).map(|task| format!("task-{number}-{task}"));
            for id in ids.clone() {
                create(&*store, head(&id)).await;
            }
            ids.collect::<Vec<_>>()
        }
    });
    let mut tasks = tasks.await.concat();
    create(&*handles[0], head(END)).await;
    if let Some(read) = until_end(&mut feed).await {
        let id = |change| match change {
            TaskChange::Changed { id, version: 1, .. } => id.to_string(),
            other => panic!("{other:?} was reported"),
        };
        let mut read: Vec<_> = read.into_iter().map(id).collect();
        read.sort_unstable();
        tasks.sort_unstable();
        assert!(read == tasks, "changes are missing, and `Missed` was not reported");
    }
    update(&*handles[1], &tasks[0], |_| ()).await;
    let next = soon("the feed continues", feed.next()).await;
    assert_eq!(next, Some(changed(&tasks[0], 2, TaskState::Working)));
}
