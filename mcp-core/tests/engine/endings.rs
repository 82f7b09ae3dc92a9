//! Every way in which a conversation ends, and what becomes of those who wait.

use std::time::Duration;

use mcp_core::Limits;
use mcp_core::service::{CallError, Reply, Service as _};
use mcp_core::transport::{TransportError, TransportErrorKind};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{Bench, idle, nonce, request};

fn transport(reply: Reply) -> TransportError {
    match reply {
        Err(CallError::Transport(error)) => error,
        other => panic!("not a transport error: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn when_the_peer_dies_every_waiting_call_ends_at_once_with_the_same_error() {
    let mut bench = Bench::with(&Limits::default(), Default::default(), 16 << 20);
    let calls: Vec<_> = (0..1_000).map(|id| bench.call(request(id, "echo", 0))).collect();
    idle().await;
    let before = Instant::now();
    bench.wire.close();
    let mut errors = Vec::new();
    for call in calls {
        errors.push(transport(call.await.unwrap()));
    }
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert!(errors.iter().all(|error| error.kind() == TransportErrorKind::Closed));
    assert!(errors.iter().all(|error| error.to_string() == errors[0].to_string()));
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_peer_that_left_are_finished_and_answered_into_its_open_side() {
    let mut bench = Bench::new(&Limits::default());
    bench.wire.request(1, "hold", 1).await;
    bench.wire.request(2, "ask", 2).await;
    assert_eq!(bench.wire.message().await["method"], "echo");
    bench.wire.half_close().await;
    // What the second one waits for cannot come any more.
    let failed = bench.wire.message().await;
    assert_eq!((failed["id"].as_i64(), failed["error"]["code"].as_i64()), (Some(2), Some(-32603)));
    // And nothing can be asked from now on.
    let late = transport(bench.call(request(3, "echo", 3)).await.unwrap());
    assert_eq!(late.kind(), TransportErrorKind::Closed);
    bench.local.release(1);
    assert_eq!(bench.wire.message().await["result"]["n"], 1);
    assert_eq!(bench.wire.line().await, None);
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_does_not_end_is_given_up_after_the_drain_time() {
    let mut bench = Bench::new(&Limits::default());
    bench.wire.request(1, "hold", 1).await;
    idle().await;
    let before = Instant::now();
    bench.wire.half_close().await;
    assert_eq!(bench.wire.line().await, None);
    assert_eq!(before.elapsed().as_secs(), Limits::default().drain_on_close.as_secs());
    let Bench { driver, local, .. } = bench;
    driver.await.unwrap().unwrap();
    idle().await;
    assert_eq!(local.log(), ["start 1", "drop 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_drain_without_end_waits_for_the_last_call() {
    let mut limits = Limits::default();
    limits.drain_on_close = Duration::MAX;
    let mut bench = Bench::new(&limits);
    bench.wire.request(1, "hold", 1).await;
    bench.wire.half_close().await;
    tokio::time::sleep(Duration::from_secs(100_000)).await;
    assert!(!bench.driver.is_finished());
    bench.local.release(1);
    assert_eq!(bench.wire.message().await["id"], 1);
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn stopping_refuses_new_calls_and_finishes_running_and_waiting_ones() {
    let mut limits = Limits::default();
    limits.in_flight = 1;
    let mut bench = Bench::new(&limits);
    bench.wire.request(1, "hold", 1).await;
    bench.wire.request(2, "hold", 2).await;
    idle().await;
    bench.stop();
    idle().await;
    bench.wire.request(3, "hold", 3).await;
    bench.wire.send(json!({"jsonrpc":"2.0","id":4,"result":{}}).to_string()).await;
    let refused = bench.wire.message().await;
    assert_eq!(
        (refused["id"].as_i64(), refused["error"]["code"].as_i64()),
        (Some(3), Some(-32603))
    );
    for nonce in [1, 2] {
        bench.local.release(nonce);
        assert_eq!(bench.wire.message().await["id"], nonce);
    }
    assert_eq!(bench.wire.line().await, None);
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn stopping_gives_stuck_calls_the_drain_time_while_input_stays_open() {
    let mut bench = Bench::new(&Limits::default());
    bench.wire.request(1, "hold", 1).await;
    bench.wire.note("slow", 2).await;
    idle().await;
    let before = Instant::now();
    bench.stop();
    assert_eq!(bench.wire.line().await, None);
    assert_eq!(before.elapsed().as_secs(), Limits::default().drain_on_signal.as_secs());
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_conversation_stops_at_once() {
    let mut bench = Bench::new(&Limits::default());
    bench.wire.request(1, "echo", 1).await;
    bench.wire.message().await;
    let before = Instant::now();
    bench.stop();
    assert_eq!(bench.wire.line().await, None);
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn close_writes_what_is_waiting_then_ends_our_side_and_still_hears_answers() {
    let mut bench = Bench::with(&Limits::default(), Default::default(), 256);
    let calls: Vec<_> = (0..100).map(|id| bench.call(request(id, "echo", id as u64))).collect();
    idle().await;
    bench.remote.close();
    let refused = transport(bench.call(request(1_000, "echo", 0)).await.unwrap());
    assert_eq!(refused.kind(), TransportErrorKind::Closed);
    let mut questions = Vec::new();
    while let Some(line) = bench.wire.line().await {
        questions.push(serde_json::from_str::<Value>(&line).unwrap());
    }
    assert_eq!(questions.len(), 100);
    for question in &questions {
        bench.wire.result(&question["id"], question["params"]["n"].as_u64().unwrap()).await;
    }
    for (id, call) in calls.into_iter().enumerate() {
        assert_eq!(nonce(&call.await.unwrap()), Some(id as u64));
    }
    bench.wire.close();
    assert!(bench.driver.await.unwrap().is_ok());
    assert_eq!(bench.remote.stats(), Default::default());
}

#[tokio::test(start_paused = true)]
async fn what_comes_up_after_close_goes_nowhere_and_breaks_nothing() {
    let mut bench = Bench::new(&Limits::default());
    bench.wire.request(1, "hold", 1).await;
    let left = bench.call(request(1, "echo", 1));
    let stays = bench.call(request(2, "echo", 2));
    bench.wire.message().await;
    bench.wire.message().await;
    bench.remote.close();
    assert_eq!(bench.wire.line().await, None);
    bench.local.release(1); // An answer.
    left.abort(); // A cancel.
    bench.wire.request(3, "echo", 3).await; // Another answer.
    bench.wire.send("garbage").await; // A refusal.
    idle().await;
    bench.wire.result(&json!(2), 2).await;
    assert_eq!(nonce(&stays.await.unwrap()), Some(2));
    bench.wire.close();
    assert!(bench.driver.await.unwrap().is_ok());
    assert_eq!(bench.remote.stats(), Default::default());
}

#[tokio::test(start_paused = true)]
async fn close_wakes_those_who_wait_for_room() {
    let mut limits = Limits::default();
    limits.outbox_bytes = 10;
    let bench = Bench::with(&limits, Default::default(), 16);
    let first = bench.call(request(1, "echo", 1));
    idle().await;
    let second = bench.call(request(2, "echo", 2));
    idle().await;
    bench.remote.close();
    assert_eq!(transport(second.await.unwrap()).kind(), TransportErrorKind::Closed);
    bench.driver.abort();
    assert_eq!(transport(first.await.unwrap()).kind(), TransportErrorKind::Closed);
}

#[tokio::test(start_paused = true)]
async fn abort_ends_every_waiting_call_with_its_error() {
    let mut bench = Bench::new(&Limits::default());
    let calls: Vec<_> = (0..10).map(|id| bench.call(request(id, "echo", 0))).collect();
    bench.wire.request(1, "hold", 1).await;
    idle().await;
    bench.remote.abort(&TransportError::closed("it exited with 3"));
    for call in calls {
        assert_eq!(transport(call.await.unwrap()).to_string(), "it exited with 3");
    }
    let later = bench.remote.call(request(99, "echo", 0)).await;
    assert_eq!(transport(later).to_string(), "it exited with 3");
    idle().await;
    assert_eq!(bench.local.log(), ["start 1", "drop 1"]);
    assert_eq!(bench.remote.stats(), Default::default());
}

#[tokio::test(start_paused = true)]
async fn dropping_the_driver_ends_everything() {
    let mut limits = Limits::default();
    limits.in_flight = 2;
    let mut bench = Bench::with(&limits, crate::support::Local::with_batches(), 1 << 20);
    bench.wire.request(1, "hold", 1).await;
    bench.wire.send(r#"[{"jsonrpc":"2.0","id":2,"method":"hold","params":{"n":2}}]"#).await;
    bench.wire.request(3, "hold", 3).await;
    bench.wire.note("slow", 4).await;
    let waiting = bench.call(request(1, "echo", 1));
    idle().await;
    bench.driver.abort();
    assert_eq!(transport(waiting.await.unwrap()).kind(), TransportErrorKind::Closed);
    idle().await;
    let mut log = bench.local.log();
    log.sort();
    assert_eq!(log, ["drop 1", "drop 2", "start 1", "start 2"]);
    let late = bench.remote.call(request(5, "echo", 0)).await;
    assert_eq!(transport(late).kind(), TransportErrorKind::Closed);
    bench.leaves_nothing().await;
}
