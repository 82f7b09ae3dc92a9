//! Cancellations, sent and received, and how they cross with answers.

use mcp_core::ConnectionLimits;
use mcp_core::jsonrpc::RequestId;
use mcp_core::service::Service as _;
use serde_json::{Value, json};

use crate::support::{Harness, NonceMessages as _, nonce, request, until_idle};

fn cancel_of(id: impl Into<RequestId>) -> Value {
    json!({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId": id.into()}})
}

#[tokio::test(start_paused = true)]
async fn dropping_a_call_sends_exactly_one_cancellation() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    let ids: [RequestId; 3] = [1.into(), "one".into(), "é\"\n".into()];
    for id in ids {
        let call = harness.call(request(id.clone(), "echo", 1));
        assert_eq!(harness.wire.message().await["id"], json!(id));
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        assert_eq!(harness.wire.message().await, cancel_of(id.clone()));
        // The answer was already on its way.
        harness.wire.result(&json!(id), 1).await;
    }
    until_idle().await;
    assert_eq!(harness.wire.received().await, Vec::<Value>::new());
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn initialize_is_never_cancelled() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    let call = harness.call(request(1, "initialize", 1));
    harness.wire.message().await;
    call.abort();
    until_idle().await;
    assert_eq!(harness.remote.stats().pending, 0);
    harness.wire.result(&json!(1), 1).await;
    until_idle().await;
    assert_eq!(harness.wire.received().await, Vec::<Value>::new());
}

#[tokio::test(start_paused = true)]
async fn no_cancellation_is_sent_for_a_call_that_finished_or_was_never_sent() {
    let mut harness = Harness::with(&ConnectionLimits::default(), Default::default(), 64);
    // Dropping a finished future sends nothing.
    let call = harness.call(request(1, "echo", 1));
    harness.wire.message().await;
    harness.wire.result(&json!(1), 1).await;
    assert_eq!(nonce(&call.await.unwrap()), Some(1));
    // This one is never polled.
    drop(harness.remote.call(request(2, "echo", 2)));
    until_idle().await;
    assert_eq!(harness.wire.received().await, Vec::<Value>::new());
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_that_waits_for_outbox_space_leaves_no_trace() {
    let mut limits = ConnectionLimits::default();
    limits.max_outbox_bytes = 100;
    let mut harness = Harness::with(&limits, Default::default(), 16);
    let first = harness.call(request(1, "echo", 1));
    let second = harness.call(request(2, "echo", 2));
    until_idle().await;
    let third = harness.call(request(3, "echo", 3));
    until_idle().await;
    assert_eq!(harness.remote.stats().pending, 2, "the third must wait for outbox space");
    third.abort();
    for call in [first, second] {
        assert_eq!(harness.wire.message().await["method"], "echo");
        drop(call);
    }
    until_idle().await;
    assert_eq!(harness.wire.received().await, Vec::<Value>::new());
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_from_the_peer_drops_the_handler_without_an_answer() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    harness.wire.request(1, "hold", 10).await;
    harness.wire.request("1", "hold", 11).await;
    until_idle().await;
    assert_eq!(harness.local.log(), ["start 10", "start 11"]);
    harness.wire.cancel(1).await;
    until_idle().await;
    assert_eq!(harness.local.log(), ["drop 10"]);
    assert_eq!(harness.remote.stats().in_flight, 1);
    harness.local.release(10);
    harness.local.release(11);
    assert_eq!(harness.wire.message().await["id"], "1");
    until_idle().await;
    assert_eq!(harness.wire.received().await, Vec::<Value>::new());
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_that_crosses_the_answer_has_no_effect() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    harness.wire.request(1, "hold", 1).await;
    until_idle().await;
    harness.local.release(1);
    until_idle().await;
    for _ in 0..2 {
        harness.wire.cancel(1).await;
    }
    harness.wire.cancel("unknown").await;
    for malformed in ["null", "[]", "1.5", "{}"] {
        let params = format!(r#"{{"requestId":{malformed}}}"#);
        harness
            .wire
            .send_line(format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{params}}}"#
            ))
            .await;
    }
    harness.wire.send_line(r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#).await;
    harness.wire.request(2, "echo", 2).await;
    assert_eq!(harness.wire.message().await["id"], 1);
    assert_eq!(harness.wire.message().await["id"], 2);
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn the_id_of_a_cancelled_call_can_be_reused() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    for round in 0..100 {
        harness.wire.request(1, "hold", round).await;
        until_idle().await;
        harness.wire.cancel(1).await;
        // The old handler finishes in the moment in which it is cancelled, and must not answer for
        // the new one.
        harness.local.release(round);
    }
    harness.wire.request(1, "echo", 1_000).await;
    assert_eq!(harness.wire.message().await["result"]["n"], 1_000);
    until_idle().await;
    assert_eq!(harness.wire.received().await, Vec::<Value>::new());
    harness.assert_nothing_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancellations_that_race_with_answers_leave_nothing_behind() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    for round in 0..2_000_u64 {
        harness.wire.request(round as i64, "hold", round).await;
        harness.local.release(round);
        harness.wire.cancel(round as i64).await;
    }
    harness.wire.request("last", "echo", 1).await;
    let mut answered = std::collections::HashSet::new();
    loop {
        let message = harness.wire.message().await;
        if message["id"] == "last" {
            break;
        }
        assert_eq!(message["result"]["n"], message["id"]);
        assert!(answered.insert(message["id"].as_u64()), "answered twice: {message}");
    }
    let Harness { mut wire, driver, remote, .. } = harness;
    wire.close();
    let _ = driver.await;
    assert_eq!(remote.stats(), Default::default());
}

#[tokio::test(start_paused = true)]
async fn cancellations_are_processed_while_all_capacity_is_used_and_nothing_is_read() {
    let mut limits = ConnectionLimits::default();
    (limits.max_in_flight_requests, limits.max_queued_requests, limits.max_outbox_bytes) =
        (4, 4, 1_000);
    let mut harness = Harness::with(&limits, Default::default(), 4_096);
    for id in 0..8 {
        harness.wire.request(id, "hold", id as u64).await;
    }
    harness.wire.request(100, "size", 50_000).await; // Refused: the queue is full.
    until_idle().await;
    harness.local.log();
    harness.wire.cancel(2).await;
    harness.wire.cancel(6).await;
    until_idle().await;
    let mut log = harness.local.log();
    log.sort();
    assert_eq!(log, ["drop 2", "start 4"]);
    assert_eq!(harness.remote.stats().in_flight, 4);
    for id in 0..8 {
        harness.local.release(id);
    }
    until_idle().await;
    let mut answered: Vec<_> =
        harness.wire.received().await.iter().map(|message| message["id"].as_i64()).collect();
    answered.sort_unstable();
    assert_eq!(answered, [0, 1, 3, 4, 5, 7, 100].map(Some));
    harness.assert_nothing_left().await;
}
