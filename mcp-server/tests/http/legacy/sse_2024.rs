//! HTTP+SSE of 2024-11-05.

use http::{Method, StatusCode};
use mcp_server::http::HttpOptions;
use mcp_server::{Limits, Principal};
use mcp_test_support::message::{call, modern, result_of, text_of};
use mcp_test_support::settle;
use serde_json::{Value, json};

use super::harness::{Answer, Client, Host, initialize};

fn host() -> Host {
    #[expect(deprecated, reason = "the expectation tests that the option warns (DEP-1)")]
    let options = HttpOptions::new().http_sse();
    Host::with(options, Limits::new())
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
    assert_eq!(text_of(result_of(result(1).unwrap())), "counted to 2");
    assert_eq!(text_of(result_of(result(2).unwrap())), "x");
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

/// Opens a stream, and returns it with its endpoint.
async fn open(client: &Client) -> (Answer, String) {
    let mut stream = client.send_to("/sse", Method::GET, &[], String::new()).await;
    assert_eq!(stream.status, StatusCode::OK);
    let endpoint = String::from_utf8(stream.event().await.unwrap().data.to_vec()).unwrap();
    (stream, endpoint)
}

async fn begin(client: &Client, revision: &str) -> (Answer, String) {
    let (mut stream, endpoint) = open(client).await;
    assert_eq!(post(client, &endpoint, &initialize(revision)).await, StatusCode::ACCEPTED);
    assert_eq!(stream.message().await.unwrap().1["result"]["protocolVersion"], revision);
    (stream, endpoint)
}

#[tokio::test(start_paused = true)]
async fn its_calls_count_among_all_requests_in_flight() {
    let mut limits = Limits::new();
    limits.http.max_in_flight_requests = 2;
    let host = Host::with(HttpOptions::new().http_sse(), limits);
    let client = host.client();
    let (mut first, endpoint) = begin(&client, "2024-11-05").await;
    let (second, other) = begin(&client, "2024-11-05").await;
    let slow = call(1, "slow", json!({"ms": 60_000}));
    assert_eq!(post(&client, &endpoint, &slow).await, StatusCode::ACCEPTED);
    assert_eq!(post(&client, &other, &slow).await, StatusCode::ACCEPTED);
    let ping = json!({"jsonrpc": "2.0", "id": 2, "method": "ping"});
    assert_eq!(post(&client, &endpoint, &ping).await, StatusCode::SERVICE_UNAVAILABLE);
    let refused = host.client().post(initialize("2025-11-25")).await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.json().await["id"], initialize("2025-11-25")["id"]);
    drop(second); // The calls of a stream end with it.
    settle().await;
    assert_eq!(host.log.dropped(), 1);
    assert_eq!(post(&client, &endpoint, &ping).await, StatusCode::ACCEPTED);
    assert_eq!(first.message().await.unwrap().1["id"], 2);
}

#[tokio::test(start_paused = true)]
async fn its_streams_count_among_the_sessions() {
    let mut limits = Limits::new();
    limits.http.max_sessions = 3;
    limits.http.max_sessions_per_principal = 2;
    let host = Host::with(HttpOptions::new().http_sse(), limits);
    let mut client = host.client();
    client.principal = Some(Principal::new("alice"));
    let streams = [open(&client).await, open(&client).await];
    let refused = client.send_to("/sse", Method::GET, &[], String::new()).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(client.post(initialize("2025-11-25")).await.status, StatusCode::TOO_MANY_REQUESTS);
    let other = host.client();
    let held = open(&other).await;
    let refused = other.send_to("/sse", Method::GET, &[], String::new()).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    drop((streams, held));
    open(&client).await;
}

#[tokio::test(start_paused = true)]
async fn its_sessions_and_those_of_streamable_http_are_not_confused() {
    let host = host();
    let client = host.client();
    let (_stream, endpoint) = begin(&client, "2024-11-05").await;
    let mut confused = host.client();
    confused.session = Some(endpoint.split_once('=').unwrap().1.to_owned());
    assert_eq!(confused.call(1, "echo", json!({"text": "x"})).await.status, StatusCode::NOT_FOUND);
    assert_eq!(confused.delete().await.status, StatusCode::NOT_FOUND);
    let session = host.session("2025-11-25").await.session.unwrap();
    let ping = json!({"jsonrpc": "2.0", "id": 2, "method": "ping"});
    let status = post(&client, &format!("messages?sessionId={session}"), &ping).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn modern_messages_are_refused() {
    let host = host();
    let client = host.client();
    let (mut stream, endpoint) = begin(&client, "2025-03-26").await;
    let modern = modern(call(1, "slow", json!({"ms": 1})));
    let path = format!("/{endpoint}");
    let refused = client.send_to(&path, Method::POST, &[], modern.to_string()).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let refused = refused.json().await;
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(1), &json!(-32600)));
    let headers = [("mcp-protocol-version", "2026-07-28")];
    let ping = json!({"jsonrpc": "2.0", "id": 2, "method": "ping"});
    let refused = client.send_to(&path, Method::POST, &headers, ping.to_string()).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(post(&client, &endpoint, &json!([modern, ping])).await, StatusCode::ACCEPTED);
    let (_, answers) = stream.message().await.unwrap();
    assert_eq!(answers[0]["error"]["code"], -32600);
    assert_eq!(answers[1]["result"], json!({}));
    assert_eq!(host.log.finished(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_handler_sees_the_request_that_its_call_came_in() {
    let host = host();
    let client = host.client();
    let (mut stream, endpoint) = begin(&client, "2024-11-05").await;
    for agent in ["first", "second"] {
        let body = call(1, "agent", json!({})).to_string();
        let headers = [("user-agent", agent)];
        let path = format!("/{endpoint}");
        let accepted = client.send_to(&path, Method::POST, &headers, body).await;
        assert_eq!(accepted.status, StatusCode::ACCEPTED);
        assert_eq!(text_of(result_of(&stream.message().await.unwrap().1)), agent);
    }
}

#[tokio::test(start_paused = true)]
async fn questions_and_cancellations_travel_on_it() {
    let host = host();
    let client = host.client();
    let (mut stream, endpoint) = begin(&client, "2025-11-25").await;
    post(&client, &endpoint, &call(1, "ask", json!({"question": "name?"}))).await;
    let (_, question) = stream.message().await.unwrap();
    assert_eq!(question["method"], "elicitation/create");
    let result = json!({"action": "accept", "content": {"name": "Ann"}});
    let answer = json!({"jsonrpc": "2.0", "id": question["id"], "result": result});
    assert_eq!(post(&client, &endpoint, &answer).await, StatusCode::ACCEPTED);
    assert_eq!(text_of(result_of(&stream.message().await.unwrap().1)), "name \"Ann\"");
    post(&client, &endpoint, &call(2, "slow", json!({"ms": 60_000}))).await;
    let cancel =
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 2}});
    post(&client, &endpoint, &cancel).await;
    settle().await;
    assert_eq!(host.log.dropped(), 1);
}

#[tokio::test(start_paused = true)]
async fn calls_are_answered_before_it_shuts_down() {
    let host = host();
    let client = host.client();
    let (stream, endpoint) = begin(&client, "2024-11-05").await;
    post(&client, &endpoint, &call(1, "slow", json!({"ms": 2_000}))).await;
    host.service.close();
    let messages = stream.messages().await;
    assert_eq!(text_of(result_of(&messages[0])), "slept 2000 ms");
}

#[tokio::test(start_paused = true)]
async fn nothing_of_it_is_left_when_the_client_disconnects() {
    let host = host();
    let client = host.client();
    let (stream, endpoint) = begin(&client, "2024-11-05").await;
    post(&client, &endpoint, &call(1, "slow", json!({"ms": 3_600_000}))).await;
    drop(stream);
    tokio::time::sleep(std::time::Duration::from_secs(300)).await; // Virtual.
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}
