//! What executions record.

use std::sync::Arc;

use bytes::Bytes;

use super::support::{NOW, RACERS, create, handle, head, load, race, read, update};
use crate::store::contract::fixture::StoreFixture;
use crate::store::task::{TaskStore, TaskUpdate, UpdateOutcome};

fn entry(number: usize) -> Bytes {
    Bytes::from(format!("entry {number}"))
}

/// Entries are returned in the order in which they were appended, over many updates.
pub async fn entries_keep_their_order<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    create(&store, head("task")).await;
    create(&store, head("task-2")).await;
    let mut expected = Vec::new();
    for length in [1, 0, 2, 300, 1, 15, 0, 1] {
        let added: Vec<_> = (expected.len()..).map(entry).take(length).collect();
        expected.extend(added.clone());
        let outcome = update(&store, "task", |update| update.append = added);
        assert!(matches!(outcome.await, UpdateOutcome::Applied(_)));
        assert_eq!(load(&store, "task").await.journal, expected);
    }
    assert_eq!(load(&store, "task-2").await.journal, Vec::<Bytes>::new());
}

/// Writers that repeat their append after a conflict lose nothing and duplicate nothing.
pub async fn no_entry_is_lost_under_racing_writers<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    let second = fixture.open_second(&store).await;
    let handles = [Arc::new(store), Arc::new(second)];
    create(&*handles[0], head("task")).await;
    let versions = race(|number| {
        let store = handle(&handles, number);
        async move {
            loop {
                let mut update = TaskUpdate::of(&read(&*store, "task").await, NOW);
                update.append = vec![entry(number as usize)];
                match store.update("task", update).await.expect("the update is answered") {
                    UpdateOutcome::Applied(version) => return (version, entry(number as usize)),
                    UpdateOutcome::Conflict => {}
                    other => panic!("unexpected outcome {other:?}"),
                }
            }
        }
    });
    let mut versions = versions.await;
    versions.sort_unstable();
    let (versions, entries): (Vec<_>, Vec<_>) = versions.into_iter().unzip();
    assert_eq!(versions, (2..=RACERS + 1).collect::<Vec<_>>());
    assert_eq!(load(&*handles[0], "task").await.journal, entries);
}
