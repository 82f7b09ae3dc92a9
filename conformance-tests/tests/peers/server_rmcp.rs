//! The client against a server of rmcp 3.11.0 over HTTP, in both eras.

use mcp_client::{Client, ErrorKind};
use serde_json::{Value, json};

use crate::features;
use crate::host::text;
use crate::installed::rmcp;
use crate::interruption;
use crate::listening::Listening;

#[tokio::test]
#[cfg_attr(
    not(rmcp_peer_built),
    ignore = "run `cargo build --manifest-path conformance-tests/peers/rmcp/Cargo.toml`"
)]
async fn every_revision_over_http() {
    let server = Listening::start(rmcp());
    server.every_revision(drive).await;
    // rmcp loses the answer of a call that ends before the client reconnects, so the call is slow.
    interruption::assert_resumed(&server, "slow", json!({ "ms": 500 }), &[]).await;
}

async fn drive(client: &Client) {
    assert_eq!(text(client, "echo", json!({ "message": "hä?" })).await, "hä?");
    let sum = client.call_tool("add", &json!({ "a": 1, "b": 2 })).await.expect("add");
    assert_eq!(sum.structured::<Value>().expect("a sum")["sum"], json!(3.0));
    let failed = client.call_tool("fail", &json!({})).await.expect("fail");
    assert_eq!(failed.into_result().expect_err("isError").kind(), ErrorKind::Tool);
    let unknown = client.call_tool("nope", &json!({})).await.expect_err("no such tool");
    assert_eq!(unknown.peer().map(mcp_client::ErrorObject::code), Some(-32602));
    features::all(client).await;
    features::subscriptions(client).await;
    features::logging(client).await;
}
