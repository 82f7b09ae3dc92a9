//! Our client drives servers of the TypeScript SDK: 2.4.0 in both eras, over stdio and HTTP; 1.32.2
//! in its ways to serve HTTP.

use std::time::Duration;

use mcp_client::{Client, Era, ErrorKind, Revision};
use serde_json::{Value, json};

use crate::cutting;
use crate::features;
use crate::host::{connect, host, text};
use crate::installed::node;
use crate::listening::Listening;

const SERVER: &str = "node/server-v2.mjs";

#[tokio::test]
#[cfg_attr(not(node_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn the_probe_finds_the_modern_era() {
    let command = node(SERVER);
    let client = connect(command, None).await;
    assert_eq!(client.revision(), Revision::V2026_07_28);
    assert_eq!(client.server_info().map(|info| &*info.name), Some("typescript-server"));
    drive(&client).await;
    assert!(client.close().await.is_some());
}

#[tokio::test]
#[cfg_attr(not(node_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn every_revision_when_pinned() {
    for revision in Revision::ALL {
        let command = node(SERVER);
        let client = connect(command, Some(revision)).await;
        assert_eq!(client.revision(), revision);
        drive(&client).await;
        client.close().await;
    }
}

#[tokio::test]
#[cfg_attr(not(node_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn every_revision_over_http() {
    let mut command = node(SERVER);
    command.arg("--http");
    let server = Listening::start(command);
    server
        .every_revision(async |client| {
            drive(client).await;
            features::resumption(client).await;
        })
        .await;
    cutting::progress(&server).await;
}

#[tokio::test]
#[cfg_attr(not(node_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn a_modern_server_over_http_tells_a_legacy_client_what_it_speaks() {
    let mut command = node(SERVER);
    command.args(["--http", "--modern-only"]);
    let server = Listening::start(command);
    let error = host().revision(Revision::V2025_11_25).connect_http(server.url("/mcp")).await;
    assert_eq!(error.expect_err("no common revision").kind(), ErrorKind::UnsupportedVersion);
}

/// Sessions with streams, sessions with JSON alone, and no sessions.
#[tokio::test]
#[cfg_attr(not(node_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn version_1_in_its_ways_to_serve_http() {
    for mode in [None, Some("--json"), Some("--stateless")] {
        let mut command = node("node/server-v1.mjs");
        command.args(mode);
        let server = Listening::start(command);
        for revision in Revision::ALL.into_iter().filter(|revision| revision.era() == Era::Legacy) {
            let client = server.connect("/mcp", Some(revision)).await;
            assert_eq!(text(&client, "echo", json!({ "message": "hi" })).await, "hi");
            if mode.is_none() {
                features::progress(&client).await;
                features::resumption(&client).await;
                for tool in ["ask", "ask_unrelated"] {
                    assert_eq!(
                        text(&client, tool, json!({ "question": "Who?" })).await,
                        "Hello, Ann!"
                    );
                }
            }
            client.close().await;
        }
        if mode.is_none() {
            cutting::progress(&server).await;
        }
        let client = server.connect("/mcp", None).await;
        assert_eq!(client.revision(), Revision::V2025_11_25, "found out by the probe");
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
        let sum: Value = client
            .call_tool("add", &json!({ "a": 1, "b": 2 }))
            .await
            .expect("add")
            .structured()
            .expect("sum");
        assert_eq!(sum, json!({ "sum": 3 }));
        let words = client.call_tool("words", &json!({ "text": "a b" })).await.expect("words");
        assert_eq!(words.structured::<Vec<String>>().expect("a list in both eras"), ["a", "b"]);
    }
    for (tool, said) in [("fail", "failed: as asked"), ("throw", "thrown on purpose")] {
        let reply = client.call_tool(tool, &json!({})).await.expect(tool);
        assert_eq!(reply.text(), said);
        assert_eq!(reply.into_result().expect_err("isError").kind(), ErrorKind::Tool);
    }
    let unknown = client.call_tool("nope", &json!({})).await.expect_err("no such tool");
    assert_eq!(unknown.peer().map(mcp_client::ErrorObject::code), Some(-32602));

    features::all(client).await;
    features::subscriptions(client).await;
    features::logging(client).await;
}

#[tokio::test]
#[cfg_attr(not(node_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn a_server_that_dies_of_the_probe_is_started_again() {
    let mut command = node(SERVER);
    command.args(["--probe", "die"]);
    let client = connect(command, None).await;
    assert_eq!(client.revision(), Revision::V2025_11_25);
    assert_eq!(text(&client, "add", json!({ "a": 1, "b": 2 })).await, "3");
    client.close().await;
}

#[tokio::test]
#[cfg_attr(not(node_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn a_server_that_is_silent_to_the_probe_is_a_legacy_one() {
    let mut command = node(SERVER);
    command.args(["--probe", "silent"]);
    let client = host()
        .probe_timeout(Duration::from_secs(3))
        .connect_command(command)
        .await
        .expect("initialize");
    assert_eq!(client.revision(), Revision::V2025_11_25);
    assert_eq!(text(&client, "echo", json!({ "message": "hi" })).await, "hi");
    client.close().await;
}

#[tokio::test]
#[cfg_attr(not(node_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn a_modern_server_tells_a_legacy_client_what_it_speaks() {
    let mut command = node(SERVER);
    command.arg("--modern-only");
    let error = host()
        .revision(Revision::V2025_11_25)
        .connect_command(command)
        .await
        .expect_err("no common revision");
    assert_eq!(error.kind(), ErrorKind::UnsupportedVersion, "{error:?}");
}
