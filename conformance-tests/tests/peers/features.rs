//! Features that several foreign servers have in the same way (`peers/FIXTURE.md`, "Servers that
//! our client drives").

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use mcp_client::types::{CompletionReference, LoggingLevel, SubscriptionFilter};
use mcp_client::{Client, ErrorKind, Event, Revision};
use serde_json::json;
use tokio::time::timeout;

use crate::host::{Steps, text};

/// Every one of them that all of these servers have.
pub(crate) async fn all(client: &Client) {
    progress(client).await;
    cancellation(client).await;
    input(client).await;
    lists(client).await;
}

pub(crate) async fn progress(client: &Client) {
    let steps = Steps::default();
    let seen = Arc::clone(&steps);
    let reply = client
        .call_tool("progress", &json!({ "steps": 3 }))
        .on_progress(move |progress| seen.lock().expect("no panic").push(progress.progress))
        .await;
    assert_eq!(reply.expect("progress").text(), "3 steps");
    assert_eq!(*steps.lock().expect("no panic"), [1.0, 2.0, 3.0]);
}

pub(crate) async fn cancellation(client: &Client) {
    let before = text(client, "cancelled_count", json!({})).await;
    let slow = client
        .call_tool("slow", &json!({ "ms": 60_000 }))
        .timeout(Duration::from_millis(300))
        .await;
    assert_eq!(slow.expect_err("too slow").kind(), ErrorKind::Timeout);
    // Over HTTP the cancellation may come after the next call.
    let cancelled = async { while text(client, "cancelled_count", json!({})).await == before {} };
    timeout(Duration::from_secs(10), cancelled).await.expect("the server is told");
}

/// A call whose stream the server closes before it answers, which servers do to clients of one
/// revision alone.
pub(crate) async fn resumption(client: &Client) {
    let is_cut = client.revision() == Revision::V2025_11_25;
    assert_eq!(text(client, "cut", json!({})).await, if is_cut { "resumed" } else { "not cut" });
}

pub(crate) async fn input(client: &Client) {
    if !client.revision().rules().elicitation {
        return;
    }
    assert_eq!(text(client, "ask", json!({ "question": "Who?" })).await, "Hello, Ann!");
    assert_eq!(text(client, "sample", json!({ "prompt": "Say it" })).await, "test-model: sampled");
    assert_eq!(text(client, "roots", json!({})).await, "file:///r");
}

pub(crate) async fn lists(client: &Client) {
    let resources = client.list_resources().await.expect("resources/list");
    assert!(resources.iter().any(|resource| resource.uri == "memo://one"));
    let read = client.read_resource("memo://one").await.expect("resources/read");
    assert_eq!(read.contents[0].as_text(), Some("One memo."));
    let missing = client.read_resource("memo://none").await.expect_err("no such resource");
    assert_eq!(missing.kind(), ErrorKind::Peer);
    let templates = client.list_resource_templates().await.expect("templates");
    assert_eq!(templates[0].uri_template, "note://{id}");
    let prompts = client.list_prompts().await.expect("prompts/list");
    assert_eq!(prompts[0].name, "greet");
    let greeting = client
        .get_prompt("greet", &json!({ "name": "Bo", "tone": "calm" }))
        .await
        .expect("prompts/get");
    assert_eq!(greeting.messages[0].content.as_text(), Some("Greet Bo in a calm tone."));
    let tones = client
        .complete(CompletionReference::prompt("greet"), "tone", "c")
        .await
        .expect("completion");
    assert_eq!(tones.completion.values, ["calm", "cheerful"]);
}

pub(crate) async fn subscriptions(client: &Client) {
    let filter = SubscriptionFilter::new()
        .tools_list_changed(true)
        .resource_subscriptions(["memo://one".to_owned()]);
    let mut changes = client.subscribe(filter).await.expect("subscriptions/listen");
    assert_eq!(text(client, "toggle", json!({ "on": true })).await, "extra is on");
    assert!(matches!(changes.next().await, Some(Event::ToolsListChanged)));
    assert_eq!(text(client, "extra", json!({})).await, "extra");
    text(client, "touch", json!({ "uri": "memo://one" })).await;
    assert!(
        matches!(changes.next().await, Some(Event::ResourceUpdated(updated)) if updated.uri == "memo://one")
    );
    text(client, "toggle", json!({ "on": false })).await;
}

pub(crate) async fn logging(client: &Client) {
    let mut messages = client.log_messages();
    client.set_log_level(LoggingLevel::Info).await.expect("a level");
    assert_eq!(text(client, "log", json!({ "line": "noted" })).await, "logged");
    let first = messages.next().await.expect("a message");
    assert_eq!(first.level, LoggingLevel::Info, "debug is below the level");
    assert_eq!(first.data.to_value(), json!("noted"));
}
