//! Tasks that are created, read, changed, listed and deleted.

use bytes::Bytes;
use futures::future::join_all;
use mcp_server::store::{
    NewTask, StoreError, TaskHead, TaskQuota, TaskRecord, TaskState, TaskStore as _, TaskUpdate,
    UpdateOutcome,
};

use crate::server::{Connect as _, RedisServer};
use crate::task::{LEASE, QUOTA, append, complete, create, head, new_task};

/// A task with a value in each part, and others than ASCII characters in its names.
fn full_task(id: &str, owner: &str) -> NewTask {
    let mut head = TaskHead::new(id, owner, u64::MAX - 1);
    head.expires_at = Some(u64::MAX);
    head.detail = Bytes::from_static(b"\0\xff\r\n$5\r\n");
    head.state = TaskState::InputRequired;
    head.outcome = Some(Bytes::new());
    let journal = vec![Bytes::new(), Bytes::from(vec![0xfe; 1 << 20])];
    NewTask::new(TaskRecord::new(head, Bytes::from(vec![7; 1 << 20]), journal))
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn another_instance_reads_a_task_as_it_was_created() {
    let server = RedisServer::start();
    let (one, other) = (server.store().await, server.store().await);
    for name in ["plain", "with space", "{mcp}:meta", "\u{0}\n", "Łódź 🦀", ""] {
        let task = full_task(name, name).leased(LEASE);
        one.create(task.clone(), QUOTA).await.expect("a new task");
        let loaded = other.load(name).await.expect("an answer").expect("a task");
        assert_eq!(loaded, task.record);
        assert_eq!(head(&other, name).await, task.record.head);
        let error = other.create(task, QUOTA).await.expect_err("the task exists");
        assert!(matches!(error, StoreError::Exists), "{error}");
        let page = other.list(name, None, 10).await.expect("a page");
        let status = loaded.head.without_outcome();
        assert_eq!(other.status(name).await.expect("an answer"), Some(status.clone()));
        assert_eq!(page.tasks, [status]);
    }
    assert_eq!(one.head("unknown").await.expect("an answer"), None);
    assert_eq!(one.load("unknown").await.expect("an answer"), None);
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn quotas_are_exact_with_64_creators_at_once() {
    let server = RedisServer::start();
    let stores = [server.store().await, server.store().await];
    let attempts = (0..64).map(|index| {
        let quota = TaskQuota::new(1_000, 10);
        let store = &stores[index % 2];
        async move { store.create(new_task(&index.to_string()), quota).await }
    });
    let outcomes = join_all(attempts).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 10);
    for error in outcomes.into_iter().filter_map(Result::err) {
        let expected = StoreError::Full { limit: "max_tasks_per_owner", max: 10 };
        assert_eq!(error.to_string(), expected.to_string());
    }
    let mut task = new_task("other");
    task.record.head.owner = "grace".into();
    let error = stores[0].create(task, TaskQuota::new(10, 10)).await.expect_err("ten tasks");
    assert!(matches!(error, StoreError::Full { limit: "max_tasks", max: 10 }), "{error}");
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn an_update_applies_to_the_version_it_was_made_from() {
    let server = RedisServer::start();
    let store = server.store().await;
    create(&store, "a").await;
    let before = head(&store, "a").await;
    let mut update = TaskUpdate::of(&before, 2_000);
    update.detail = Some("half".into());
    update.expires_at = Some(9_000);
    update.append = vec!["one".into(), "two".into()];
    let outcome = store.update("a", update.clone()).await.expect("an answer");
    assert_eq!(outcome, UpdateOutcome::Applied(2));
    let after = store.load("a").await.expect("an answer").expect("a task");
    assert_eq!(after.journal, ["one", "two"]);
    assert_eq!((after.head.version, after.head.updated_at), (2, 2_000));
    assert_eq!((&after.head.detail[..], after.head.expires_at), (&b"half"[..], Some(9_000)));

    let outcome = store.update("a", update.clone()).await.expect("an answer");
    assert_eq!(outcome, UpdateOutcome::Conflict);
    let outcome = store.update("b", update.clone()).await.expect("an answer");
    assert_eq!(outcome, UpdateOutcome::Missing);
    update.version = 2;
    update.fence = Some(1);
    let outcome = store.update("a", update.clone()).await.expect("an answer");
    assert_eq!(outcome, UpdateOutcome::Fenced);
    assert_eq!(store.load("a").await.expect("an answer"), Some(after));

    assert_eq!(complete(&store, "a", "done".into()).await, UpdateOutcome::Applied(3));
    assert_eq!(append(&store, "a", "late").await, UpdateOutcome::Ended);
    let ended = store.load("a").await.expect("an answer").expect("a task");
    assert_eq!((ended.head.state, ended.head.outcome), (TaskState::Completed, Some("done".into())));
    assert_eq!(ended.journal.len(), 2);
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn writers_that_retry_lose_no_entry_of_a_journal() {
    let server = RedisServer::start();
    let stores = [server.store().await, server.store().await];
    create(&stores[0], "a").await;
    let writers = (0..8).map(|writer| {
        let store = &stores[writer % 2];
        async move {
            for _ in 0..10 {
                while append(store, "a", "entry").await == UpdateOutcome::Conflict {}
            }
        }
    });
    join_all(writers).await;
    let record = stores[0].load("a").await.expect("an answer").expect("a task");
    assert_eq!((record.journal.len(), record.head.version), (80, 81));
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn pages_are_stable_while_tasks_come_and_leave() {
    let server = RedisServer::start();
    let store = server.store().await;
    let create = async |id: &str, created_at, expires_at| {
        let mut task = new_task(id);
        task.record.head.created_at = created_at;
        task.record.head.expires_at = expires_at;
        store.create(task, QUOTA).await.expect("a new task");
    };
    let ids = |page: &mcp_server::store::TaskPage| -> Vec<String> {
        page.tasks.iter().map(|task| task.id.to_string()).collect()
    };
    for (id, time) in [("c", 9), ("b-1", 10), ("a", 10), ("d", 200)] {
        create(id, time, (id == "a").then_some(1)).await;
    }
    let first = store.list("ada", None, 2).await.expect("a page");
    assert_eq!(ids(&first), ["c", "a"]);
    assert_eq!(store.sweep(1, 10).await.expect("an answer"), [std::sync::Arc::from("a")]);
    create("before", 1, None).await;
    create("last", 300, None).await;
    let second = store.list("ada", first.next.as_deref(), 2).await.expect("a page");
    assert_eq!(ids(&second), ["b-1", "d"]);
    let third = store.list("ada", second.next.as_deref(), 2).await.expect("a page");
    assert_eq!((ids(&third), third.next), (vec!["last".to_owned()], None));
    assert_eq!(store.list("grace", None, 2).await.expect("a page").tasks, []);
    for position in ["", "x", "-", "x-c", "99999999999999999999-c"] {
        let error = store.list("ada", Some(position), 2).await.expect_err("no position");
        assert!(matches!(error, StoreError::Invalid(_)), "{error}");
    }
    let all = store.list("ada", None, usize::MAX).await.expect("a page");
    assert_eq!(all.tasks.len(), 5);
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn a_sweep_deletes_expired_tasks_and_leaves_no_key() {
    let server = RedisServer::start();
    let store = server.store().await;
    let expiries = [Some(10), Some(20), Some(20), Some(u64::MAX - 1), Some(u64::MAX), None];
    for (index, expires_at) in expiries.into_iter().enumerate() {
        let mut task = new_task(&index.to_string());
        task.record.head.expires_at = expires_at;
        task.record.journal.push("entry".into());
        store.create(task, QUOTA).await.expect("a new task");
    }
    let sweep = async |now, max| -> Vec<String> {
        let ids = store.sweep(now, max).await.expect("an answer");
        ids.iter().map(ToString::to_string).collect()
    };
    assert!(sweep(9, 10).await.is_empty());
    assert!(sweep(20, 0).await.is_empty());
    assert_eq!(sweep(20, 2).await, ["0", "1"]);
    let mut later = TaskUpdate::of(&head(&store, "2").await, 2_000);
    later.expires_at = Some(30);
    store.update("2", later).await.expect("an answer");
    assert!(sweep(29, 10).await.is_empty());
    assert_eq!(sweep(30, 10).await, ["2"]);
    // A score would be too coarse for these times.
    assert_eq!(sweep(u64::MAX - 1, 10).await, ["3"]);
    assert_eq!(sweep(u64::MAX, 10).await, ["4"]);
    let mut last = TaskUpdate::of(&head(&store, "5").await, 2_000);
    last.expires_at = Some(1);
    store.update("5", last).await.expect("an answer");
    assert_eq!(sweep(1, 10).await, ["5"]);
    assert_eq!(server.command("HGET {mcp}:meta tasks"), "$1\r\n0\r\n");
    // The meta data and two streams without entries.
    assert_eq!(server.command("DBSIZE"), ":3\r\n", "{}", server.command("KEYS *"));
}
