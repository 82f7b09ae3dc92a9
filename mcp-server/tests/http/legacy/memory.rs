//! What sessions remember of their clients.

use http::StatusCode;
use mcp_server::Limits;
use mcp_server::http::HttpOptions;
use serde_json::{Value, json};

use super::harness::{Client, Host, initialize};

fn subscribe(uri: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "resources/subscribe", "params": {"uri": uri}})
}

async fn code(client: &Client, message: Value) -> i64 {
    client.post(message).await.json().await["error"]["code"].as_i64().unwrap_or(0)
}

#[tokio::test(start_paused = true)]
async fn what_a_client_says_of_itself_has_a_limit() {
    let host = Host::new();
    let long = "x".repeat(20_000);
    for (member, value) in [
        ("clientInfo", json!({"name": long, "version": "1"})),
        ("capabilities", json!({"experimental": {"long": {"text": long}}})),
    ] {
        let mut message = initialize("2025-11-25");
        message["params"][member] = value;
        let answer = host.client().post(message).await;
        assert_eq!(answer.header("mcp-session-id"), None);
        let error = answer.json().await["error"].clone();
        assert_eq!(error["code"], -32602);
        let text = error["message"].as_str().unwrap();
        assert!(text.contains(member) && text.contains("max_client_info_bytes"), "{text}");
    }
    // Icons are the one long part that honest clients send.
    let mut message = initialize("2025-11-25");
    message["params"]["clientInfo"]["icons"] =
        json!([{"src": format!("data:image/png;base64,{long}")}]);
    assert!(host.client().post(message).await.header("mcp-session-id").is_some());
}

#[tokio::test(start_paused = true)]
async fn all_sessions_together_have_a_limit_and_return_what_they_held() {
    let mut limits = Limits::new();
    limits.http.max_total_session_bytes = 2_500;
    let host = Host::with(HttpOptions::new(), limits);
    let begin = |name: String| {
        let mut message = initialize("2025-11-25");
        message["params"]["clientInfo"]["name"] = json!(name);
        let client = host.client();
        async move {
            let answer = client.post(message).await;
            (answer.header("mcp-session-id"), answer.json().await)
        }
    };
    let mut first = host.client();
    first.session = begin("x".repeat(1_000)).await.0;
    assert!(begin("x".repeat(1_000)).await.0.is_some());
    let (session, refused) = begin("x".repeat(1_000)).await;
    assert_eq!(session, None);
    assert_eq!(refused["error"]["code"], -32603);
    assert_eq!(refused["error"]["data"]["retryable"], true);
    assert_eq!(code(&first, subscribe(&"a".repeat(1_000))).await, -32603);
    assert_eq!(first.delete().await.status, StatusCode::NO_CONTENT);
    assert!(begin("x".repeat(1_000)).await.0.is_some());
}

#[tokio::test(start_paused = true)]
async fn watched_resources_are_counted_in_bytes() {
    let mut limits = Limits::new();
    limits.max_session_bytes = 3_000;
    let host = Host::with(HttpOptions::new(), limits);
    let client = host.session("2025-11-25").await;
    let uri = |number: u32| format!("file:///{number}/{}", "x".repeat(1_000));
    for _ in 0..10 {
        assert_eq!(code(&client, subscribe(&uri(1))).await, 0, "one URI is counted once");
    }
    assert_eq!(code(&client, subscribe(&uri(2))).await, 0);
    let refused = client.post(subscribe(&uri(3))).await.json().await;
    assert_eq!(refused["error"]["code"], -32602);
    let text = refused["error"]["message"].as_str().unwrap();
    assert!(text.contains("3000 bytes (max_session_bytes)"), "{text}");
    let mut unsubscribe = subscribe(&uri(1));
    unsubscribe["method"] = json!("resources/unsubscribe");
    for _ in 0..10 {
        assert_eq!(code(&client, unsubscribe.clone()).await, 0);
    }
    assert_eq!(code(&client, subscribe(&uri(3))).await, 0);
    assert_eq!(code(&client, subscribe(&uri(4))).await, -32602);
}
