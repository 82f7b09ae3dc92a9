//! A server that is killed while instances write.

use std::collections::HashMap;
use std::time::Duration;

use futures::future::join_all;
use mcp_server::store::{RedisStore, StoreError, TaskStore as _, TaskUpdate, UpdateOutcome};

use crate::server::{Connect as _, RedisServer};
use crate::task::{LEASE, QUOTA, create, head, new_task};

const ROUNDS: usize = 4;
const WRITERS: usize = 8;

/// Creates tasks and appends to their journals until the server is killed. Returns the versions
/// that were acknowledged.
async fn write(store: &RedisStore, name: String) -> HashMap<String, u64> {
    let mut acknowledged = HashMap::new();
    for index in 0.. {
        let id = format!("{name}-{index}");
        if let Err(error) = store.create(new_task(&id).leased(LEASE), QUOTA).await {
            assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
            break;
        }
        acknowledged.insert(id.clone(), 1);
        let mut update = TaskUpdate::of(&new_task(&id).record.head, 2_000);
        update.append = vec!["entry".into(), "entry".into()];
        match store.update(&id, update).await {
            Ok(UpdateOutcome::Applied(2)) => acknowledged.insert(id, 2),
            Ok(outcome) => panic!("{outcome:?}"),
            Err(_) => break,
        };
    }
    acknowledged
}

/// Checks that each task is whole, and that the indexes have all tasks. Returns their versions.
async fn whole_tasks(server: &RedisServer, store: &RedisStore) -> HashMap<String, u64> {
    let mut versions = HashMap::new();
    let mut after = None;
    loop {
        let page = store.list("ada", after.as_deref(), 100).await.expect("a page");
        for head in page.tasks {
            let record = store.load(&head.id).await.expect("an answer").expect("a task");
            assert_eq!(record.head, head);
            assert_eq!(record.call, "call");
            assert_eq!(record.journal.len() as u64, 2 * (head.version - 1));
            versions.insert(head.id.to_string(), head.version);
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let count = server.command("HGET {mcp}:meta tasks");
    let count = count.lines().nth(1).map_or(0, |count| count.parse().expect("a number"));
    assert_eq!(count, versions.len());
    assert_eq!(server.command("ZCARD {mcp}:leases"), format!(":{count}\r\n"));
    versions
}

/// Kills the server while instances write, several times, and calls `check` with what was
/// acknowledged and what is stored.
async fn kill_and_compare(
    settings: &[(&str, &str)],
    check: impl Fn(HashMap<String, u64>, HashMap<String, u64>),
) {
    let mut server = RedisServer::with_settings(settings);
    let stores = [server.store().await, server.store().await];
    let mut acknowledged = HashMap::new();
    for round in 0..ROUNDS {
        let writers =
            (0..WRITERS).map(|writer| write(&stores[writer % 2], format!("{round}-{writer}")));
        let kill = async {
            tokio::time::sleep(Duration::from_millis(50 + 37 * round as u64)).await;
            server.kill();
        };
        let (written, ()) = tokio::join!(join_all(writers), kill);
        let written: HashMap<_, _> = written.into_iter().flatten().collect();
        assert!(!written.is_empty(), "the writers write until the server is killed");
        acknowledged.extend(written);
        server.start_again();
        check(acknowledged.clone(), whole_tasks(&server, &stores[0]).await);
    }
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn with_appendfsync_always_no_acknowledged_write_is_lost() {
    let settings = [("appendonly", "yes"), ("appendfsync", "always")];
    kill_and_compare(&settings, |acknowledged, stored| {
        for (id, version) in acknowledged {
            let found = stored.get(&id).copied();
            assert!(found >= Some(version), "{id}: {found:?}, acknowledged {version}");
        }
    })
    .await;
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn with_appendfsync_everysec_the_tasks_that_are_left_are_whole() {
    let settings = [("appendonly", "yes"), ("appendfsync", "everysec")];
    // Of each writer, the newest writes may be lost: what is left is a beginning.
    kill_and_compare(&settings, |acknowledged, stored| {
        for id in acknowledged.keys() {
            let (name, index) = id.rsplit_once('-').expect("the number of a task");
            let index: u64 = index.parse().expect("a number");
            if stored.contains_key(id) && index > 0 {
                let earlier = stored.get(&format!("{name}-{}", index - 1));
                assert_eq!(earlier, Some(&2), "{id}");
            }
        }
    })
    .await;
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn without_persistence_a_restart_loses_all_tasks_and_the_store_works_on() {
    let mut server = RedisServer::start();
    let store = server.store().await;
    create(&store, "a").await;
    server.kill();
    server.start_again();
    assert_eq!(store.head("a").await.expect("an answer"), None);
    create(&store, "a").await;
    assert_eq!(head(&store, "a").await.version, 1);
}
