//! How many sessions there may be, and for how long.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use mcp_server::http::HttpOptions;
use mcp_server::tool::ToolRoute;
use mcp_server::{Limits, Principal, Server};
use mcp_test_support::message::call;
use mcp_test_support::settle;
use serde_json::json;

use super::harness::{Client, Host, initialize};

fn host(sessions: usize, per_principal: usize) -> Host {
    let mut limits = Limits::new();
    limits.http.max_sessions = sessions;
    limits.http.max_sessions_per_principal = per_principal;
    Host::with(HttpOptions::new(), limits)
}

async fn is_alive(client: &Client) -> bool {
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    client.post(ping).await.status == StatusCode::OK
}

#[tokio::test(start_paused = true)]
async fn sessions_are_capped_and_places_come_back() {
    let host = host(3, 2);
    let sessions = [
        host.session("2025-11-25").await,
        host.session("2025-11-25").await,
        host.session("2025-11-25").await,
    ];
    let refused = host.client().post(initialize("2025-11-25")).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.header("retry-after").is_some());
    assert!(refused.header("mcp-session-id").is_none());
    sessions[1].delete().await;
    let another = host.session("2025-11-25").await;
    assert!(
        is_alive(&another).await && is_alive(&sessions[0]).await && !is_alive(&sessions[1]).await
    );
    // Idle ones are ended for new ones.
    tokio::time::advance(Duration::from_secs(301)).await;
    host.session("2025-11-25").await;
}

#[tokio::test(start_paused = true)]
async fn a_principal_has_a_share() {
    let host = host(100, 2);
    let mut client = host.client();
    client.principal = Some(Principal::new("alice"));
    for _ in 0..2 {
        client.session = None;
        client.initialize("2025-11-25").await;
    }
    let mut greedy = client.clone();
    greedy.session = None;
    let refused = greedy.post(initialize("2025-11-25")).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    greedy.principal = Some(Principal::new("bob"));
    greedy.initialize("2025-11-25").await;
    client.delete().await;
    client.session = None;
    client.initialize("2025-11-25").await;
}

#[tokio::test(start_paused = true)]
async fn idle_sessions_end() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let abandoned = {
        let mut client = host.client();
        client.session = client.post(initialize("2025-11-25")).await.header("mcp-session-id");
        client
    };
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!(!is_alive(&abandoned).await, "it never came back after initialize");
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_secs(280)).await;
        assert!(is_alive(&client).await);
    }
    tokio::time::sleep(Duration::from_secs(301)).await;
    assert!(!is_alive(&client).await);
}

#[tokio::test(start_paused = true)]
async fn a_session_in_which_something_goes_on_is_not_idle() {
    let host = Host::new();
    let calling = host.session("2025-11-25").await;
    let listening = host.session("2025-11-25").await;
    let stream = listening.get().await;
    let stream = tokio::spawn(stream.text()); // Keep-alives are read.
    let call = calling.call(1, "slow", json!({"ms": 3_600_000})).await;
    drop(call); // The call goes on.
    tokio::time::sleep(Duration::from_secs(3_500)).await;
    assert!(is_alive(&calling).await && is_alive(&listening).await);
    stream.abort();
    tokio::time::sleep(Duration::from_secs(500)).await;
    assert_eq!(host.log.finished(), 1);
    assert!(!is_alive(&listening).await);
    assert!(!is_alive(&calling).await);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_finds_no_room_is_not_begun() {
    let mut limits = Limits::new();
    limits.connection.max_in_flight_requests = 1;
    let host = Host::with(HttpOptions::new(), limits);
    let client = host.session("2025-11-25").await;
    let first = {
        let client = client.clone();
        tokio::spawn(
            async move { client.call(1, "slow", json!({"ms": 1_000})).await.tool_text().await },
        )
    };
    settle().await;
    let refused = client.call(2, "slow", json!({"ms": 0})).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.json().await["id"], 2);
    assert_eq!(host.log.dropped(), 0, "it was begun, and may have done something");
    assert_eq!(first.await.unwrap(), "slept 1000 ms");
    assert_eq!(client.call(4, "echo", json!({"text": "x"})).await.tool_text().await, "x");
}

#[tokio::test(start_paused = true)]
async fn a_call_has_its_place_before_its_handler_begins() {
    let nested = Arc::new(Mutex::new(None::<Client>));
    let status = Arc::new(Mutex::new(None));
    let tool = {
        let (nested, status) = (Arc::clone(&nested), Arc::clone(&status));
        ToolRoute::builder("nest").handler(move || {
            let (nested, status) = (Arc::clone(&nested), Arc::clone(&status));
            async move {
                let client = nested.lock().unwrap().take();
                if let Some(client) = client {
                    let answer = client.call(2, "nest", json!({})).await;
                    *status.lock().unwrap() = Some(answer.status);
                }
                "nested"
            }
        })
    };
    let mut limits = Limits::new();
    limits.connection.max_in_flight_requests = 1;
    let service = Server::builder("nest", "1").tool(tool).limits(limits).into_service().unwrap();
    let mut client = Client::of(&service);
    client.initialize("2025-11-25").await;
    *nested.lock().unwrap() = Some(client.clone());
    assert_eq!(client.post(call(1, "nest", json!({}))).await.tool_text().await, "nested");
    assert_eq!(*status.lock().unwrap(), Some(StatusCode::SERVICE_UNAVAILABLE));
}
