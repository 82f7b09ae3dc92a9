//! Connections that a store opens, or refuses.

use std::time::{Duration, Instant};

use mcp_server::store::{RedisStore, RedisStoreBuilder, StoreError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::server::RedisServer;
use crate::task::{create, head};

async fn refused(builder: RedisStoreBuilder) -> String {
    builder.connect().await.expect_err("the store cannot be used").to_string()
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn a_wrong_password_is_refused_and_the_right_one_is_not_shown() {
    let server = RedisServer::with_settings(&[("requirepass", "correct-horse")]);
    let url = |password| format!("redis://:{password}@{}", server.address());
    for (password, expected) in [("battery-staple", "uthentication failed"), ("", "NOAUTH")] {
        let error = refused(RedisStore::builder(&url(password))).await;
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("battery"), "{error}");
    }
    let builder = RedisStore::builder(&url("correct-horse"));
    assert!(!format!("{builder:?}").contains("horse"), "{builder:?}");
    let store = builder.connect().await.expect("the right password");
    assert!(!format!("{store:?}").contains("horse"), "{store:?}");
    create(&store, "a").await;
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn stores_with_other_prefixes_or_databases_do_not_share_tasks() {
    let server = RedisServer::start();
    let builders = [
        RedisStore::builder(&server.url()),
        RedisStore::builder(&server.url()).prefix("other"),
        RedisStore::builder(&format!("{}/1", server.url())),
    ];
    for builder in builders {
        let store = builder.connect().await.expect("a store");
        create(&store, "a").await;
        assert_eq!(head(&store, "a").await.version, 1);
    }
}

#[tokio::test]
async fn a_prefix_that_is_no_hash_tag_is_refused() {
    for prefix in ["", "a{b", "a}b"] {
        let error = refused(RedisStore::builder("redis://127.0.0.1:1").prefix(prefix)).await;
        assert!(error.contains(&format!("the key prefix `{prefix}`")), "{error}");
    }
}

#[tokio::test]
async fn a_url_that_is_invalid_is_refused_and_its_password_is_not_shown() {
    for url in ["redis://:secret@host:port", "http://:secret@host", "rediss://:secret@host", ""] {
        let error = refused(RedisStore::builder(url)).await;
        assert!(!error.contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_reported_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("redis://:secret@{}", listener.local_addr().expect("an address"));
    drop(listener);
    let begin = Instant::now();
    let error = refused(RedisStore::builder(&url)).await;
    assert!(error.contains("refused") && !error.contains("secret"), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up_after_its_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("redis://{}", listener.local_addr().expect("an address"));
    let builder = RedisStore::builder(&url).command_timeout(Duration::from_millis(50));
    let error = refused(builder).await;
    assert!(error.contains("did not answer within 50ms (`command_timeout`)"), "{error}");
}

#[tokio::test]
async fn an_older_server_is_refused_with_its_version() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("redis://{}", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 1 << 14];
        assert!(stream.read(&mut request).await.expect("a request") > 0);
        let answer = b"*6\r\n$6\r\n6.2.14\r\n$1\r\na\r\n$0\r\n\r\n$0\r\n\r\n$0\r\n\r\n$0\r\n\r\n";
        stream.write_all(answer).await.expect("the answer is sent");
    });
    let error = refused(RedisStore::builder(&url)).await;
    assert!(error.contains("is Redis 6.2.14; version 7 or later is required"), "{error}");
    server.await.expect("the server ends");
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn a_replica_is_refused() {
    let primary = RedisServer::start();
    let of = format!("127.0.0.1 {}", primary.address().port());
    let replica = RedisServer::start();
    assert_eq!(replica.command(&format!("REPLICAOF {of}")), "+OK\r\n");
    let error = refused(RedisStore::builder(&replica.url())).await;
    assert!(error.contains("the server is a replica (role `slave`)"), "{error}");
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn keys_of_a_newer_version_are_refused_and_stay() {
    let server = RedisServer::start();
    assert_eq!(server.command("HSET {mcp}:meta format 2 epoch 5"), ":2\r\n");
    let outcome = RedisStore::connect(&server.url()).await;
    let error = outcome.expect_err("keys of a newer version");
    assert!(matches!(error, StoreError::Invalid(_)), "{error}");
    assert!(error.to_string().contains("the keys `{mcp}:*` have format 2"), "{error}");
    assert_eq!(server.command("HGET {mcp}:meta format"), "$1\r\n2\r\n");
}
