//! Tasks that are created and read.

use std::sync::Arc;

use bytes::Bytes;

use super::support::{
    LONG, NOW, QUOTA, create, handle, head, load, race, read, set_state, task, update,
};
use crate::store::contract::fixture::StoreFixture;
use crate::store::task::{
    NewTask, StoreError, TaskHead, TaskRecord, TaskState, TaskStore, UpdateOutcome,
};

/// A task that was created is seen by all handles.
pub async fn a_created_task_is_seen_at_once<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    let second = fixture.open_second(&store).await;
    for number in 0..20 {
        let id = format!("task-{number}");
        assert_eq!(second.head(&id).await.expect("the head is read"), None);
        assert_eq!(second.load(&id).await.expect("the task is read"), None);
        create(&store, head(&id)).await;
        assert_eq!(read(&second, &id).await, head(&id));
        let page = second.list("owner", None, 100).await.expect("the list is read");
        assert_eq!(page.tasks.len(), number + 1, "the list lacks a task that was created");
    }
}

/// An id is used once, by any owner, even when a quota is reached.
pub async fn a_second_task_with_the_same_id_is_refused<F: StoreFixture<Store: TaskStore>>(
    fixture: &F,
) {
    let store = fixture.open().await;
    create(&store, head("task")).await;
    set_state(&store, "task", TaskState::Completed).await;
    let before = load(&store, "task").await;
    let reached = crate::store::task::TaskQuota::new(1, 1);
    for (owner, quota) in [("owner", QUOTA), ("another owner", QUOTA), ("owner", reached)] {
        let again = store.create(task(TaskHead::new("task", owner, NOW)), quota).await;
        assert!(matches!(again, Err(StoreError::Exists)), "expected `Exists`, got {again:?}");
    }
    assert_eq!(load(&store, "task").await, before);
    assert_eq!(store.list("another owner", None, 9).await.expect("a list").tasks, []);
}

/// Of racing creators of one id, one succeeds, and its task is stored.
pub async fn of_64_creators_of_one_id_one_succeeds<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    let second = fixture.open_second(&store).await;
    let handles = [Arc::new(store), Arc::new(second)];
    let created = race(|number| {
        let store = handle(&handles, number);
        let head = TaskHead::new("task", format!("owner-{number}"), NOW);
        async move { store.create(task(head), QUOTA).await.is_ok().then_some(number) }
    });
    let created: Vec<_> = created.await.into_iter().flatten().collect();
    let [winner] = created[..] else { panic!("not one creator has succeeded: {created:?}") };
    assert_eq!(*read(&*handles[0], "task").await.owner, *format!("owner-{winner}"));
}

/// The call, the detail, the outcome and the entries of the journal may have a mebibyte each, and
/// any bytes.
pub async fn blobs_of_a_mebibyte_survive<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let blob = |salt: usize| -> Bytes {
        (0..1 << 20).map(|i: usize| (i * 31 + (i >> 8) + salt).to_le_bytes()[0]).collect()
    };
    let store = fixture.open().await;
    let mut large = head("task");
    large.detail = blob(1);
    let record = TaskRecord::new(large, blob(2), vec![blob(3), Bytes::new()]);
    store.create(NewTask::new(record.clone()), QUOTA).await.expect("the task is created");
    assert!(load(&store, "task").await == record, "a large blob has changed");
    let outcome = update(&store, "task", |update| {
        update.append = vec![blob(4), blob(5)];
        update.outcome = Some(blob(6));
        update.detail = Some(blob(7));
        update.state = TaskState::Completed;
    });
    assert_eq!(outcome.await, UpdateOutcome::Applied(2));
    let record = load(&store, "task").await;
    assert!(record.journal == [blob(3), Bytes::new(), blob(4), blob(5)], "the journal is wrong");
    assert!(record.head.detail == blob(7), "the detail is wrong");
    assert!(record.head.outcome == Some(blob(6)), "the outcome is wrong");
    assert!(record.call == blob(2), "the call is wrong");
    assert!(read(&store, "task").await == record.head, "the heads differ");
}

/// Ids and owners may be any text: with separators, control characters, any script, and empty.
pub async fn ids_and_owners_may_be_any_text<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let texts = [
        "",
        " ",
        "a",
        "a-b",
        "a:b",
        "a/b",
        "a*",
        "{a}",
        "a\"b\\c",
        "a\nb\r\0c",
        "ä",
        "日本語",
        "\u{1f980}",
        "\u{feff}\u{202e}",
        "e\u{301}",
        "\u{e9}",
        "A",
        "1-2",
        "%00",
        "'; --",
        "[a]",
        "\u{10ffff}",
    ];
    let store = fixture.open().await;
    for owner in texts {
        for id in texts {
            let id = format!("{owner}\u{1}{id}");
            create(&store, TaskHead::new(id, owner, NOW)).await;
        }
    }
    for id in texts {
        create(&store, TaskHead::new(id, "ids", NOW)).await;
    }
    for owner in texts {
        let mut ids = Vec::new();
        let mut after = None;
        loop {
            let page = store.list(owner, after.as_deref(), 5).await.expect("the list is read");
            ids.extend(page.tasks.iter().map(|head| head.id.to_string()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let mut expected: Vec<_> = texts.iter().map(|id| format!("{owner}\u{1}{id}")).collect();
        expected.sort_unstable();
        ids.sort_unstable();
        assert_eq!(ids, expected, "the tasks of the owner {owner:?}");
    }
    for id in texts {
        let lease = store.claim(id, LONG).await.expect("the claim is answered");
        let lease = lease.unwrap_or_else(|| panic!("the task {id:?} cannot be claimed"));
        assert_eq!((&*lease.id, lease.fence), (id, 1));
        set_state(&store, id, TaskState::Cancelled).await;
        assert_eq!(*read(&store, id).await.id, *id);
    }
}

/// Every field of a task is stored, with its extreme values.
pub async fn every_field_survives<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    for (number, state) in TaskState::ALL.into_iter().enumerate() {
        let id = format!("task-{number}");
        let mut head = TaskHead::new(&*id, "owner", number as u64);
        head.state = state;
        head.updated_at = NOW + 7;
        head.expires_at = (number % 2 == 0).then_some((1 << 53) - 1 - number as u64);
        head.detail = Bytes::from_static(b"\0detail\xff");
        head.outcome = state.is_terminal().then(Bytes::new);
        let journal = vec![Bytes::from_static(b"first"), Bytes::new()];
        let record = TaskRecord::new(head, Bytes::new(), journal);
        let new = NewTask::new(record);
        let new = if state == TaskState::Working { new.leased(LONG) } else { new };
        let record = new.record.clone();
        store.create(new, QUOTA).await.expect("the task is created");
        assert_eq!(load(&store, &id).await, record);
        assert_eq!(read(&store, &id).await, record.head);
        let page = store.list("owner", None, 100).await.expect("the list is read");
        assert_eq!(page.tasks.last(), Some(&record.head.clone().without_outcome()));
    }
}

/// What was written before the store was closed is there when it is opened again, and working
/// tasks can be claimed when their leases have ended.
pub async fn tasks_survive_a_restart<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    for number in 0..10 {
        let mut head = head(&format!("task-{number}"));
        head.created_at += number;
        head.expires_at = Some(NOW + number);
        create(&store, head).await;
    }
    set_state(&store, "task-1", TaskState::InputRequired).await;
    let held = store.claim("task-2", LONG).await.expect("the claim is answered");
    assert_eq!(held.map(|lease| lease.fence), Some(1));
    let outcome = update(&store, "task-3", |update| {
        update.append = vec![Bytes::from_static(b"entry")];
        update.outcome = Some(Bytes::from_static(b"outcome"));
        update.state = TaskState::Failed;
    });
    assert_eq!(outcome.await, UpdateOutcome::Applied(2));
    assert_eq!(store.sweep(NOW, 9).await.expect("the sweep is answered"), [Arc::from("task-0")]);
    let mut records = Vec::new();
    for number in 1..10 {
        records.push(load(&store, &format!("task-{number}")).await);
    }
    let page = store.list("owner", None, 4).await.expect("the list is read");

    let Some(store) = fixture.reopen(store).await else { return };
    assert_eq!(store.load("task-0").await.expect("the task is read"), None);
    for record in &records {
        assert_eq!(load(&store, &record.head.id).await, *record);
    }
    assert_eq!(store.list("owner", None, 4).await.expect("the list is read"), page);
    let rest = store.list("owner", page.next.as_deref(), 9).await.expect("the list is read");
    assert_eq!(rest.tasks.len(), 5);
    let again = store.claim("task-4", LONG).await.expect("the claim is answered");
    assert_eq!(again.map(|lease| lease.fence), Some(1), "a task that was claimable");
    for id in ["task-1", "task-3"] {
        let claim = store.claim(id, LONG).await.expect("the claim is answered");
        assert_eq!(claim, None, "a task that is not working");
    }
    let swept = store.sweep(NOW + 2, 9).await.expect("the sweep is answered");
    assert_eq!(swept, ["task-1", "task-2"].map(Arc::from));
}
