//! Lists of the tasks of an owner.

use super::support::{NOW, create, read, set_state, update};
use crate::store::contract::fixture::StoreFixture;
use crate::store::task::{StoreError, TaskHead, TaskPage, TaskState, TaskStore};

async fn page(store: &impl TaskStore, owner: &str, after: Option<&str>, max: usize) -> TaskPage {
    store.list(owner, after, max).await.expect("the list is read")
}

async fn ids(store: &impl TaskStore, owner: &str, max: usize) -> Vec<String> {
    let mut ids = Vec::new();
    let mut after = None;
    loop {
        let page = page(store, owner, after.as_deref(), max).await;
        assert!(page.tasks.len() <= max, "a page has more than {max} tasks");
        assert!(page.next.is_none() || !page.tasks.is_empty(), "an empty page has a next one");
        ids.extend(page.tasks.iter().map(|head| head.id.to_string()));
        after = page.next;
        if after.is_none() {
            return ids;
        }
    }
}

/// A list has the tasks of its owner, and never those of another one, even with a position of that
/// one's list.
pub async fn a_list_has_the_tasks_of_its_owner_only<F: StoreFixture<Store: TaskStore>>(
    fixture: &F,
) {
    let store = fixture.open().await;
    // Owners that begin or end alike.
    let owners = ["a", "ab", "b", "a-", "a\0", "A"];
    for number in 0..4 {
        for owner in owners {
            let id = format!("{owner}/{number}");
            create(&store, TaskHead::new(id, owner, NOW + number)).await;
        }
    }
    let foreign = page(&store, "b", None, 1).await.next.expect("a position");
    for owner in owners {
        let expected: Vec<_> = (0..4).map(|number| format!("{owner}/{number}")).collect();
        assert_eq!(ids(&store, owner, 3).await, expected);
        let rest = page(&store, owner, Some(&foreign), 100).await;
        assert!(rest.tasks.iter().all(|head| *head.owner == *owner), "a task of another owner");
    }
    assert_eq!(page(&store, "unknown", None, 5).await, TaskPage::new(vec![], None));
    assert_eq!(page(&store, "", None, 5).await, TaskPage::new(vec![], None));
}

/// A list is in the order of creation, whatever the ids and the order of changes. Its heads are the
/// present ones. The last page has no position.
pub async fn a_list_is_read_in_pages_oldest_first<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    let mut expected = Vec::new();
    for number in [5_u64, 3, 9, 1, 7, 0, 2, 8, 6, 4] {
        // Times with different numbers of digits.
        let time = 10_u64.pow(u32::try_from(number).unwrap_or(0));
        let id = format!("task-{}", 9 - number);
        create(&store, TaskHead::new(&*id, "owner", time)).await;
        expected.push((time, id));
    }
    expected.sort_unstable();
    let expected: Vec<_> = expected.into_iter().map(|(_, id)| id).collect();
    set_state(&store, "task-5", TaskState::Completed).await;
    for max in [1, 3, 5, 10, 11, usize::MAX] {
        assert_eq!(ids(&store, "owner", max).await, expected, "in pages of {max}");
    }
    let whole = page(&store, "owner", None, 10).await;
    assert_eq!(whole.next, None, "the last page has a position");
    let changed = whole.tasks.iter().find(|head| *head.id == *"task-5");
    assert_eq!(changed, Some(&read(&store, "task-5").await));
    assert_eq!(page(&store, "owner", None, 0).await.tasks.len(), 1, "a page of at least one task");
}

/// Outcomes, which may be large, are neither in lists nor in the status of a task.
pub async fn a_list_and_a_status_have_no_outcomes<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    create(&store, TaskHead::new("task", "owner", NOW)).await;
    update(&store, "task", |update| {
        update.state = TaskState::Completed;
        update.outcome = Some("outcome".into());
        update.detail = Some("detail".into());
        update.expires_at = Some(NOW + 1);
    })
    .await;
    let head = read(&store, "task").await;
    assert_eq!(head.outcome.as_deref(), Some(b"outcome".as_ref()));
    let expected = head.without_outcome();
    assert_eq!(page(&store, "owner", None, 5).await.tasks, std::slice::from_ref(&expected));
    assert_eq!(store.status("task").await.expect("the status is read"), Some(expected));
    assert_eq!(store.status("unknown").await.expect("the status is read"), None);
}

/// A task that is there during the whole time is listed once, while others are created and
/// deleted, also the one before the position.
pub async fn pages_are_stable_under_new_and_deleted_tasks<F: StoreFixture<Store: TaskStore>>(
    fixture: &F,
) {
    let store = fixture.open().await;
    for number in 0..20 {
        let mut head = TaskHead::new(format!("task-{number:02}"), "owner", NOW + number * 10);
        head.expires_at = (number % 2 == 1).then_some(NOW + number);
        create(&store, head).await;
    }
    let mut listed = Vec::new();
    let mut after = None;
    for round in 0.. {
        let page = page(&store, "owner", after.as_deref(), 4).await;
        listed.extend(page.tasks.iter().map(|head| head.id.to_string()));
        after = page.next;
        if after.is_none() {
            break;
        }
        // Deletes tasks before and at the position, and creates one before and one behind it.
        let last = page.tasks.last().map_or(0, |head| (head.created_at - NOW) / 10);
        store.sweep(NOW + last, 100).await.expect("the sweep is answered");
        create(&store, TaskHead::new(format!("before-{round}"), "owner", NOW - 1)).await;
        create(&store, TaskHead::new(format!("behind-{round}"), "owner", NOW + 1_000)).await;
    }
    let stays = |id: &String| {
        id.strip_prefix("task-").is_some_and(|n| n.parse().is_ok_and(|n: u64| n.is_multiple_of(2)))
    };
    let stayed: Vec<_> = listed.iter().filter(|id| stays(id)).cloned().collect();
    let expected: Vec<_> = (0..20).step_by(2).map(|number| format!("task-{number:02}")).collect();
    assert_eq!(stayed, expected, "tasks that were there all the time");
    let mut once = listed.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), listed.len(), "a task was listed twice: {listed:?}");
    assert!(!listed.iter().any(|id| id.starts_with("before-")), "a task before the position");
}

/// Tasks that were created in the same millisecond are all listed, each once.
pub async fn tasks_of_the_same_time_are_all_listed<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    let mut expected: Vec<_> = (0..30).map(|number| format!("task-{number}")).collect();
    for id in &expected {
        create(&store, TaskHead::new(&**id, "owner", NOW)).await;
    }
    expected.sort_unstable();
    for max in [1, 4, 30] {
        let mut ids = ids(&store, "owner", max).await;
        ids.sort_unstable();
        assert_eq!(ids, expected, "in pages of {max}");
    }
}

/// A text that is not a position of a list is an error.
pub async fn a_position_that_is_not_one_is_refused<F: StoreFixture<Store: TaskStore>>(fixture: &F) {
    let store = fixture.open().await;
    create(&store, TaskHead::new("task", "owner", NOW)).await;
    for owner in ["owner", "unknown"] {
        for text in ["", "-", "nonsense", "\0", "x-task", "99999999999999999999999-task", "日本"]
        {
            let list = store.list(owner, Some(text), 5).await;
            let is_invalid = matches!(list, Err(StoreError::Invalid(_)));
            assert!(is_invalid, "the position {text:?} was accepted: {list:?}");
        }
    }
}
