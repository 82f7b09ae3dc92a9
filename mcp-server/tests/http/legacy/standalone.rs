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
async fn there_is_one_reader_at_a_time_and_the_latest_takes_over() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let half_open = client.get().await;
    let mut stream = client.get().await;
    assert_eq!(stream.status, StatusCode::OK);
    host.handle.tools_changed();
    assert_eq!(stream.message().await.unwrap().1["method"], "notifications/tools/list_changed");
    assert!(half_open.messages().await.is_empty(), "the stream of the first one has ended");
    host.handle.resources_changed();
    assert_eq!(stream.message().await.unwrap().1["method"], "notifications/resources/list_changed");
}

#[tokio::test(start_paused = true)]
async fn what_the_previous_reader_has_not_taken_is_not_lost() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let mut half_open = client.get().await;
    assert!(half_open.event().await.unwrap().data.is_empty());
    host.handle.tools_changed();
    // A poll moves the change into the stream's queue, and the answer to a ping comes meanwhile.
    client.call(1, "linger", json!({})).await.tool_text().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut stream = client.get().await;
    let methods = [stream.message().await.unwrap().1, stream.message().await.unwrap().1];
    let methods = methods.each_ref().map(|message| message["method"].as_str().unwrap());
    assert!(methods.contains(&"notifications/message"), "{methods:?}");
    assert!(methods.contains(&"notifications/tools/list_changed"), "{methods:?}");
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
