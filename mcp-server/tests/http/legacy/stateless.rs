//! Legacy clients of a server that keeps no sessions.

use http::StatusCode;
use mcp_server::Limits;
use mcp_server::http::HttpOptions;
use serde_json::json;

use super::harness::{Host, initialize};

fn host() -> Host {
    Host::with(HttpOptions::new().stateless(), Limits::new())
}

#[tokio::test(start_paused = true)]
async fn each_request_stands_on_its_own() {
    let host = host();
    let mut client = host.client();
    let answer = client.post(initialize("2025-11-25")).await;
    assert_eq!(answer.header("mcp-session-id"), None);
    assert_eq!(answer.json().await["result"]["protocolVersion"], "2025-11-25");
    let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    assert_eq!(client.post(note).await.status, StatusCode::ACCEPTED);
    for version in [None, Some("2025-03-26"), Some("2025-11-25")] {
        client.version = version.map(str::to_owned);
        assert_eq!(client.call(1, "echo", json!({"text": "x"})).await.tool_text().await, "x");
        let messages = client.call(1, "count", json!({"to": 2})).await.messages().await;
        assert_eq!(messages.len(), 3, "what a call says reaches who called");
    }
    client.version = Some("1999-01-01".into());
    assert_eq!(client.call(1, "echo", json!({"text": "x"})).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn the_revision_is_that_of_the_header() {
    let host = host();
    let mut client = host.client();
    // Bad arguments are an error of the protocol up to 2025-06-18, and a result since.
    for (version, is_error) in
        [(None, true), (Some("2025-06-18"), true), (Some("2025-11-25"), false)]
    {
        client.version = version.map(str::to_owned);
        let answer = client.call(1, "echo", json!({})).await.json().await;
        assert_eq!(answer["error"].is_object(), is_error, "{version:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stateless_client_cannot_be_asked() {
    let host = host();
    let text = host.client().call(1, "ask", json!({"question": "name?"})).await.tool_text().await;
    assert!(text.contains("is stateless"), "{text}");
}

#[tokio::test]
async fn there_is_no_stream_and_nothing_to_delete() {
    let host = host();
    let client = host.client();
    for answer in [client.get().await, client.delete().await] {
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.header("allow").as_deref(), Some("POST"));
    }
}
