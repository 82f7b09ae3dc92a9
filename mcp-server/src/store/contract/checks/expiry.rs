//! Deletion of tasks.

use std::sync::Arc;

use super::support::{
    LONG, NOW, QUOTA, create, handle, head, load, race, read, set_state, task, update,
};
use crate::store::contract::fixture::StoreFixture;
use crate::store::task::{TaskHead, TaskRecord, TaskState, TaskStore, TaskUpdate};

fn expiring(id: &str, expires_at: Option<u64>) -> TaskHead {
    let mut head = head(id);
    head.expires_at = expires_at;
    head
}

async fn sweep(store: &impl TaskStore, now: u64, max: usize) -> Vec<String> {
    let ids = store.sweep(now, max).await.expect("the sweep is answered");
    let mut ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
    ids.sort_unstable();
    ids
}

/// A sweep deletes the tasks whose time has come, in any state and with a lease, and no others.
pub async fn a_task_is_deleted_at_its_time_and_not_before<F: StoreFixture<Store: TaskStore>>(
    fixture: &F,
) {
    let store = fixture.open().await;
    let second = fixture.open_second(&store).await;
    assert_eq!(sweep(&store, NOW, 9).await, Vec::<String>::new());
    for state in TaskState::ALL {
        let mut head = expiring(state.as_str(), Some(NOW + 1));
        head.state = state;
        create(&store, head).await;
    }
    create(&store, expiring("later", Some(NOW + 2))).await;
    create(&store, expiring("never", None)).await;
    assert!(store.claim("working", LONG).await.expect("the claim is answered").is_some());
    assert_eq!(sweep(&second, NOW, 9).await, Vec::<String>::new());
    let mut all: Vec<_> = TaskState::ALL.iter().map(|state| state.as_str()).collect();
    all.sort_unstable();
    assert_eq!(sweep(&second, NOW + 1, 9).await, all);
    for id in all {
        assert_eq!(store.head(id).await.expect("the head is read"), None);
        assert_eq!(store.load(id).await.expect("the task is read"), None);
    }
    assert_eq!(sweep(&store, NOW + 1_000, 9).await, ["later"]);
    assert_eq!(sweep(&store, (1 << 53) - 1, 9).await, Vec::<String>::new());
    assert_eq!(read(&store, "never").await.expires_at, None);
}

/// A sweep deletes at most as many tasks as it may, those first that have expired first.
pub async fn a_sweep_deletes_at_most_its_maximum<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    for (number, id) in (0..).zip(["c", "a", "e", "d", "b"]) {
        create(&store, expiring(id, Some(NOW + number))).await;
    }
    assert_eq!(sweep(&store, NOW + 9, 0).await, Vec::<String>::new());
    assert_eq!(sweep(&store, NOW + 9, 2).await, ["a", "c"]);
    assert_eq!(sweep(&store, NOW + 9, 2).await, ["d", "e"]);
    assert_eq!(sweep(&store, NOW + 9, 2).await, ["b"]);
    assert_eq!(sweep(&store, NOW + 9, usize::MAX).await, Vec::<String>::new());
}

/// The expiry that an update sets replaces the previous one: earlier, later, or never.
pub async fn a_changed_expiry_is_honoured<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    let changes = [
        ("earlier", Some(NOW + 100), Some(NOW + 1)),
        ("later", Some(NOW + 1), Some(NOW + 100)),
        ("never", Some(NOW + 1), None),
        ("now", None, Some(NOW + 1)),
        ("same", Some(NOW + 1), Some(NOW + 1)),
    ];
    for (id, before, after) in changes {
        create(&store, expiring(id, before)).await;
        update(&store, id, |update| update.expires_at = after).await;
        assert_eq!(read(&store, id).await.expires_at, after);
    }
    assert_eq!(sweep(&store, NOW + 1, 9).await, ["earlier", "now", "same"]);
    assert_eq!(sweep(&store, NOW + 99, 9).await, Vec::<String>::new());
    assert_eq!(sweep(&store, NOW + 100, 9).await, ["later"]);
    assert_eq!(sweep(&store, NOW + 1_000, 9).await, Vec::<String>::new());
}

/// A task that is created with the id of a deleted one has nothing of it: no journal, no outcome,
/// no lease, no fence, no expiry, no other owner.
pub async fn a_deleted_task_leaves_nothing_behind<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    let record = TaskRecord::new(expiring("task", Some(NOW)), "old".into(), vec!["old".into()]);
    let new = crate::store::task::NewTask::new(record).leased(LONG);
    store.create(new, QUOTA).await.expect("the task is created");
    update(&store, "task", |update| {
        update.append = vec!["old".into(), "old".into()];
        update.outcome = Some("old".into());
        update.detail = Some("old".into());
    })
    .await;
    assert_eq!(sweep(&store, NOW, 9).await, ["task"]);
    assert_eq!(store.claim("task", LONG).await.expect("the claim is answered"), None);
    assert_eq!(store.claim_any(LONG, 9).await.expect("the claim is answered"), []);

    let again = task(TaskHead::new("task", "another", NOW + 1));
    store.create(again.clone(), QUOTA).await.expect("the id can be used again");
    assert_eq!(load(&store, "task").await, again.record);
    assert_eq!(sweep(&store, NOW + 1_000, 9).await, Vec::<String>::new());
    assert_eq!(store.list("owner", None, 9).await.expect("a list").tasks, []);
    assert_eq!(store.list("another", None, 9).await.expect("a list").tasks.len(), 1);
    let lease = store.claim("task", LONG).await.expect("the claim is answered");
    assert_eq!(lease.map(|lease| lease.fence), Some(1));
    set_state(&store, "task", TaskState::Completed).await;
}

/// Racing sweeps report each task once, while others write to the tasks.
pub async fn racing_sweeps_delete_each_task_once<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    let second = fixture.open_second(&store).await;
    let handles = [Arc::new(store), Arc::new(second)];
    let mut heads = Vec::new();
    for number in 0..40 {
        heads.push(expiring(&format!("task-{number:02}"), Some(NOW)));
        create(&*handles[0], heads[number].clone()).await;
    }
    let swept = race(|number| {
        let store = handle(&handles, number);
        let head = heads.get(number as usize).cloned();
        async move {
            if let Some(head) = head {
                let write = store.update(&head.id, TaskUpdate::of(&head, NOW + 1)).await;
                write.expect("the update is answered");
            }
            sweep(&*store, NOW, 3).await
        }
    });
    let mut swept: Vec<_> = swept.await.into_iter().flatten().collect();
    swept.sort_unstable();
    let expected: Vec<_> = heads.iter().map(|head| head.id.to_string()).collect();
    assert_eq!(swept, expected);
}
