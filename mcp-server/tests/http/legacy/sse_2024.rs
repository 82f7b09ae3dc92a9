//! HTTP+SSE of 2024-11-05.

use http::{Method, StatusCode};
use mcp_server::http::HttpOptions;
use mcp_server::{Limits, Principal};
use serde_json::{Value, json};

use super::harness::{Client, Host, call, initialize, text_of};

fn host() -> Host {
    Host::with(HttpOptions::new().http_sse(), Limits::for_server())
}

async fn post(client: &Client, endpoint: &str, message: &Value) -> StatusCode {
    // Pretty, so that it has line breaks.
    let body = serde_json::to_string_pretty(message).unwrap();
    client.send_to(&format!("/{endpoint}"), Method::POST, &[], body).await.status
}

#[tokio::test(start_paused = true)]
async fn a_conversation() {
    let host = host();
    let client = host.client();
    let mut stream = client.send_to("/sse", Method::GET, &[], String::new()).await;
    assert!(stream.is_stream());
    let first = stream.event().await.unwrap();
    assert_eq!(first.name.as_deref(), Some("endpoint"));
    let endpoint = String::from_utf8(first.data.to_vec()).unwrap();
    assert!(endpoint.starts_with("messages?sessionId="));
    let posted = async {
        assert_eq!(post(&client, &endpoint, &initialize("2024-11-05")).await, StatusCode::ACCEPTED);
        assert_eq!(
            post(&client, &endpoint, &call(1, "burst", json!({"to": 2}))).await,
            StatusCode::ACCEPTED
        );
        assert_eq!(
            post(&client, &endpoint, &call(2, "echo", json!({"text": "x"}))).await,
            StatusCode::ACCEPTED
        );
        assert_eq!(
            post(&client, &endpoint, &json!({"jsonrpc": "1.0"})).await,
            StatusCode::BAD_REQUEST
        );
    };
    posted.await;
    let mut messages = Vec::new();
    for _ in 0..5 {
        messages.push(stream.message().await.unwrap().1);
    }
    assert_eq!(messages[0]["result"]["protocolVersion"], "2024-11-05");
    let result = |id: i64| {
        messages.iter().find(|message| message["id"] == id && message["result"].is_object())
    };
    assert_eq!(text_of(result(1).unwrap()), "counted to 2");
    assert_eq!(text_of(result(2).unwrap()), "x");
    host.handle.tools_changed();
    assert_eq!(stream.message().await.unwrap().1["method"], "notifications/tools/list_changed");
    let mut thief = client.clone();
    thief.principal = Some(Principal::new("eve"));
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    assert_eq!(post(&thief, &endpoint, &ping).await, StatusCode::NOT_FOUND);
    assert_eq!(post(&client, "messages?sessionId=1", &ping).await, StatusCode::NOT_FOUND);
    assert_eq!(post(&client, "messages", &ping).await, StatusCode::BAD_REQUEST);
    drop(stream);
    assert_eq!(
        post(&client, &endpoint, &ping).await,
        StatusCode::NOT_FOUND,
        "it ends when the client leaves"
    );
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_the_server_shuts_down() {
    let host = host();
    let stream = host.client().send_to("/sse", Method::GET, &[], String::new()).await;
    host.service.close();
    assert!(stream.text().await.starts_with("event: endpoint\n"));
}

#[tokio::test]
async fn it_is_there_only_when_asked_for() {
    let answer = Host::new().client().send_to("/sse", Method::GET, &[], String::new()).await;
    assert_eq!(
        answer.status,
        StatusCode::BAD_REQUEST,
        "a GET of Streamable HTTP, without its session"
    );
}
