//! Changes at one instance, and listeners at another.

use std::time::Duration;

use http::StatusCode;
use mcp_server::store::{MemoryEventStore, MemorySessionStore, Stores};
use serde_json::json;

use super::{Shared, arrive, request, subscribe};

#[tokio::test(start_paused = true)]
async fn a_change_at_one_instance_reaches_listeners_at_all() {
    let shared = Shared::new();
    let (a, b, c) = (shared.host(), shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    let mut stream = client.at(&b).get().await;
    subscribe(&client.at(&a), "a://x").await;
    // At once: the subscription precedes the change on the bus.
    c.handle.resource_updated("a://x");
    let (_, message) = stream.message().await.unwrap();
    assert_eq!(message["params"]["uri"], "a://x");
    c.handle.tools_changed();
    let (_, message) = stream.message().await.unwrap();
    assert_eq!(message["method"], "notifications/tools/list_changed");
    b.handle.tools_changed();
    let (_, message) = stream.message().await.unwrap();
    assert_eq!(message["method"], "notifications/tools/list_changed", "its own changes too");
    client.at(&c).post(request("resources/unsubscribe", &json!({"uri": "a://x"}))).await;
    a.handle.resource_updated("a://x");
    assert!(tokio::time::timeout(Duration::from_secs(1), stream.message()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_latest_reader_is_the_only_one_at_all_instances() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    let first = client.get().await;
    let mut second = client.at(&b).get().await;
    assert!(first.messages().await.is_empty(), "it has ended");
    let third = client.get().await;
    assert!(second.event().await.unwrap().data.is_empty());
    assert!(second.message().await.is_none(), "it has ended");
    b.handle.tools_changed();
    let mut third = third;
    assert_eq!(third.message().await.unwrap().1["method"], "notifications/tools/list_changed");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_moves_to_another_instance_loses_nothing() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    subscribe(&client, "a://x").await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    let mut stream = client.get().await;
    b.handle.resource_updated("a://x");
    let (last, message) = stream.message().await.unwrap();
    assert_eq!(message["params"]["uri"], "a://x");
    let seen = last;
    b.handle.tools_changed();
    arrive().await;
    drop(stream); // It has not read the second change.
    drop(a);
    tokio::time::sleep(Duration::from_secs(20)).await;
    b.handle.prompts_changed();
    b.handle.resources_changed();
    let mut stream = client.at(&b).resume(&seen).await;
    assert_eq!(stream.status, StatusCode::OK);
    let mut missing =
        vec!["notifications/tools/list_changed", "notifications/resources/list_changed"];
    while !missing.is_empty() {
        let (_, message) = stream.message().await.unwrap();
        missing.retain(|method| message["method"] != **method);
    }
    // An instance that did not exist then says that anything may have changed.
    drop(stream);
    b.handle.tools_changed();
    arrive().await;
    let late = shared.host();
    let mut stream = client.at(&late).get().await;
    let mut methods = Vec::new();
    for _ in 0..3 {
        methods.push(stream.message().await.unwrap().1["method"].as_str().unwrap().to_owned());
    }
    methods.sort_unstable();
    assert_eq!(
        methods,
        [
            "notifications/resources/list_changed",
            "notifications/resources/updated",
            "notifications/tools/list_changed"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_quiet_reader_that_moves_receives_no_changes_again() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    let mut stream = client.get().await;
    b.handle.tools_changed();
    assert!(stream.message().await.is_some());
    // While it is read, this is noted every 30 s at the latest.
    assert!(tokio::time::timeout(Duration::from_secs(200), stream.message()).await.is_err());
    drop(stream);
    let mut stream = client.at(&b).get().await;
    assert!(tokio::time::timeout(Duration::from_secs(60), stream.message()).await.is_err());
}

/// A change that no client reads yet waits in the session, also without a bus.
#[tokio::test(start_paused = true)]
async fn a_change_before_the_stream_is_opened_is_not_lost() {
    for bus in [true, false] {
        let mut shared = Shared::new();
        if !bus {
            shared.stores = Stores::new()
                .sessions(MemorySessionStore::new())
                .events(MemoryEventStore::default());
        }
        let host = shared.host();
        let client = host.session("2025-11-25").await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        host.handle.tools_changed();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut stream = client.get().await;
        let (_, message) = stream.message().await.unwrap();
        assert_eq!(message["method"], "notifications/tools/list_changed", "bus: {bus}");
    }
}

/// A stream that was closed here, or whose session was evicted here, is resumed by a new one.
#[tokio::test(start_paused = true)]
async fn a_client_that_returns_listens_again() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    for revision in ["2025-03-26", "2025-11-25"] {
        let client = a.session(revision).await;
        let mut stream = client.get().await;
        b.handle.tools_changed();
        let (id, _) = stream.message().await.unwrap();
        let elsewhere = client.at(&b).get().await;
        drop(stream.messages().await); // It ends.
        drop(elsewhere);
        let mut stream = client.resume(&id).await;
        assert_eq!(stream.status, StatusCode::OK, "{revision}");
        arrive().await;
        b.handle.resources_changed();
        loop {
            let (_, message) = stream.message().await.expect("an open stream");
            if message["method"] == "notifications/resources/list_changed" {
                break;
            }
        }
    }
}

/// What is kept of a quiet stream may have been dropped. Its client listens again all the same.
#[tokio::test(start_paused = true)]
async fn a_quiet_stream_moves_after_any_time() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    let mut stream = client.get().await;
    b.handle.tools_changed();
    let (id, _) = stream.message().await.unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(1_000), stream.message()).await.is_err());
    drop((stream, a));
    tokio::time::sleep(Duration::from_secs(200)).await;
    let mut stream = client.at(&b).resume(&id).await;
    assert_eq!(stream.status, StatusCode::OK);
    b.handle.resources_changed();
    loop {
        let (_, message) = stream.message().await.expect("an open stream");
        if message["method"] == "notifications/resources/list_changed" {
            break;
        }
    }
}
