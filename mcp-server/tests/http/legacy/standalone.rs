//! The stream of what belongs to no call.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::json;

use super::harness::Host;

#[tokio::test(start_paused = true)]
async fn changes_are_told() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    host.handle.tools_changed(); // Before anybody reads: kept as a set.
    host.handle.tools_changed();
    let mut stream = client.get().await;
    assert_eq!(stream.message().await.unwrap().1["method"], "notifications/tools/list_changed");
    let watch = |method: &str| json!({"jsonrpc": "2.0", "id": 5, "method": method, "params": {"uri": "a://b"}});
    host.handle.resource_updated("a://b");
    assert_eq!(client.post(watch("resources/subscribe")).await.json().await["result"], json!({}));
    host.handle.resource_updated("a://b");
    let (_, updated) = stream.message().await.unwrap();
    assert_eq!(
        (&updated["method"], &updated["params"]),
        (&json!("notifications/resources/updated"), &json!({"uri": "a://b"}))
    );
    client.post(watch("resources/unsubscribe")).await;
    host.handle.resource_updated("a://b");
    assert!(tokio::time::timeout(Duration::from_secs(1), stream.message()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn there_is_one_reader_at_a_time() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let mut stream = client.get().await;
    assert_eq!(client.get().await.status, StatusCode::CONFLICT);
    host.handle.tools_changed();
    assert!(stream.message().await.is_some(), "the first one reads on");
    drop(stream);
    assert_eq!(client.get().await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn it_is_resumed_like_any_other() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let mut stream = client.get().await;
    host.handle.tools_changed();
    let (first, _) = stream.message().await.unwrap();
    host.handle.resources_changed();
    stream.message().await.unwrap();
    drop(stream); // As if the second one had been lost on the way.
    host.handle.tools_changed();
    let mut stream = client.resume(&first).await;
    assert_eq!(stream.message().await.unwrap().1["method"], "notifications/resources/list_changed");
    assert_eq!(stream.message().await.unwrap().1["method"], "notifications/tools/list_changed");
    host.handle.resources_changed();
    assert_eq!(stream.message().await.unwrap().1["method"], "notifications/resources/list_changed");
}

#[tokio::test(start_paused = true)]
async fn what_outlives_its_call_goes_there() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let mut stream = client.get().await;
    assert_eq!(
        client.call(1, "linger", json!({})).await.tool_text().await,
        "left something behind"
    );
    assert_eq!(stream.message().await.unwrap().1["params"]["data"], "late");
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_the_server_shuts_down() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let stream = client.get().await;
    host.service.close();
    assert!(stream.messages().await.is_empty());
}

#[tokio::test]
async fn it_is_a_stream_of_events_or_nothing() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let answer = client.send(Method::GET, &[("accept", "application/json")], String::new()).await;
    assert_eq!(answer.status, StatusCode::NOT_ACCEPTABLE);
}
