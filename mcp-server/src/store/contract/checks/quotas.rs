//! Limits on the number of tasks.

use std::sync::Arc;

use super::support::{NOW, RACERS, assert_full, create, handle, race, set_state, task};
use crate::store::contract::fixture::StoreFixture;
use crate::store::task::{NewTask, StoreError, TaskHead, TaskQuota, TaskState, TaskStore};

fn of(owner: &str, number: u64) -> NewTask {
    task(TaskHead::new(format!("{owner}-{number}"), owner, NOW))
}

/// As many tasks are accepted as the quota allows, and again as many when some were deleted.
/// Terminal tasks count.
pub async fn the_quota_of_all_tasks_is_exact<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    let quota = TaskQuota::new(5, 100);
    for number in 0..5 {
        let mut new = of(&format!("owner-{}", number % 3), number);
        new.record.head.expires_at = (number < 2).then_some(NOW);
        store.create(new, quota).await.expect("the task is created");
    }
    set_state(&store, "owner-0-3", TaskState::Completed).await;
    assert_full(store.create(of("owner-9", 5), quota).await, "max_tasks", 5);
    assert_eq!(store.head("owner-9-5").await.expect("the head is read"), None);
    assert_eq!(store.sweep(NOW, 9).await.expect("the sweep is answered").len(), 2);
    for number in 6..8 {
        store.create(of("owner-9", number), quota).await.expect("the task is created");
    }
    assert_full(store.create(of("owner-9", 8), quota).await, "max_tasks", 5);
    store.create(of("owner-9", 8), TaskQuota::new(6, 100)).await.expect("a larger quota");
    assert_full(store.create(of("owner-9", 9), TaskQuota::new(0, 0)).await, "max_tasks", 0);
}

/// The same for the tasks of one owner. The tasks of others do not count.
pub async fn the_quota_of_an_owner_is_exact<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    let quota = TaskQuota::new(100, 3);
    for number in 0..3 {
        let mut new = of("one", number);
        new.record.head.expires_at = (number == 0).then_some(NOW);
        store.create(new, quota).await.expect("the task is created");
    }
    assert_full(store.create(of("one", 3), quota).await, "max_tasks_per_owner", 3);
    create(&store, TaskHead::new("another", "two", NOW)).await;
    store.create(of("two", 0), quota).await.expect("a task of another owner");
    assert_eq!(store.sweep(NOW, 9).await.expect("the sweep is answered").len(), 1);
    store.create(of("one", 3), quota).await.expect("a task in place of a deleted one");
    assert_full(store.create(of("one", 4), quota).await, "max_tasks_per_owner", 3);
}

/// Racing creators do not exceed a quota, and are not refused below it.
pub async fn quotas_are_exact_under_64_creators<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let quotas = [(TaskQuota::new(20, 100), 20), (TaskQuota::new(100, 11), 22)];
    for (quota, expected) in quotas {
        let store = fixture.open().await;
        let second = fixture.open_second(&store).await;
        let handles = [Arc::new(store), Arc::new(second)];
        let results = race(|number| {
            let store = handle(&handles, number);
            // Both owners use both handles.
            let owner = if number % 4 < 2 { "one" } else { "two" };
            async move { store.create(of(owner, number), quota).await }
        });
        let (created, refused): (Vec<_>, Vec<_>) =
            results.await.into_iter().partition(Result::is_ok);
        assert_eq!(created.len(), expected, "with {quota:?}");
        assert_eq!(refused.len(), RACERS as usize - expected);
        let is_full = |result: &Result<(), _>| matches!(result, Err(StoreError::Full { .. }));
        assert!(refused.iter().all(is_full), "refused otherwise than by the quota: {refused:?}");
        let mut stored = 0;
        for owner in ["one", "two"] {
            let page = handles[0].list(owner, None, 100).await.expect("the list is read");
            stored += page.tasks.len();
        }
        assert_eq!(stored, expected);
    }
}
