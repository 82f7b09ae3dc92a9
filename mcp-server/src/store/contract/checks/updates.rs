//! Changes of tasks.

use std::sync::Arc;

use bytes::Bytes;

use super::support::{LONG, NOW, create, handle, head, load, race, read, set_state, update};
use crate::store::contract::fixture::StoreFixture;
use crate::store::task::{TaskState, TaskStore, TaskUpdate, UpdateOutcome};

/// An update that names another version than the present one changes nothing.
pub async fn an_update_of_another_version_is_refused<F: StoreFixture<Store: TaskStore>>(
    fixture: &F,
) {
    let store = fixture.open().await;
    let second = fixture.open_second(&store).await;
    create(&store, head("task")).await;
    let old = read(&store, "task").await;
    let outcome = store.update("task", TaskUpdate::of(&old, NOW + 5)).await;
    assert_eq!(outcome.expect("the update is answered"), UpdateOutcome::Applied(2));
    let before = load(&second, "task").await;
    assert_eq!((before.head.version, before.head.updated_at), (2, NOW + 5));
    for version in [0, 1, 3, u64::MAX] {
        let mut update = TaskUpdate::of(&old, NOW + 9);
        update.version = version;
        update.state = TaskState::Completed;
        update.append = vec![Bytes::from_static(b"entry")];
        update.detail = Some(Bytes::from_static(b"detail"));
        update.outcome = Some(Bytes::from_static(b"outcome"));
        let outcome = second.update("task", update).await.expect("the update is answered");
        assert_eq!(outcome, UpdateOutcome::Conflict, "version {version}");
    }
    assert_eq!(load(&store, "task").await, before);
}

/// A terminal task refuses every update: of its version and of others, with its fence and others.
pub async fn a_terminal_task_never_changes<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    for terminal in TaskState::ALL.into_iter().filter(|state| state.is_terminal()) {
        let store = fixture.open().await;
        create(&store, head("task")).await;
        let outcome = update(&store, "task", |update| {
            update.state = terminal;
            update.outcome = Some(Bytes::from_static(b"first"));
        });
        assert_eq!(outcome.await, UpdateOutcome::Applied(2));
        let before = load(&store, "task").await;
        for state in TaskState::ALL {
            for (version, fence) in [(2, None), (1, None), (2, Some(0)), (2, Some(9))] {
                let mut update = TaskUpdate::of(&before.head, NOW + 9);
                (update.state, update.version, update.fence) = (state, version, fence);
                update.expires_at = Some(NOW);
                update.append = vec![Bytes::from_static(b"entry")];
                update.outcome = Some(Bytes::from_static(b"second"));
                let outcome = store.update("task", update).await.expect("the update is answered");
                assert_eq!(outcome, UpdateOutcome::Ended, "{terminal:?} to {state:?}");
            }
        }
        assert_eq!(load(&store, "task").await, before);
        assert_eq!(store.claim("task", LONG).await.expect("the claim is answered"), None);
        let swept = store.sweep(u64::MAX >> 11, 9).await.expect("the sweep is answered");
        assert!(swept.is_empty(), "a refused update has changed the expiry");
    }
}

/// `None` keeps the detail and the outcome. The expiry is always set.
pub async fn an_update_keeps_what_it_does_not_name<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    let mut new = head("task");
    new.detail = Bytes::from_static(b"one");
    new.expires_at = Some(NOW + 1);
    create(&store, new).await;
    update(&store, "task", |_| ()).await;
    assert_eq!(read(&store, "task").await.detail, "one");
    assert_eq!(read(&store, "task").await.expires_at, Some(NOW + 1));
    update(&store, "task", |update| update.outcome = Some(Bytes::from_static(b"early"))).await;
    update(&store, "task", |update| {
        update.detail = Some(Bytes::from_static(b"two"));
        update.expires_at = None;
    })
    .await;
    let changed = read(&store, "task").await;
    assert_eq!((changed.version, changed.expires_at), (4, None));
    assert_eq!(changed.detail, "two");
    assert_eq!(changed.outcome.as_deref(), Some(&b"early"[..]));
    update(&store, "task", |update| {
        update.detail = Some(Bytes::new());
        update.outcome = Some(Bytes::new());
    })
    .await;
    let changed = read(&store, "task").await;
    assert_eq!((changed.detail, changed.outcome), (Bytes::new(), Some(Bytes::new())));
    assert_eq!(load(&store, "task").await.call, "call");
}

/// An update of a task that does not exist, or not any more, does nothing.
pub async fn an_update_of_an_unknown_task_finds_none<F: StoreFixture<Store: TaskStore>>(
    fixture: &F,
) {
    let store = fixture.open().await;
    let unknown = TaskUpdate::of(&head("task"), NOW);
    let outcome = store.update("task", unknown.clone()).await.expect("the update is answered");
    assert_eq!(outcome, UpdateOutcome::Missing);
    let mut expiring = head("task");
    expiring.expires_at = Some(NOW);
    create(&store, expiring).await;
    set_state(&store, "task", TaskState::InputRequired).await;
    assert_eq!(store.sweep(NOW, 1).await.expect("the sweep is answered").len(), 1);
    let outcome = store.update("task", unknown).await.expect("the update is answered");
    assert_eq!(outcome, UpdateOutcome::Missing);
    assert_eq!(store.load("task").await.expect("the task is read"), None);
}

/// Of racing updates of one version, one applies, and the others conflict.
pub async fn of_64_updates_of_one_version_one_applies<F: StoreFixture<Store: TaskStore>>(
    fixture: &F,
) {
    let store = fixture.open().await;
    let second = fixture.open_second(&store).await;
    let handles = [Arc::new(store), Arc::new(second)];
    create(&*handles[0], head("task")).await;
    let old = read(&*handles[0], "task").await;
    let outcomes = race(|number| {
        let (store, mut update) = (handle(&handles, number), TaskUpdate::of(&old, NOW + number));
        update.append = vec![Bytes::copy_from_slice(&number.to_le_bytes())];
        async move { store.update("task", update).await.expect("the update is answered") }
    });
    let outcomes = outcomes.await;
    let applied: Vec<_> = (0..)
        .zip(&outcomes)
        .filter(|(_, outcome)| **outcome == UpdateOutcome::Applied(2))
        .collect();
    let [(winner, _)] = applied[..] else { panic!("not one update was applied: {outcomes:?}") };
    let conflicts = outcomes.iter().filter(|outcome| **outcome == UpdateOutcome::Conflict);
    assert_eq!(conflicts.count(), outcomes.len() - 1);
    let record = load(&*handles[1], "task").await;
    assert_eq!((record.head.version, record.head.updated_at), (2, NOW + winner));
    assert_eq!(record.journal, [Bytes::copy_from_slice(&winner.to_le_bytes())]);
}
