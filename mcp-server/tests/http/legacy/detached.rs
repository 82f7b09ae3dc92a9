//! Calls that go on after their client has disconnected.

use std::time::Duration;

use http::StatusCode;
use mcp_server::http::HttpOptions;
use mcp_server::{Limits, Principal};
use mcp_test_support::settle;
use serde_json::json;

use super::harness::Host;

#[tokio::test(start_paused = true)]
async fn calls_without_a_client_do_not_keep_others_out() {
    let mut limits = Limits::new();
    limits.http.max_in_flight_requests = 4;
    let host = Host::with(HttpOptions::new(), limits);
    let client = host.session("2025-11-25").await;
    for id in 0..4 {
        let mut answer = client.call(id, "ask", json!({"question": "name?"})).await;
        assert_eq!(answer.message().await.unwrap().1["method"], "elicitation/create");
    }
    // Those that disconnect before the response begins count as well.
    let slow = client.call(9, "slow", json!({"ms": 60_000}));
    assert!(tokio::time::timeout(Duration::from_secs(1), slow).await.is_err());
    let other = host.session("2025-11-25").await;
    for id in 0..4 {
        assert_eq!(other.call(id, "echo", json!({"text": "x"})).await.tool_text().await, "x");
    }
}

#[tokio::test(start_paused = true)]
async fn they_have_limits_and_the_client_learns_why_its_call_was_cancelled() {
    for (per_session, per_principal, all, limit) in [
        (2, 9, 9, "max_detached_calls_per_session"),
        (9, 2, 9, "max_detached_calls_per_principal"),
        (9, 9, 2, "max_detached_calls)"),
    ] {
        let mut limits = Limits::new();
        limits.http.max_detached_calls_per_session = per_session;
        limits.http.max_detached_calls_per_principal = per_principal;
        limits.http.max_detached_calls = all;
        let host = Host::with(HttpOptions::new(), limits);
        let mut client = host.client();
        client.principal = Some(Principal::new("alice"));
        client.initialize("2025-11-25").await;
        let mut last = String::new();
        for id in 0..3 {
            let mut answer = client.call(id, "slow", json!({"ms": 60_000})).await;
            last = answer.event().await.unwrap().id.unwrap();
        }
        settle().await;
        assert_eq!((host.log.finished(), host.log.dropped()), (0, 1), "{limit}");
        let messages = client.resume(&last).await.messages().await;
        let error = messages[0]["error"]["message"].as_str().unwrap();
        assert!(error.contains("the client disconnected") && error.contains(limit), "{error}");
        // The others go on, and their places come back.
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!((host.log.finished(), host.log.dropped()), (2, 1), "{limit}");
        drop(client.call(4, "slow", json!({"ms": 60_000})).await);
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!((host.log.finished(), host.log.dropped()), (3, 1), "{limit}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_delivered_is_not_worked_on() {
    for options in [HttpOptions::new().no_event_store(), HttpOptions::new().stateless()] {
        let is_stateless = format!("{options:?}").contains("stateless: true");
        let host = Host::with(options, Limits::new());
        let mut client = host.client();
        if !is_stateless {
            client.initialize("2025-11-25").await;
        }
        let slow = client.call(1, "slow", json!({"ms": 60_000}));
        assert!(tokio::time::timeout(Duration::from_secs(1), slow).await.is_err(), "no head yet");
        settle().await;
        assert_eq!(host.log.dropped(), 1, "stateless: {is_stateless}");
        drop(client.call(2, "slow", json!({"ms": 60_000})).await);
        settle().await;
        assert_eq!(host.log.dropped(), 2, "stateless: {is_stateless}");
        let text = client.call(3, "slow", json!({"ms": 10_000})).await.tool_text().await;
        assert_eq!(text, "slept 10000 ms", "who stays gets an answer");
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_detached_as_a_whole() {
    let mut limits = Limits::new();
    limits.http.max_in_flight_requests = 1;
    let host = Host::with(HttpOptions::new().no_event_store(), limits);
    let client = host.session("2025-03-26").await;
    let call = |id: u64| mcp_test_support::message::call(id, "slow", json!({"ms": 60_000}));
    drop(client.post(json!([call(1), call(2)])).await);
    settle().await;
    assert_eq!(host.log.dropped(), 2);
    assert_eq!(client.call(3, "echo", json!({"text": "x"})).await.tool_text().await, "x");
}

#[tokio::test(start_paused = true)]
async fn a_question_that_no_client_can_read_fails_at_once() {
    let host = Host::with(HttpOptions::new().no_event_store(), Limits::new());
    let client = host.session("2025-11-25").await;
    let began = tokio::time::Instant::now();
    let standalone = client.get().await;
    client.call(1, "ask_later", json!({})).await.tool_text().await;
    tokio::time::sleep(Duration::from_secs(2)).await; // It is on the standalone stream now.
    assert_eq!(host.log.lines(), Vec::<String>::new());
    drop(standalone);
    settle().await;
    assert!(host.log.lines()[0].contains("no answer arrived"), "{:?}", host.log.lines());
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn a_principal_has_a_share_of_the_requests_in_flight() {
    let mut limits = Limits::new();
    limits.http.max_in_flight_requests_per_principal = 1;
    let host = Host::with(HttpOptions::new(), limits);
    let mut client = host.client();
    client.principal = Some(Principal::new("alice"));
    client.initialize("2025-11-25").await;
    let held = client.call(1, "slow", json!({"ms": 60_000})).await;
    let refused = client.call(2, "echo", json!({"text": "x"})).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let mut other = host.client();
    other.principal = Some(Principal::new("bob"));
    other.initialize("2025-11-25").await;
    assert_eq!(other.call(1, "echo", json!({"text": "x"})).await.tool_text().await, "x");
    drop(held);
    assert_eq!(client.call(3, "echo", json!({"text": "x"})).await.tool_text().await, "x");
}
