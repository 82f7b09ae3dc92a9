//! How much of the peer's work is taken at a time.

use mcp_core::Limits;
use serde_json::{Value, json};

use crate::support::{Bench, idle, nonce, request};

#[tokio::test(start_paused = true)]
async fn a_flood_of_calls_is_bounded_and_every_one_is_answered() {
    let limits = Limits::default();
    let mut bench = Bench::with(&limits, Default::default(), 16 << 20);
    for id in 0..20_000 {
        bench.wire.request(id, "hold", id as u64).await;
    }
    idle().await;
    assert_eq!(bench.remote.stats().in_flight, limits.in_flight);
    for id in 0..20_000 {
        bench.local.release(id);
    }
    idle().await;
    let (mut results, mut retryable) = (0, 0);
    let mut seen = std::collections::HashSet::new();
    for answer in bench.wire.arrived().await {
        assert!(seen.insert(answer["id"].as_u64()), "answered twice: {answer}");
        if answer.get("result").is_some() {
            assert_eq!(answer["result"]["n"], answer["id"]);
            results += 1;
        } else {
            assert_eq!(answer["error"]["data"], json!({"retryable": true}), "{answer}");
            retryable += 1;
        }
    }
    assert_eq!((results, retryable), (limits.in_flight + limits.queued, 20_000 - 256 - 1_024));
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn waiting_calls_are_bounded_in_bytes_too_and_start_in_order() {
    let mut limits = Limits::default();
    (limits.in_flight, limits.queued_bytes) = (1, 1_000);
    let mut bench = Bench::new(&limits);
    bench.wire.request(0, "hold", 0).await;
    for id in 1..=5 {
        let params = format!(r#"{{"n":{id},"pad":"{}"}}"#, "x".repeat(400));
        bench
            .wire
            .send(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"hold","params":{params}}}"#))
            .await;
    }
    idle().await;
    // The third passes the bound, the fourth finds it passed.
    let refused: Vec<_> =
        bench.wire.arrived().await.iter().map(|message| message["id"].as_i64()).collect();
    assert_eq!(refused, [Some(4), Some(5)]);
    for id in 0..4 {
        bench.local.release(id);
        idle().await;
    }
    let order: Vec<_> =
        bench.wire.arrived().await.iter().map(|message| message["id"].as_i64()).collect();
    assert_eq!(order, [0, 1, 2, 3].map(Some));
    // The bytes are given back.
    bench.wire.request(6, "hold", 6).await;
    bench.wire.request(7, "echo", 7).await;
    idle().await;
    bench.local.release(6);
    idle().await;
    assert_eq!(bench.wire.arrived().await.len(), 2);
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn an_id_in_use_is_refused_whether_its_call_runs_or_waits() {
    let mut limits = Limits::default();
    limits.in_flight = 1;
    let mut bench = Bench::new(&limits);
    bench.wire.request(1, "hold", 1).await;
    bench.wire.request(2, "hold", 2).await;
    for id in [1, 2] {
        bench.wire.request(id, "hold", 9).await;
        let refused = bench.wire.message().await;
        assert_eq!(
            (refused["id"].as_i64(), refused["error"]["code"].as_i64()),
            (Some(id), Some(-32600))
        );
    }
    for nonce in [1, 2] {
        bench.local.release(nonce);
        assert_eq!(bench.wire.message().await["result"]["n"], nonce);
    }
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn our_own_waiting_calls_are_bounded() {
    let mut limits = Limits::default();
    limits.pending = 3;
    let mut bench = Bench::new(&limits);
    let calls: Vec<_> = (0..4).map(|id| bench.call(request(id, "echo", 0))).collect();
    idle().await;
    assert_eq!(bench.remote.stats().pending, 3);
    let questions = bench.wire.arrived().await;
    assert_eq!(questions.len(), 3);
    for question in &questions {
        bench.wire.result(&question["id"], 5).await;
    }
    let mut outcomes = Vec::new();
    for call in calls {
        outcomes.push(nonce(&call.await.unwrap()));
    }
    assert_eq!(outcomes, [Some(5), Some(5), Some(5), None]);
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_notification_holds_back_what_is_behind_it_and_no_more() {
    let mut bench = Bench::with(&Limits::default(), Default::default(), 4_096);
    bench.wire.request(1, "hold", 1).await;
    bench.wire.note("slow", 2).await;
    bench.wire.note("tell", 3).await;
    bench.wire.request(4, "echo", 4).await;
    idle().await;
    assert_eq!(bench.local.log(), ["start 1"]);
    // A running call still ends and is answered.
    bench.local.release(1);
    assert_eq!(bench.wire.message().await["id"], 1);
    // The peer is held back by its own full pipe, not by a growing buffer of ours.
    let flood = vec![b'\n'; 1 << 20];
    let stuck =
        tokio::time::timeout(std::time::Duration::from_secs(5), bench.wire.bytes(&flood)).await;
    assert!(stuck.is_err(), "a mebibyte was taken in while a notification is being handled");
    assert_eq!(bench.wire.arrived().await, Vec::<Value>::new());
    bench.local.release(2);
    assert_eq!(bench.wire.message().await["id"], 4);
    assert_eq!(bench.local.log(), ["end 1", "note slow 2", "note tell 3"]);
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_result_or_request_that_is_too_long_to_send_is_an_error_of_its_own_call() {
    let mut limits = Limits::default();
    limits.outgoing_bytes = 1_000;
    let mut bench = Bench::new(&limits);
    bench.wire.request(1, "size", 2_000).await;
    bench.wire.request(2, "size", 900).await;
    let refused = bench.wire.message().await;
    assert_eq!(
        (refused["id"].as_i64(), refused["error"]["code"].as_i64()),
        (Some(1), Some(-32603))
    );
    assert!(bench.wire.message().await.get("result").is_some());
    let mut long = request(1, "echo", 1);
    long.params = mcp_core::json::JsonBytes::new(&json!({"pad": "x".repeat(1_000)})).unwrap();
    assert!(bench.call(long).await.unwrap().is_err());
    assert_eq!(bench.remote.stats().pending, 0);
    bench.leaves_nothing().await;
}
