//! Operations whose connection breaks.

use std::time::{Duration, Instant};

use mcp_server::store::{
    RedisStore, StoreError, TaskState, TaskStore as _, TaskUpdate, UpdateOutcome,
};

use crate::proxy::{Mode, Proxy};
use crate::server::{Connect as _, RedisServer};
use crate::task::{LEASE, QUOTA, append, create, head, new_task};

/// A store behind a proxy, on whose server all scripts are loaded.
async fn proxied(server: &RedisServer) -> (Proxy, RedisStore) {
    let proxy = Proxy::start(server.address()).await;
    let store = RedisStore::connect(&proxy.url()).await.expect("a store");
    create(&store, "warm").await;
    append(&store, "warm", "entry").await;
    store.claim("warm", LEASE).await.expect("an answer");
    store.load("warm").await.expect("an answer");
    (proxy, store)
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn an_operation_whose_answer_is_lost_has_its_effect_once() {
    let server = RedisServer::start();
    let (proxy, store) = proxied(&server).await;
    proxy.set(Mode::LoseAnswer);
    store.create(new_task("a"), QUOTA).await.expect("a new task");
    proxy.passes().await;

    proxy.set(Mode::LoseAnswer);
    assert_eq!(append(&store, "a", "entry").await, UpdateOutcome::Applied(2));
    proxy.passes().await;

    proxy.set(Mode::LoseAnswer);
    let lease = store.claim("a", LEASE).await.expect("an answer").expect("a lease");
    assert_eq!(lease.fence, 1);
    proxy.passes().await;

    proxy.set(Mode::LoseAnswer);
    let record = store.load("a").await.expect("an answer").expect("a task");
    proxy.passes().await;
    assert_eq!((record.head.version, record.head.fence, record.journal.len()), (2, 1, 1));
    assert_eq!(store.renew(&[lease], LEASE).await.expect("an answer"), [true]);
    assert_eq!(server.command("HGET {mcp}:meta tasks"), "$1\r\n2\r\n");
    assert_eq!(server.command("XLEN {mcp}:feed"), ":4\r\n");
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn an_operation_whose_effect_is_unknown_fails() {
    let server = RedisServer::start();
    let (proxy, store) = proxied(&server).await;
    create(&store, "a").await;
    // The update does not apply, and the second attempt cannot tell whether the first one did.
    let mut stale = TaskUpdate::of(&head(&store, "a").await, 2_000);
    append(&store, "a", "entry").await;
    stale.state = TaskState::Failed;
    proxy.set(Mode::LoseAnswer);
    let error = store.update("a", stale).await.expect_err("an unknown effect");
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(error.to_string().contains("whether the operation had its effect is unknown"));
    proxy.set(Mode::LoseAnswer);
    let error = store.create(new_task("a"), QUOTA).await.expect_err("an unknown effect");
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn a_connection_that_was_closed_while_idle_is_replaced() {
    let server = RedisServer::start();
    let (_proxy, store) = proxied(&server).await;
    for round in 2..5 {
        assert!(server.command("CLIENT KILL TYPE normal SKIPME yes").starts_with(':'));
        assert_eq!(append(&store, "warm", "entry").await, UpdateOutcome::Applied(round + 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn operations_that_share_a_broken_connection_share_its_replacement() {
    let server = RedisServer::start();
    let store = std::sync::Arc::new(server.store().await);
    create(&store, "a").await;
    for _ in 0..200 {
        assert!(server.command("CLIENT KILL TYPE normal SKIPME yes").starts_with(':'));
        let mut reads = tokio::task::JoinSet::new();
        for _ in 0..64 {
            let store = std::sync::Arc::clone(&store);
            reads.spawn(async move { store.head("a").await.map(|head| head.is_some()) });
        }
        while let Some(read) = reads.join_next().await {
            assert!(read.expect("no panic").expect("an answer"));
        }
    }
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn scripts_that_the_server_has_forgotten_are_loaded_again() {
    let server = RedisServer::start();
    let store = server.store().await;
    create(&store, "a").await;
    assert_eq!(server.command("SCRIPT FLUSH"), "+OK\r\n");
    create(&store, "b").await;
    assert_eq!(append(&store, "a", "entry").await, UpdateOutcome::Applied(2));
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn an_unreachable_server_is_reported_at_once_and_found_again() {
    let mut server = RedisServer::with_settings(&[("appendonly", "yes")]);
    let store = server.store().await;
    create(&store, "a").await;
    server.kill();
    let begin = Instant::now();
    for _ in 0..3 {
        let error = store.head("a").await.expect_err("no server");
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    }
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    server.start_again();
    create(&store, "b").await;
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn an_operation_without_an_answer_ends_after_its_time_and_the_next_one_connects_again() {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.address()).await;
    let builder = RedisStore::builder(&proxy.url()).command_timeout(Duration::from_millis(100));
    let store = builder.connect().await.expect("a store");
    create(&store, "a").await;
    proxy.set(Mode::Stall);
    let calls = (0..64).map(|_| store.head("a"));
    for outcome in futures::future::join_all(calls).await {
        let error = outcome.expect_err("no answer").to_string();
        assert!(error.contains("did not answer within 100ms (`command_timeout`)"), "{error}");
    }
    proxy.set(Mode::Pass);
    assert_eq!(head(&store, "a").await.version, 1);
    // The proxy passes the requests of the first connection too, whose answers come too late.
    assert_eq!(append(&store, "a", "entry").await, UpdateOutcome::Applied(2));
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn a_server_that_becomes_a_replica_is_left() {
    let primary = RedisServer::start();
    let server = RedisServer::start();
    let store = server.store().await;
    create(&store, "a").await;
    server.command(&format!("REPLICAOF 127.0.0.1 {}", primary.address().port()));
    let error = store.create(new_task("b"), QUOTA).await.expect_err("a replica").to_string();
    assert!(
        error.contains("read only replica") && error.contains("connect to the primary"),
        "{error}"
    );
    assert_eq!(server.command("REPLICAOF NO ONE"), "+OK\r\n");
    create(&store, "c").await;
}
