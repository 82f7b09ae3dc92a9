//! The ways in which a conversation ends, and what happens to the calls that are waiting.

use std::time::Duration;

use mcp_core::ConnectionLimits;
use mcp_core::json::JsonBytes;
use mcp_core::service::{CallError, Reply, Request, Service as _};
use mcp_core::transport::{TransportError, TransportErrorKind};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{Harness, NonceMessages as _, nonce, request, until_idle};

fn transport(reply: Reply) -> TransportError {
    match reply {
        Err(CallError::Transport(error)) => error,
        other => panic!("not a transport error: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn all_pending_calls_fail_immediately_with_the_same_error_when_the_peer_disconnects() {
    let mut harness = Harness::with(&ConnectionLimits::default(), Default::default(), 16 << 20);
    let calls: Vec<_> = (0..1_000).map(|id| harness.call(request(id, "echo", 0))).collect();
    until_idle().await;
    let before = Instant::now();
    harness.wire.close();
    let mut errors = Vec::new();
    for call in calls {
        errors.push(transport(call.await.unwrap()));
    }
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert!(errors.iter().all(|error| error.kind() == TransportErrorKind::OutcomeUnknown));
    assert!(errors.iter().all(|error| error.to_string() == errors[0].to_string()));
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_call_says_whether_it_may_be_repeated() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    let cases = [
        ("tools/list", json!({}), TransportErrorKind::Closed),
        ("resources/read", json!({"uri": "a://1"}), TransportErrorKind::Closed),
        ("subscriptions/listen", json!({}), TransportErrorKind::Closed),
        ("tools/call", json!({"name": "pay"}), TransportErrorKind::OutcomeUnknown),
        ("com.example/unknown", json!({}), TransportErrorKind::OutcomeUnknown),
        // An answer of the user may be valid only once.
        ("prompts/get", json!({"inputResponses": {}}), TransportErrorKind::OutcomeUnknown),
        ("prompts/get", json!({"requestState": "s"}), TransportErrorKind::OutcomeUnknown),
    ];
    let send = |(id, (method, params, _)): (usize, &(&'static str, Value, _))| {
        harness.call(Request::new((id as i64).into(), *method, JsonBytes::new(params).unwrap()))
    };
    let calls: Vec<_> = cases.iter().enumerate().map(send).collect();
    until_idle().await;
    harness.wire.close();
    for (call, (method, params, expected)) in calls.into_iter().zip(cases) {
        assert_eq!(transport(call.await.unwrap()).kind(), expected, "{method} {params}");
    }
    // What was not sent may be repeated.
    let late = harness.call(request(99, "tools/call", 0)).await.unwrap();
    assert_eq!(transport(late).kind(), TransportErrorKind::Closed);
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_half_closed_peer_finish_and_are_answered() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    harness.wire.request(1, "hold", 1).await;
    harness.wire.request(2, "ask", 2).await;
    assert_eq!(harness.wire.message().await["method"], "echo");
    harness.wire.half_close().await;
    // The answer that the second call waits for can no longer arrive.
    let failed = harness.wire.message().await;
    assert_eq!((failed["id"].as_i64(), failed["error"]["code"].as_i64()), (Some(2), Some(-32603)));
    // No further call can be made.
    let late = transport(harness.call(request(3, "echo", 3)).await.unwrap());
    assert_eq!(late.kind(), TransportErrorKind::Closed);
    harness.local.release(1);
    assert_eq!(harness.wire.message().await["result"]["n"], 1);
    assert_eq!(harness.wire.line().await, None);
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_does_not_finish_is_dropped_after_the_shutdown_timeout() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    harness.wire.request(1, "hold", 1).await;
    until_idle().await;
    let before = Instant::now();
    harness.wire.half_close().await;
    assert_eq!(harness.wire.line().await, None);
    assert_eq!(before.elapsed().as_secs(), ConnectionLimits::default().shutdown_timeout.as_secs());
    let Harness { driver, local, .. } = harness;
    driver.await.unwrap().unwrap();
    until_idle().await;
    assert_eq!(local.log(), ["start 1", "drop 1"]);
}

#[tokio::test(start_paused = true)]
async fn an_unlimited_drain_waits_for_the_last_call() {
    let mut limits = ConnectionLimits::default();
    limits.shutdown_timeout = Duration::MAX;
    let mut harness = Harness::new(&limits);
    harness.wire.request(1, "hold", 1).await;
    harness.wire.half_close().await;
    tokio::time::sleep(Duration::from_secs(100_000)).await;
    assert!(!harness.driver.is_finished());
    harness.local.release(1);
    assert_eq!(harness.wire.message().await["id"], 1);
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn stopping_refuses_new_calls_and_finishes_running_and_queued_ones() {
    let mut limits = ConnectionLimits::default();
    limits.max_in_flight_requests = 1;
    let mut harness = Harness::new(&limits);
    harness.wire.request(1, "hold", 1).await;
    harness.wire.request(2, "hold", 2).await;
    until_idle().await;
    harness.stop();
    until_idle().await;
    harness.wire.request(3, "hold", 3).await;
    harness.wire.send_line(json!({"jsonrpc":"2.0","id":4,"result":{}}).to_string()).await;
    let refused = harness.wire.message().await;
    assert_eq!(
        (refused["id"].as_i64(), refused["error"]["code"].as_i64()),
        (Some(3), Some(-32603))
    );
    for nonce in [1, 2] {
        harness.local.release(nonce);
        assert_eq!(harness.wire.message().await["id"], nonce);
    }
    assert_eq!(harness.wire.line().await, None);
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn stuck_calls_have_the_shutdown_timeout_while_the_input_stays_open() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    harness.wire.request(1, "hold", 1).await;
    harness.wire.notify("slow", 2).await;
    until_idle().await;
    let before = Instant::now();
    harness.stop();
    assert_eq!(harness.wire.line().await, None);
    assert_eq!(before.elapsed().as_secs(), ConnectionLimits::default().shutdown_timeout.as_secs());
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_during_a_drain_shortens_it_and_a_second_one_ends_it_immediately() {
    let timeout = ConnectionLimits::default().shutdown_timeout;
    for (events, expected) in [
        (&["stop"][..], timeout),
        (&["close"], timeout),
        (&["close", "stop"], timeout / 4),
        (&["stop", "close"], timeout / 4),
        (&["close", "stop", "stop"], Duration::ZERO),
        (&["stop", "stop"], Duration::ZERO),
    ] {
        let mut harness = Harness::new(&ConnectionLimits::default());
        harness.wire.request(1, "hold", 1).await;
        until_idle().await;
        let mut last = Instant::now();
        for event in events {
            last = Instant::now();
            match *event {
                "close" => harness.wire.half_close().await,
                _ => harness.stop(),
            }
            until_idle().await;
        }
        assert_eq!(harness.wire.line().await, None);
        let took = last.elapsed();
        assert!(
            took.abs_diff(expected) <= Duration::from_millis(3), // `until_idle` uses some of it.
            "{events:?}: {took:?}, expected {expected:?}"
        );
        harness.assert_nothing_left().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_conversation_stops_immediately() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    harness.wire.request(1, "echo", 1).await;
    harness.wire.message().await;
    let before = Instant::now();
    harness.stop();
    assert_eq!(harness.wire.line().await, None);
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn close_writes_the_outbox_then_ends_this_side_and_still_reads_answers() {
    let mut harness = Harness::with(&ConnectionLimits::default(), Default::default(), 256);
    let calls: Vec<_> = (0..100).map(|id| harness.call(request(id, "echo", id as u64))).collect();
    until_idle().await;
    harness.remote.close();
    let refused = transport(harness.call(request(1_000, "echo", 0)).await.unwrap());
    assert_eq!(refused.kind(), TransportErrorKind::Closed);
    let mut questions = Vec::new();
    while let Some(line) = harness.wire.line().await {
        questions.push(serde_json::from_str::<Value>(&line).unwrap());
    }
    assert_eq!(questions.len(), 100);
    for question in &questions {
        harness.wire.result(&question["id"], question["params"]["n"].as_u64().unwrap()).await;
    }
    for (id, call) in calls.into_iter().enumerate() {
        assert_eq!(nonce(&call.await.unwrap()), Some(id as u64));
    }
    harness.wire.close();
    assert!(harness.driver.await.unwrap().is_ok());
    assert_eq!(harness.remote.stats(), Default::default());
}

#[tokio::test(start_paused = true)]
async fn output_after_close_is_dropped() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    harness.wire.request(1, "hold", 1).await;
    let dropped = harness.call(request(1, "echo", 1));
    let kept = harness.call(request(2, "echo", 2));
    harness.wire.message().await;
    harness.wire.message().await;
    harness.remote.close();
    assert_eq!(harness.wire.line().await, None);
    harness.local.release(1); // An answer.
    dropped.abort(); // A cancellation.
    harness.wire.request(3, "echo", 3).await; // Another answer.
    harness.wire.send_line("garbage").await; // A refusal.
    until_idle().await;
    harness.wire.result(&json!(2), 2).await;
    assert_eq!(nonce(&kept.await.unwrap()), Some(2));
    harness.wire.close();
    assert!(harness.driver.await.unwrap().is_ok());
    assert_eq!(harness.remote.stats(), Default::default());
}

#[tokio::test(start_paused = true)]
async fn close_wakes_senders_that_wait_for_outbox_space() {
    let mut limits = ConnectionLimits::default();
    limits.max_outbox_bytes = 10;
    let harness = Harness::with(&limits, Default::default(), 16);
    let first = harness.call(request(1, "echo", 1));
    until_idle().await;
    let second = harness.call(request(2, "echo", 2));
    until_idle().await;
    harness.remote.close();
    assert_eq!(transport(second.await.unwrap()).kind(), TransportErrorKind::Closed);
    harness.driver.abort();
    assert_eq!(transport(first.await.unwrap()).kind(), TransportErrorKind::OutcomeUnknown);
}

#[tokio::test(start_paused = true)]
async fn abort_fails_all_pending_calls_with_its_error() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    let calls: Vec<_> = (0..10).map(|id| harness.call(request(id, "echo", 0))).collect();
    harness.wire.request(1, "hold", 1).await;
    until_idle().await;
    harness.remote.abort(&TransportError::closed("the process exited with status 3"));
    for call in calls {
        assert_eq!(transport(call.await.unwrap()).to_string(), "the process exited with status 3");
    }
    let later = harness.remote.call(request(99, "echo", 0)).await;
    assert_eq!(transport(later).to_string(), "the process exited with status 3");
    until_idle().await;
    assert_eq!(harness.local.log(), ["start 1", "drop 1"]);
    assert_eq!(harness.remote.stats(), Default::default());
}

#[tokio::test(start_paused = true)]
async fn dropping_the_driver_ends_all_calls() {
    let mut limits = ConnectionLimits::default();
    limits.max_in_flight_requests = 2;
    let mut harness = Harness::with(&limits, crate::support::Local::with_batches(), 1 << 20);
    harness.wire.request(1, "hold", 1).await;
    harness.wire.send_line(r#"[{"jsonrpc":"2.0","id":2,"method":"hold","params":{"n":2}}]"#).await;
    harness.wire.request(3, "hold", 3).await;
    harness.wire.notify("slow", 4).await;
    let waiting = harness.call(request(1, "echo", 1));
    until_idle().await;
    harness.driver.abort();
    assert_eq!(transport(waiting.await.unwrap()).kind(), TransportErrorKind::OutcomeUnknown);
    until_idle().await;
    let mut log = harness.local.log();
    log.sort();
    assert_eq!(log, ["drop 1", "drop 2", "start 1", "start 2"]);
    let late = harness.remote.call(request(5, "echo", 0)).await;
    assert_eq!(transport(late).kind(), TransportErrorKind::Closed);
    harness.assert_nothing_left().await;
}
