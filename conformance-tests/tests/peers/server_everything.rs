//! Our client drives the reference server "everything" 2026.8.31, which speaks the legacy era
//! alone: over stdio, Streamable HTTP with resumable sessions, and HTTP+SSE.

use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use mcp_client::types::{CompletionContext, CompletionReference, Content, LoggingLevel};
use mcp_client::{Client, Era, ErrorKind, Event, Revision};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cutting::a_cut_call_is_gone_on_with;
use crate::host::{Steps, connect, text};
use crate::installed::{node, node_with};
use crate::listening::Listening;

const SERVER: &str = "node/node_modules/@modelcontextprotocol/server-everything/dist/index.js";

async fn everything(revision: Option<Revision>) -> Client {
    let mut command = node(SERVER);
    command.arg("stdio").env("CANARY_OF_THE_COMMAND", "1");
    connect(command, revision).await
}

/// The server over HTTP, which would listen everywhere.
fn listening(transport: &str) -> Listening {
    let mut command = node_with("node/listening.mjs", SERVER);
    command.arg(transport);
    Listening::start(command)
}

/// A test for each body over stdio, and all of them over the transports of HTTP, each with a client
/// of its own.
macro_rules! over_every_transport {
    ($($name:ident: $body:path;)+) => {
        $(#[tokio::test]
        #[cfg_attr(not(node_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
        async fn $name() {
            let client = everything(None).await;
            $body(&client).await;
            client.close().await;
        })+

        async fn over_http(server: &Listening, path: &str) {
            $({
                let client = server.connect(path, None).await;
                $body(&client).await;
                client.close().await;
            })+
        }
    };
}

over_every_transport! {
    a_server_without_the_modern_era_is_found_out: legacy;
    tools_of_every_kind: tools;
    long_calls_report_progress: progress;
    questions_of_the_server_are_answered: questions;
    resources_prompts_and_completions: others;
    watched_resources_are_told_of: watched;
    log_messages_come_unasked: logging;
}

#[tokio::test]
#[cfg_attr(not(node_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn all_of_it_over_streamable_http() {
    let server = listening("streamableHttp");
    over_http(&server, "/mcp").await;
    // Its event store goes on with what is there already, and not with what comes later.
    a_cut_call_is_gone_on_with(&server, "echo", json!({ "message": "hi" }), &[]).await;
    for revision in Revision::ALL.into_iter().filter(|revision| revision.era() == Era::Legacy) {
        let client = server.connect("/mcp", Some(revision)).await;
        assert_eq!(client.revision(), revision);
        assert_eq!(text(&client, "echo", json!({ "message": "hi" })).await, "Echo: hi");
        client.close().await;
    }
}

#[tokio::test]
#[cfg_attr(not(node_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn all_of_it_over_http_sse() {
    let server = listening("sse");
    over_http(&server, "/sse").await;
    let client = server.connect("/sse", None).await;
    assert!(client.known_server().http_sse);
    client.close().await;
}

async fn logging(client: &Client) {
    client.set_log_level(LoggingLevel::Debug).await.expect("a level");
    let mut messages = client.log_messages();
    text(client, "toggle-simulated-logging", json!({})).await;
    let message = messages.next().await.expect("a message");
    assert!(
        message.data.to_value().as_str().is_some_and(|text| text.contains("level")),
        "{message:?}"
    );
}

async fn legacy(client: &Client) {
    assert_eq!(client.revision(), Revision::V2025_11_25);
    assert_eq!(client.server_info().map(|info| &*info.version), Some("2.0.0"));
    assert!(client.server_capabilities().completions.is_some());
    client.ping().await.expect("ping");
}

#[derive(Debug, PartialEq, Deserialize)]
struct Weather {
    temperature: f64,
    conditions: String,
    humidity: f64,
}

async fn tools(client: &Client) {
    assert_eq!(text(client, "echo", json!({ "message": "hi" })).await, "Echo: hi");
    assert_eq!(
        text(client, "get-sum", json!({ "a": 1, "b": 2 })).await,
        "The sum of 1 and 2 is 3."
    );
    let weather = client
        .call_tool("get-structured-content", &json!({ "location": "New York" }))
        .await
        .expect("weather");
    let expected = Weather { temperature: 33.0, conditions: "Cloudy".into(), humidity: 82.0 };
    assert_eq!(weather.structured::<Weather>().expect("a Weather"), expected);
    assert_eq!(weather.structured::<Vec<u8>>().expect_err("not a list").kind(), ErrorKind::Decode);

    let picture = client.call_tool("get-tiny-image", &json!({})).await.expect("image").into_inner();
    assert!(matches!(&picture.content[1], Content::Image(image) if image.mime_type == "image/png"));
    let links = client
        .call_tool("get-resource-links", &json!({ "count": 3 }))
        .await
        .expect("links")
        .into_inner();
    assert_eq!(
        links.content.iter().filter(|block| matches!(block, Content::ResourceLink(_))).count(),
        3
    );
    let reference = json!({ "resourceType": "Text", "resourceId": 1 });
    let embedded = client
        .call_tool("get-resource-reference", &reference)
        .await
        .expect("embedded")
        .into_inner();
    assert!(matches!(&embedded.content[1], Content::Resource(_)));
    let annotated = json!({ "messageType": "error", "includeImage": false });
    let annotated = client
        .call_tool("get-annotated-message", &annotated)
        .await
        .expect("annotated")
        .into_inner();
    let Content::Text(block) = &annotated.content[0] else { panic!("a text: {annotated:?}") };
    assert_eq!(block.annotations.as_ref().and_then(|annotations| annotations.priority), Some(1.0));
}

#[tokio::test]
#[cfg_attr(not(node_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn the_child_gets_the_environment_that_is_allowed_and_no_more() {
    let client = everything(None).await;
    let environment: Value =
        serde_json::from_str(&text(&client, "get-env", json!({})).await).expect("JSON");
    let names: Vec<_> = environment.as_object().expect("an object").keys().collect();
    assert!(names.iter().any(|name| *name == "PATH"));
    assert!(names.iter().any(|name| *name == "CANARY_OF_THE_COMMAND"));
    assert!(
        !names.iter().any(|name| name.starts_with("CARGO")),
        "cargo's own variables leaked: {names:?}"
    );
    client.close().await;
}

async fn progress(client: &Client) {
    let steps = Steps::default();
    let seen = Arc::clone(&steps);
    let reply = client
        .call_tool("trigger-long-running-operation", &json!({ "duration": 1, "steps": 4 }))
        .on_progress(move |progress| seen.lock().expect("no panic").push(progress.progress))
        .await
        .expect("a result");
    assert_eq!(reply.text(), "Long running operation completed. Duration: 1 seconds, Steps: 4.");
    assert_eq!(*steps.lock().expect("no panic"), [1.0, 2.0, 3.0, 4.0]);
}

async fn questions(client: &Client) {
    // Its tools for roots and sampling appear a moment after the handshake, when it knows our
    // capabilities.
    let mut changes = client.notifications();
    while !client
        .list_tools()
        .fresh()
        .await
        .expect("tools")
        .iter()
        .any(|tool| tool.name == "get-roots-list")
    {
        changes.next().await.expect("the list changes");
    }
    assert!(text(client, "get-roots-list", json!({})).await.contains("file:///r"));
    let sampled =
        text(client, "trigger-sampling-request", json!({ "prompt": "x", "maxTokens": 10 })).await;
    assert!(sampled.contains("sampled"), "{sampled}");
    let visit = json!({ "url": "https://example.com/log-in", "message": "Log in" });
    let visited = text(client, "trigger-url-elicitation", visit).await;
    assert!(visited.starts_with("✅ User completed the URL elicitation flow."), "{visited}");
    let elicited = text(client, "trigger-elicitation-request", json!({})).await;
    assert!(elicited.contains("Ann"), "{elicited}");
}

async fn others(client: &Client) {
    let resources: Vec<_> = client.resources().try_collect().await.expect("a stream of resources");
    assert_eq!(resources.len(), 7);
    let read = client.read_resource(&resources[0].uri).await.expect("read");
    assert!(read.contents[0].as_text().is_some_and(|text| !text.is_empty()));
    let unknown = client.read_resource("demo://nowhere").await.expect_err("unknown");
    assert_eq!(unknown.peer().map(mcp_client::ErrorObject::code), Some(-32602));

    let prompt =
        client.get_prompt("args-prompt", &json!({ "city": "Rome" })).await.expect("prompt");
    assert_eq!(prompt.messages[0].content.as_text(), Some("What's weather in Rome?"));
    let reference = || CompletionReference::prompt("completable-prompt");
    let departments = client.complete(reference(), "department", "S").await.expect("completion");
    assert_eq!(departments.completion.values, ["Sales", "Support"]);
    let department = [("department".to_owned(), "Sales".to_owned())];
    let context = CompletionContext::new().arguments(std::collections::BTreeMap::from(department));
    let names =
        client.complete_with(reference(), "name", "", Some(context)).await.expect("completion");
    assert_eq!(names.completion.values, ["David", "Eve", "Frank"]);
}

async fn watched(client: &Client) {
    let uri = "demo://resource/dynamic/text/1";
    let filter =
        mcp_client::types::SubscriptionFilter::new().resource_subscriptions([uri.to_owned()]);
    let mut changes = client.subscribe(filter).await.expect("subscribe");
    text(client, "toggle-subscriber-updates", json!({})).await;
    assert!(
        matches!(changes.next().await, Some(Event::ResourceUpdated(updated)) if updated.uri == uri)
    );
}

#[tokio::test]
#[cfg_attr(not(node_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn every_legacy_revision() {
    for revision in Revision::ALL.into_iter().filter(|revision| *revision != Revision::V2026_07_28)
    {
        let client = everything(Some(revision)).await;
        assert_eq!(client.revision(), revision);
        assert_eq!(text(&client, "echo", json!({ "message": "hi" })).await, "Echo: hi");
        client.close().await;
    }
}
