//! Our client drives a server of FastMCP 4 (Python), in both eras, over stdio, HTTP and HTTP+SSE.

use std::time::Duration;

use futures::StreamExt as _;
use mcp_client::types::{CompletionReference, LoggingLevel, SubscriptionFilter};
use mcp_client::{Client, Era, ErrorKind, Event, Revision};
use serde_json::json;

use crate::features;
use crate::host::{host, text};
use crate::installed::python;
use crate::listening::Listening;

const SERVER: &str = "python/server_fastmcp.py";

async fn connect(revision: Option<Revision>) -> Client {
    // It takes a few seconds to start on a busy machine, and the probe waits for that.
    let mut builder = host().probe_timeout(Duration::from_secs(30));
    if let Some(revision) = revision {
        builder = builder.revision(revision);
    }
    builder.connect_command(python(SERVER)).await.expect("the server answers")
}

#[tokio::test]
#[cfg_attr(not(python_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn the_probe_finds_the_modern_era() {
    let client = connect(None).await;
    assert_eq!(client.revision(), Revision::V2026_07_28);
    drive(&client).await;
    client.close().await;
}

#[tokio::test]
#[cfg_attr(not(python_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn the_legacy_era_when_pinned() {
    let client = connect(Some(Revision::V2025_11_25)).await;
    drive(&client).await;
    client.close().await;
}

#[tokio::test]
#[cfg_attr(not(python_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn both_eras_over_http() {
    let mut command = python(SERVER);
    command.arg("--http");
    let server = Listening::start(command);
    for revision in [None, Some(Revision::V2025_11_25), Some(Revision::V2025_03_26)] {
        let client = server.connect("/mcp", revision).await;
        assert_eq!(client.revision(), revision.unwrap_or(Revision::LATEST));
        drive(&client).await;
        client.close().await;
    }
}

#[tokio::test]
#[cfg_attr(not(python_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn sessions_over_http_sse() {
    let mut command = python(SERVER);
    command.arg("--sse");
    let server = Listening::start(command);
    let client = server.connect("/sse", None).await;
    assert!(client.known_server().http_sse);
    drive(&client).await;
    client.close().await;
}

async fn drive(client: &Client) {
    assert_eq!(text(client, "echo", json!({ "message": "hi" })).await, "hi");
    let double = client.call_tool("double", &json!({ "n": 4 })).await.expect("double");
    assert_eq!(double.structured::<i64>().expect("wrapped by the server"), 8);
    let failed = client.call_tool("fail", &json!({})).await.expect("fail");
    assert_eq!(failed.into_result().expect_err("isError").kind(), ErrorKind::Tool);
    let unknown =
        client.call_tool("nope", &json!({})).await.expect("this server answers with isError");
    assert!(unknown.into_result().is_err());

    features::progress(client).await;
    features::cancellation(client).await;

    assert_eq!(text(client, "ask", json!({ "question": "Who?" })).await, "Hello, Ann!");
    assert_eq!(text(client, "sample", json!({ "prompt": "Say it" })).await, "test-model: sampled");
    assert_eq!(text(client, "roots", json!({})).await, "file:///r");

    let read = client.read_resource("memo://one").await.expect("resources/read");
    assert_eq!(read.contents[0].as_text(), Some("One memo."));
    assert!(client.get_prompt("greet", &json!({})).await.is_err(), "an argument is missing");
    let tones = client
        .complete(CompletionReference::prompt("greet"), "tone", "c")
        .await
        .expect("completion");
    assert_eq!(tones.completion.values, ["calm", "cheerful"]);

    let mut messages = client.log_messages();
    client.set_log_level(LoggingLevel::Info).await.expect("a level");
    text(client, "log", json!({ "line": "noted" })).await;
    assert_eq!(messages.next().await.expect("a message").data.to_value()["msg"], json!("noted"));
    if client.revision().era() == Era::Legacy {
        let filter = SubscriptionFilter::new().tools_list_changed(true);
        let mut changes = client.subscribe(filter).await.expect("a subscription");
        for on in [true, false] {
            text(client, "toggle", json!({ "on": on })).await;
            assert!(matches!(changes.next().await, Some(Event::ToolsListChanged)));
        }
    }
}
