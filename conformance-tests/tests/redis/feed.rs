//! The changes that a store reports.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use mcp_server::store::{RedisStore, TaskChange, TaskState, TaskStore as _, TaskUpdate};

use crate::proxy::{Mode, Proxy};
use crate::server::{Connect as _, RedisServer};
use crate::task::{append, create, head};

type Changes = BoxStream<'static, TaskChange>;

async fn next(changes: &mut Changes) -> TaskChange {
    let next = tokio::time::timeout(Duration::from_secs(20), changes.next());
    next.await.expect("a change in time").expect("the stream never ends")
}

async fn take(changes: &mut Changes, count: usize) -> Vec<TaskChange> {
    let mut taken = Vec::new();
    for _ in 0..count {
        taken.push(next(changes).await);
    }
    taken
}

fn changed(id: &str, version: u64) -> TaskChange {
    TaskChange::Changed { id: id.into(), version, state: TaskState::Working }
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn each_change_reaches_each_instance_once() {
    let server = RedisServer::start();
    let (one, other) = (server.store().await, server.store().await);
    create(&one, "before").await;
    // The stream begins when it is asked for, not when it is read.
    let mut streams = [one.changes(), other.changes(), other.changes()];
    create(&one, "a").await;
    for _ in 0..20 {
        append(&other, "a", "entry").await;
    }
    let mut update = TaskUpdate::of(&head(&one, "a").await, 2_000);
    update.expires_at = Some(1);
    one.update("a", update).await.expect("an answer");
    assert_eq!(other.sweep(1, 1).await.expect("an answer").len(), 1);
    let mut expected: Vec<_> = (1..=22).map(|version| changed("a", version)).collect();
    expected.push(TaskChange::Removed { id: "a".into() });
    for changes in &mut streams {
        let mut seen = take(changes, 23).await;
        // The reader may see it after the streams have begun.
        if seen[0] == changed("before", 1) {
            seen.remove(0);
            seen.push(next(changes).await);
        }
        assert_eq!(seen, expected);
    }
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn an_instance_that_was_disconnected_catches_up() {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.address()).await;
    let reader = RedisStore::connect(&proxy.url()).await.expect("a store");
    let writer = server.store().await;
    let mut changes = reader.changes();
    create(&writer, "first").await;
    assert_eq!(next(&mut changes).await, changed("first", 1));
    proxy.set(Mode::Cut);
    for index in 0..500 {
        create(&writer, &index.to_string()).await;
    }
    proxy.set(Mode::Pass);
    let expected: Vec<_> = (0..500).map(|index| changed(&index.to_string(), 1)).collect();
    assert_eq!(take(&mut changes, 500).await, expected);
    assert_eq!(head(&reader, "499").await.version, 1);
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn an_instance_that_was_disconnected_for_too_long_learns_that_it_missed_changes() {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.address()).await;
    let builder = || RedisStore::builder(&proxy.url()).max_feed_entries(100);
    let reader = builder().connect().await.expect("a store");
    let writer =
        RedisStore::builder(&server.url()).max_feed_entries(100).connect().await.expect("a store");
    let mut changes = reader.changes();
    create(&writer, "first").await;
    assert_eq!(next(&mut changes).await, changed("first", 1));
    proxy.set(Mode::Cut);
    for index in 0..1_000 {
        create(&writer, &index.to_string()).await;
    }
    proxy.set(Mode::Pass);
    assert_eq!(next(&mut changes).await, TaskChange::Missed);
    // Redis removes whole nodes of 100 entries.
    let length = server.command("XLEN {mcp}:feed");
    let length: usize = length.trim_matches([':', '\r', '\n']).parse().expect("a number");
    assert!((100..=200).contains(&length), "{length}");
    let expected: Vec<_> =
        (1_000 - length..1_000).map(|index| changed(&index.to_string(), 1)).collect();
    assert_eq!(take(&mut changes, length).await, expected);
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn after_the_keys_were_deleted_changes_are_missed_once() {
    let server = RedisServer::start();
    let store = server.store().await;
    let mut changes = store.changes();
    create(&store, "a").await;
    create(&store, "b").await;
    assert_eq!(take(&mut changes, 2).await, [changed("a", 1), changed("b", 1)]);
    assert_eq!(server.command("FLUSHALL"), "+OK\r\n");
    create(&store, "a").await;
    create(&store, "b").await;
    let expected = [TaskChange::Missed, changed("a", 1), changed("b", 1)];
    assert_eq!(take(&mut changes, 3).await, expected);
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn after_a_restart_of_the_server_changes_are_missed() {
    let settings = [("appendonly", "yes"), ("appendfsync", "always")];
    let mut server = RedisServer::with_settings(&settings);
    let store = server.store().await;
    let mut changes = store.changes();
    create(&store, "a").await;
    assert_eq!(next(&mut changes).await, changed("a", 1));
    server.kill();
    server.start_again();
    assert_eq!(next(&mut changes).await, TaskChange::Missed);
    append(&store, "a", "entry").await;
    assert_eq!(next(&mut changes).await, changed("a", 2));
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn a_slow_reader_of_the_feed_misses_changes() {
    let server = RedisServer::start();
    let store = server.store().await;
    let (mut slow, mut fast) = (store.changes(), store.changes());
    let count: usize = 2_000;
    let writer = async {
        for index in 0..count {
            create(&store, &index.to_string()).await;
        }
    };
    let (_, seen) = tokio::join!(writer, take(&mut fast, count));
    assert!(!seen.contains(&TaskChange::Missed));
    assert_eq!(next(&mut slow).await, TaskChange::Missed);
    let rest = take(&mut slow, 1_024).await;
    assert_eq!(rest[..], seen[count - 1_024..]);
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn the_connections_of_a_store_close_with_its_last_clone() {
    let server = RedisServer::start();
    let clients = || server.command("CLIENT LIST TYPE normal").matches("id=").count();
    assert_eq!(clients(), 1);
    let store = server.store().await;
    let clone = store.clone();
    let mut changes = clone.changes();
    assert_eq!(clients(), 3);
    drop(store);
    create(&clone, "a").await;
    assert_eq!(next(&mut changes).await, changed("a", 1));
    drop(clone);
    while clients() > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(futures::future::poll_immediate(changes.next()).await.is_none());
}
