//! Cancels, sent and received, and the ways in which they cross with answers.

use mcp_core::Limits;
use mcp_core::jsonrpc::RequestId;
use mcp_core::service::Service as _;
use serde_json::{Value, json};

use crate::support::{Bench, idle, nonce, request};

fn cancel_of(id: impl Into<RequestId>) -> Value {
    json!({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId": id.into()}})
}

#[tokio::test(start_paused = true)]
async fn dropping_a_call_tells_the_peer_exactly_once() {
    let mut bench = Bench::new(&Limits::default());
    let ids: [RequestId; 3] = [1.into(), "one".into(), "é\"\n".into()];
    for id in ids {
        let call = bench.call(request(id.clone(), "echo", 1));
        assert_eq!(bench.wire.message().await["id"], json!(id));
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        assert_eq!(bench.wire.message().await, cancel_of(id.clone()));
        // The answer was on its way already.
        bench.wire.result(&json!(id), 1).await;
    }
    idle().await;
    assert_eq!(bench.wire.arrived().await, Vec::<Value>::new());
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn initialize_is_never_cancelled() {
    let mut bench = Bench::new(&Limits::default());
    let call = bench.call(request(1, "initialize", 1));
    bench.wire.message().await;
    call.abort();
    idle().await;
    assert_eq!(bench.remote.stats().pending, 0);
    bench.wire.result(&json!(1), 1).await;
    idle().await;
    assert_eq!(bench.wire.arrived().await, Vec::<Value>::new());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_for_a_call_that_ended_or_never_left() {
    let mut bench = Bench::with(&Limits::default(), Default::default(), 64);
    // Ended: dropping a future that is done says nothing.
    let call = bench.call(request(1, "echo", 1));
    bench.wire.message().await;
    bench.wire.result(&json!(1), 1).await;
    assert_eq!(nonce(&call.await.unwrap()), Some(1));
    // Never polled.
    drop(bench.remote.call(request(2, "echo", 2)));
    idle().await;
    assert_eq!(bench.wire.arrived().await, Vec::<Value>::new());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_room_leaves_no_trace_when_it_is_dropped() {
    let mut limits = Limits::default();
    limits.outbox_bytes = 100;
    let mut bench = Bench::with(&limits, Default::default(), 16);
    let first = bench.call(request(1, "echo", 1));
    let second = bench.call(request(2, "echo", 2));
    idle().await;
    let third = bench.call(request(3, "echo", 3));
    idle().await;
    assert_eq!(bench.remote.stats().pending, 2, "the third waits for room");
    third.abort();
    for call in [first, second] {
        assert_eq!(bench.wire.message().await["method"], "echo");
        drop(call);
    }
    idle().await;
    assert_eq!(bench.wire.arrived().await, Vec::<Value>::new());
}

#[tokio::test(start_paused = true)]
async fn the_peers_cancel_drops_the_handler_and_nothing_is_answered() {
    let mut bench = Bench::new(&Limits::default());
    bench.wire.request(1, "hold", 10).await;
    bench.wire.request("1", "hold", 11).await;
    idle().await;
    assert_eq!(bench.local.log(), ["start 10", "start 11"]);
    bench.wire.cancel(1).await;
    idle().await;
    assert_eq!(bench.local.log(), ["drop 10"]);
    assert_eq!(bench.remote.stats().in_flight, 1);
    bench.local.release(10);
    bench.local.release(11);
    assert_eq!(bench.wire.message().await["id"], "1");
    idle().await;
    assert_eq!(bench.wire.arrived().await, Vec::<Value>::new());
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_cancel_that_crosses_the_answer_changes_nothing() {
    let mut bench = Bench::new(&Limits::default());
    bench.wire.request(1, "hold", 1).await;
    idle().await;
    bench.local.release(1);
    idle().await;
    for _ in 0..2 {
        bench.wire.cancel(1).await;
    }
    bench.wire.cancel("of nothing").await;
    for malformed in ["null", "[]", "1.5", "{}"] {
        let params = format!(r#"{{"requestId":{malformed}}}"#);
        bench
            .wire
            .send(format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{params}}}"#
            ))
            .await;
    }
    bench.wire.send(r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#).await;
    bench.wire.request(2, "echo", 2).await;
    assert_eq!(bench.wire.message().await["id"], 1);
    assert_eq!(bench.wire.message().await["id"], 2);
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn an_id_that_was_cancelled_may_name_a_new_call() {
    let mut bench = Bench::new(&Limits::default());
    for round in 0..100 {
        bench.wire.request(1, "hold", round).await;
        idle().await;
        bench.wire.cancel(1).await;
        // The old handler ends in the same moment as it is cancelled, and must not answer for the new one.
        bench.local.release(round);
    }
    bench.wire.request(1, "echo", 1_000).await;
    assert_eq!(bench.wire.message().await["result"]["n"], 1_000);
    idle().await;
    assert_eq!(bench.wire.arrived().await, Vec::<Value>::new());
    bench.leaves_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancels_that_race_with_answers_leave_nothing_behind() {
    let mut bench = Bench::new(&Limits::default());
    for round in 0..2_000_u64 {
        bench.wire.request(round as i64, "hold", round).await;
        bench.local.release(round);
        bench.wire.cancel(round as i64).await;
    }
    bench.wire.request("last", "echo", 1).await;
    let mut answered = std::collections::HashSet::new();
    loop {
        let message = bench.wire.message().await;
        if message["id"] == "last" {
            break;
        }
        assert_eq!(message["result"]["n"], message["id"]);
        assert!(answered.insert(message["id"].as_u64()), "answered twice: {message}");
    }
    let Bench { mut wire, driver, remote, .. } = bench;
    wire.close();
    let _ = driver.await;
    assert_eq!(remote.stats(), Default::default());
}

#[tokio::test(start_paused = true)]
async fn cancels_get_through_while_every_place_is_taken_and_nothing_is_read() {
    let mut limits = Limits::default();
    (limits.in_flight, limits.queued, limits.outbox_bytes) = (4, 4, 1_000);
    let mut bench = Bench::with(&limits, Default::default(), 4_096);
    for id in 0..8 {
        bench.wire.request(id, "hold", id as u64).await;
    }
    bench.wire.request(100, "size", 50_000).await; // Refused: the queue is full.
    idle().await;
    bench.local.log();
    bench.wire.cancel(2).await;
    bench.wire.cancel(6).await;
    idle().await;
    let mut log = bench.local.log();
    log.sort();
    assert_eq!(log, ["drop 2", "start 4"]);
    assert_eq!(bench.remote.stats().in_flight, 4);
    for id in 0..8 {
        bench.local.release(id);
    }
    idle().await;
    let mut answered: Vec<_> =
        bench.wire.arrived().await.iter().map(|message| message["id"].as_i64()).collect();
    answered.sort_unstable();
    assert_eq!(answered, [0, 1, 3, 4, 5, 7, 100].map(Some));
    bench.leaves_nothing().await;
}
