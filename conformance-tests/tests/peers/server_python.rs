//! Our client drives a server of the Python SDK 2.3.0 over HTTP, in both eras, and over HTTP+SSE.

use futures::StreamExt as _;
use mcp_client::{Client, Era, ErrorKind};
use serde_json::json;

use crate::cutting;
use crate::features;
use crate::host::text;
use crate::installed::python;
use crate::listening::Listening;

const SERVER: &str = "python/server_python.py";

#[tokio::test]
#[cfg_attr(not(python_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn every_revision_over_http() {
    let server = Listening::start(python(SERVER));
    server
        .every_revision(async |client| {
            drive(client).await;
            features::resumption(client).await;
        })
        .await;
    cutting::progress(&server).await;
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
    let failed = client.call_tool("fail", &json!({})).await.expect("fail");
    assert_eq!(failed.into_result().expect_err("isError").kind(), ErrorKind::Tool);
    features::all(client).await;
    if client.revision().era() == Era::Modern {
        features::subscriptions(client).await;
        features::logging(client).await;
    } else {
        // It has no subscriptions there, and logs unasked.
        let mut messages = client.log_messages();
        text(client, "log", json!({ "line": "noted" })).await;
        assert_eq!(messages.next().await.expect("a message").data.to_value(), json!("noted"));
    }
}
