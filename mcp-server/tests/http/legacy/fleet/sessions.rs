//! A session that several instances serve.

use std::time::Duration;

use http::StatusCode;
use mcp_server::Principal;
use serde_json::json;

use super::{Shared, arrive, level};
use crate::legacy::harness::initialize;

#[tokio::test(start_paused = true)]
async fn a_session_begun_at_one_instance_works_at_the_others() {
    let shared = Shared::new();
    let [a, b, late] = [(); 3].map(|()| shared.host());
    let client = a.session("2025-11-25").await;
    for host in [&b, &late, &a, &b] {
        let answer = client.at(host).call(1, "echo", json!({"text": "here"})).await;
        assert_eq!(answer.tool_text().await, "here");
    }
    drop((a, b));
    let answer = client.at(&late).call(1, "echo", json!({"text": "still"})).await;
    assert_eq!(answer.tool_text().await, "still");
}

#[tokio::test(start_paused = true)]
async fn a_session_is_its_principals_at_every_instance() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let mut ann = a.client();
    ann.principal = Some(Principal::new("ann"));
    ann.initialize("2025-11-25").await;
    let at_b = ann.at(&b);
    for (principal, status) in
        [(Some("bob"), 404), (None, 404), (Some("ann"), 200), (Some("bob"), 404), (None, 404)]
    {
        let mut client = at_b.clone();
        client.principal = principal.map(Principal::new);
        let answer = client.call(1, "whoami", json!({})).await;
        assert_eq!(answer.status, status, "{principal:?}");
        if status == 200 {
            assert_eq!(answer.tool_text().await, "ann");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_reaches_the_handler_that_asked_at_another_instance() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    let mut call = client.call(1, "ask", json!({"question": "Who?"})).await;
    let (_, question) = call.message().await.unwrap();
    let answer = json!({
        "jsonrpc": "2.0", "id": question["id"],
        "result": {"action": "accept", "content": {"name": "Ann"}}
    });
    // An id that another session received is not accepted.
    let stranger = a.session("2025-11-25").await;
    let refused = stranger.at(&b).post(answer.clone()).await;
    assert_eq!(refused.status, StatusCode::ACCEPTED);
    assert_eq!(client.at(&b).post(answer.clone()).await.status, StatusCode::ACCEPTED);
    assert_eq!(call.tool_text().await, r#"name "Ann""#);
    // The second one is late.
    assert_eq!(client.at(&b).post(answer).await.status, StatusCode::ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_reaches_the_call_at_another_instance() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.call(7, "slow", json!({"ms": 60_000})).await }
    });
    arrive().await;
    let cancel = json!({
        "jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}
    });
    assert_eq!(client.at(&b).post(cancel).await.status, StatusCode::ACCEPTED);
    drop(call.await.unwrap());
    assert_eq!((a.log.dropped(), a.log.finished()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_ended_at_one_instance_is_ended_at_all() {
    let shared = Shared::new();
    let (a, b, c) = (shared.host(), shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    let mut stream = client.get().await;
    client.at(&b).call(1, "echo", json!({"text": "x"})).await.tool_text().await;
    assert_eq!(client.at(&b).delete().await.status, StatusCode::NO_CONTENT);
    assert!(stream.event().await.unwrap().data.is_empty());
    assert!(stream.message().await.is_none(), "its stream has ended");
    for host in [&a, &b, &c] {
        let answer = client.at(host).call(2, "echo", json!({"text": "x"})).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_client_sets_holds_at_every_instance() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    client.at(&b).call(1, "echo", json!({"text": "x"})).await.tool_text().await;
    level(&client, "error").await;
    arrive().await;
    let c = shared.host(); // It restores the session with the level.
    for host in [&a, &b, &c] {
        let answer = client.at(host).call(2, "burst", json!({"to": 3})).await;
        assert!(!answer.is_stream(), "warnings are below the level");
    }
    level(&client.at(&c), "warning").await;
    arrive().await;
    for host in [&a, &b, &c] {
        let answer = client.at(host).call(2, "burst", json!({"to": 3})).await;
        assert_eq!(answer.messages().await.len(), 4);
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_lasts_as_long_as_any_instance_is_used() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_secs(100)).await;
        client.at(&b).call(1, "echo", json!({"text": "x"})).await.tool_text().await;
    }
    // Here it is idle for longer than a session lasts.
    client.call(1, "echo", json!({"text": "x"})).await.tool_text().await;
    tokio::time::sleep(Duration::from_secs(451)).await;
    for host in [&a, &b] {
        let answer = client.at(host).call(1, "echo", json!({"text": "x"})).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    let unused = a.client().post(initialize("2025-11-25")).await;
    let mut abandoned = a.client();
    abandoned.session = unused.header("mcp-session-id");
    tokio::time::sleep(Duration::from_secs(11)).await;
    let answer = abandoned.at(&b).call(1, "echo", json!({"text": "x"})).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "its client did not come back");
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_stream_is_read_does_not_expire() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    let mut stream = client.get().await;
    assert!(tokio::time::timeout(Duration::from_secs(3_000), stream.message()).await.is_err());
    let answer = client.at(&b).call(1, "echo", json!({"text": "x"})).await;
    assert_eq!(answer.tool_text().await, "x");
}
