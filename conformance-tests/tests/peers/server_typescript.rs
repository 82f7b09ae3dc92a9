//! Our client drives a server of the TypeScript SDK 2.4.0, in both eras.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use mcp_client::types::{CompletionReference, LoggingLevel, SubscriptionFilter};
use mcp_client::{Client, ErrorKind, Event, Revision};
use serde_json::{Value, json};

use crate::host::{Steps, connect, host, text};
use crate::installed::node;

const SERVER: &str = "node/server-v2.mjs";

#[tokio::test]
async fn the_probe_finds_the_modern_era() {
    let Some(command) = node(SERVER) else { return };
    let client = connect(command, None).await;
    assert_eq!(client.revision(), Revision::V2026_07_28);
    assert_eq!(client.server_info().map(|info| &*info.name), Some("typescript-server"));
    drive(&client).await;
    assert!(client.close().await.is_some());
}

#[tokio::test]
async fn every_revision_when_pinned() {
    for revision in Revision::ALL {
        let Some(command) = node(SERVER) else { return };
        let client = connect(command, Some(revision)).await;
        assert_eq!(client.revision(), revision);
        drive(&client).await;
        client.close().await;
    }
}

async fn drive(client: &Client) {
    let revision = client.revision();
    let rules = revision.rules();
    let tools = client.list_tools().await.expect("tools/list");
    assert!(tools.iter().any(|tool| tool.name == "echo"));
    assert_eq!(text(client, "echo", json!({ "message": "hä?\u{2028}" })).await, "hä?\u{2028}");
    assert_eq!(text(client, "add", json!({ "a": 1, "b": 2 })).await, "3");
    if rules.titles {
        let sum: Value =
            client.call("add", &json!({ "a": 1, "b": 2 })).await.expect("add").structured().expect("sum");
        assert_eq!(sum, json!({ "sum": 3 }));
        let words = client.call("words", &json!({ "text": "a b" })).await.expect("words");
        assert_eq!(words.structured::<Vec<String>>().expect("a list in both eras"), ["a", "b"]);
    }
    for (tool, said) in [("fail", "failed: as asked"), ("throw", "thrown on purpose")] {
        let reply = client.call(tool, &json!({})).await.expect(tool);
        assert_eq!(reply.text(), said);
        assert_eq!(reply.into_result().expect_err("isError").kind(), ErrorKind::Tool);
    }
    let unknown = client.call("nope", &json!({})).await.expect_err("no such tool");
    assert_eq!(unknown.peer().map(mcp_client::ErrorObject::code), Some(-32602));

    let steps = Steps::default();
    let seen = Arc::clone(&steps);
    let reply = client
        .call("progress", &json!({ "steps": 3 }))
        .on_progress(move |progress| seen.lock().expect("no panic").push(progress.progress))
        .await;
    assert_eq!(reply.expect("progress").text(), "3 steps");
    assert_eq!(*steps.lock().expect("no panic"), [1.0, 2.0, 3.0]);

    cancellation(client).await;
    input(client).await;
    lists(client).await;
    if rules.result_type {
        subscriptions(client).await;
    }
    logging(client).await;
}

async fn cancellation(client: &Client) {
    let before = text(client, "cancelled_count", json!({})).await;
    let slow = client.call("slow", &json!({ "ms": 60_000 })).timeout(Duration::from_millis(300)).await;
    assert_eq!(slow.expect_err("too slow").kind(), ErrorKind::Timeout);
    // The cancellation was written before this call, and the server reads in order.
    let after = text(client, "cancelled_count", json!({})).await;
    assert_ne!(before, after);
}

async fn input(client: &Client) {
    if !client.revision().rules().elicitation {
        return;
    }
    assert_eq!(text(client, "ask", json!({ "question": "Who?" })).await, "Hello, Ann!");
    assert_eq!(text(client, "sample", json!({ "prompt": "Say it" })).await, "test-model: sampled");
    assert_eq!(text(client, "roots", json!({})).await, "file:///r");
}

async fn lists(client: &Client) {
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
    let greeting =
        client.get_prompt("greet", &json!({ "name": "Bo", "tone": "calm" })).await.expect("prompts/get");
    assert_eq!(greeting.messages[0].content.as_text(), Some("Greet Bo in a calm tone."));
    let tones = client.complete(CompletionReference::prompt("greet"), "tone", "c").await.expect("completion");
    assert_eq!(tones.completion.values, ["calm", "cheerful"]);
}

async fn subscriptions(client: &Client) {
    let filter =
        SubscriptionFilter::new().tools_list_changed(true).resource_subscriptions(["memo://one".to_owned()]);
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

async fn logging(client: &Client) {
    let mut messages = client.log_messages();
    client.set_log_level(LoggingLevel::Info).await.expect("a level");
    assert_eq!(text(client, "log", json!({ "line": "noted" })).await, "logged");
    let first = messages.next().await.expect("a message");
    assert_eq!(first.level, LoggingLevel::Info, "debug is below the level");
    assert_eq!(first.data.to_value(), json!("noted"));
}

#[tokio::test]
async fn a_server_that_dies_of_the_probe_is_started_again() {
    let Some(mut command) = node(SERVER) else { return };
    command.args(["--probe", "die"]);
    let client = connect(command, None).await;
    assert_eq!(client.revision(), Revision::V2025_11_25);
    assert_eq!(text(&client, "add", json!({ "a": 1, "b": 2 })).await, "3");
    client.close().await;
}

#[tokio::test]
async fn a_server_that_is_silent_to_the_probe_is_a_legacy_one() {
    let Some(mut command) = node(SERVER) else { return };
    command.args(["--probe", "silent"]);
    let client =
        host().probe_timeout(Duration::from_secs(3)).connect_command(command).await.expect("initialize");
    assert_eq!(client.revision(), Revision::V2025_11_25);
    assert_eq!(text(&client, "echo", json!({ "message": "hi" })).await, "hi");
    client.close().await;
}

#[tokio::test]
async fn a_modern_server_tells_a_legacy_client_what_it_speaks() {
    let Some(mut command) = node(SERVER) else { return };
    command.arg("--modern-only");
    let error =
        host().pin(Revision::V2025_11_25).connect_command(command).await.expect_err("no common revision");
    assert_eq!(error.kind(), ErrorKind::UnsupportedVersion, "{error:?}");
}
