//! The limits of what is accepted from the peer, and of pending calls.

use mcp_core::ConnectionLimits;
use serde_json::{Value, json};

use crate::support::{Harness, NonceMessages as _, nonce, request, until_idle};

#[tokio::test(start_paused = true)]
async fn a_flood_of_calls_is_bounded_and_every_call_is_answered() {
    let limits = ConnectionLimits::default();
    let mut harness = Harness::with(&limits, Default::default(), 16 << 20);
    for id in 0..20_000 {
        harness.wire.request(id, "hold", id as u64).await;
    }
    until_idle().await;
    assert_eq!(harness.remote.stats().in_flight, limits.max_in_flight_requests);
    for id in 0..20_000 {
        harness.local.release(id);
    }
    until_idle().await;
    let (mut results, mut retryable) = (0, 0);
    let mut seen = std::collections::HashSet::new();
    for answer in harness.wire.received().await {
        assert!(seen.insert(answer["id"].as_u64()), "answered twice: {answer}");
        if answer.get("result").is_some() {
            assert_eq!(answer["result"]["n"], answer["id"]);
            results += 1;
        } else {
            assert_eq!(answer["error"]["data"], json!({"retryable": true}), "{answer}");
            retryable += 1;
        }
    }
    assert_eq!(
        (results, retryable),
        (limits.max_in_flight_requests + limits.max_queued_requests, 20_000 - 256 - 1_024)
    );
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn queued_calls_are_bounded_in_bytes_and_start_in_order() {
    let mut limits = ConnectionLimits::default();
    (limits.max_in_flight_requests, limits.max_queued_bytes) = (1, 1_000);
    let mut harness = Harness::new(&limits);
    harness.wire.request(0, "hold", 0).await;
    for id in 1..=5 {
        let params = format!(r#"{{"n":{id},"pad":"{}"}}"#, "x".repeat(400));
        harness
            .wire
            .send_line(format!(
                r#"{{"jsonrpc":"2.0","id":{id},"method":"hold","params":{params}}}"#
            ))
            .await;
    }
    until_idle().await;
    // The third request exceeds the limit, and the ones after it find it exceeded.
    let refused: Vec<_> =
        harness.wire.received().await.iter().map(|message| message["id"].as_i64()).collect();
    assert_eq!(refused, [Some(4), Some(5)]);
    for id in 0..4 {
        harness.local.release(id);
        until_idle().await;
    }
    let order: Vec<_> =
        harness.wire.received().await.iter().map(|message| message["id"].as_i64()).collect();
    assert_eq!(order, [0, 1, 2, 3].map(Some));
    // The bytes are released.
    harness.wire.request(6, "hold", 6).await;
    harness.wire.request(7, "echo", 7).await;
    until_idle().await;
    harness.local.release(6);
    until_idle().await;
    assert_eq!(harness.wire.received().await.len(), 2);
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn an_id_in_use_is_refused_while_its_call_is_running_or_queued() {
    let mut limits = ConnectionLimits::default();
    limits.max_in_flight_requests = 1;
    let mut harness = Harness::new(&limits);
    harness.wire.request(1, "hold", 1).await;
    harness.wire.request(2, "hold", 2).await;
    for id in [1, 2] {
        harness.wire.request(id, "hold", 9).await;
        let refused = harness.wire.message().await;
        assert_eq!(
            (refused["id"].as_i64(), refused["error"]["code"].as_i64()),
            (Some(id), Some(-32600))
        );
    }
    for nonce in [1, 2] {
        harness.local.release(nonce);
        assert_eq!(harness.wire.message().await["result"]["n"], nonce);
    }
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn pending_calls_of_this_side_are_bounded() {
    let mut limits = ConnectionLimits::default();
    limits.max_pending_requests = 3;
    let mut harness = Harness::new(&limits);
    let calls: Vec<_> = (0..4).map(|id| harness.call(request(id, "echo", 0))).collect();
    until_idle().await;
    assert_eq!(harness.remote.stats().pending, 3);
    let questions = harness.wire.received().await;
    assert_eq!(questions.len(), 3);
    for question in &questions {
        harness.wire.result(&question["id"], 5).await;
    }
    let mut outcomes = Vec::new();
    for call in calls {
        outcomes.push(nonce(&call.await.unwrap()));
    }
    assert_eq!(outcomes, [Some(5), Some(5), Some(5), None]);
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_notification_delays_only_the_messages_after_it() {
    let mut harness = Harness::with(&ConnectionLimits::default(), Default::default(), 4_096);
    harness.wire.request(1, "hold", 1).await;
    harness.wire.notify("slow", 2).await;
    harness.wire.notify("event", 3).await;
    harness.wire.request(4, "echo", 4).await;
    until_idle().await;
    assert_eq!(harness.local.log(), ["start 1"]);
    // A running call still finishes and is answered.
    harness.local.release(1);
    assert_eq!(harness.wire.message().await["id"], 1);
    // The peer is blocked by its own full pipe, not by a growing buffer on this side.
    let flood = vec![b'\n'; 1 << 20];
    let stuck =
        tokio::time::timeout(std::time::Duration::from_secs(5), harness.wire.send_bytes(&flood))
            .await;
    assert!(stuck.is_err(), "1 MiB was read while a notification is being handled");
    assert_eq!(harness.wire.received().await, Vec::<Value>::new());
    harness.local.release(2);
    assert_eq!(harness.wire.message().await["id"], 4);
    assert_eq!(harness.local.log(), ["end 1", "slow 2", "event 3"]);
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn an_overlong_result_or_request_fails_only_its_own_call() {
    let mut limits = ConnectionLimits::default();
    limits.max_outgoing_bytes = 1_000;
    let mut harness = Harness::new(&limits);
    harness.wire.request(1, "size", 2_000).await;
    harness.wire.request(2, "size", 900).await;
    let refused = harness.wire.message().await;
    assert_eq!(
        (refused["id"].as_i64(), refused["error"]["code"].as_i64()),
        (Some(1), Some(-32603))
    );
    assert!(harness.wire.message().await.get("result").is_some());
    let mut long = request(1, "echo", 1);
    long.params =
        mcp_core::json::JsonBytes::new(&json!({"pad": "x".repeat(1_000)})).unwrap().into();
    assert!(harness.call(long).await.unwrap().is_err());
    assert_eq!(harness.remote.stats().pending, 0);
    harness.assert_nothing_left().await;
}
