//! Arrays of messages, in the revision that has them.

use mcp_core::ConnectionLimits;
use serde_json::{Value, json};

use crate::support::{Harness, Local, NonceMessages as _, nonce, request, until_idle};

fn harness(limits: &ConnectionLimits) -> Harness {
    Harness::with(limits, Local::with_batches(), 1 << 20)
}

fn entry(id: impl Into<Value>, method: &str, nonce: u64) -> Value {
    let id: Value = id.into();
    json!({"jsonrpc":"2.0","id":id,"method":method,"params":{"n":nonce}})
}

fn notification(method: &str, nonce: u64) -> Value {
    json!({"jsonrpc":"2.0","method":method,"params":{"n":nonce}})
}

fn cancel(id: i64) -> Value {
    json!({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":id}})
}

/// Returns the ids of an array of answers. The ids of errors are negative.
fn ids(answer: &Value) -> Vec<i64> {
    let entries = answer.as_array().unwrap_or_else(|| panic!("not an array: {answer}"));
    let mut ids: Vec<_> = (entries.iter())
        .map(|entry| match entry.get("error") {
            Some(_) => -entry["id"].as_i64().unwrap_or(1_000),
            None => entry["id"].as_i64().unwrap(),
        })
        .collect();
    ids.sort_unstable();
    ids
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_answered_as_one_array_when_its_last_call_ends() {
    let mut harness = harness(&ConnectionLimits::default());
    let mixed = json!([
        entry(1, "echo", 1),
        notification("event", 5),
        entry(2, "hold", 2),
        7,
        entry(3, "nothing", 3),
        {"jsonrpc":"2.0","id":4,"method":"echo","params":[]},
    ]);
    harness.wire.send_line(mixed.to_string()).await;
    harness.wire.request(9, "echo", 9).await;
    assert_eq!(harness.wire.message().await["id"], 9, "other calls must not wait for a batch");
    harness.local.release(2);
    assert_eq!(ids(&harness.wire.message().await), [-1_000, -4, -3, 1, 2]);
    assert_eq!(harness.local.log(), ["event 5", "start 2", "end 2"]);
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_without_requests_is_not_answered() {
    let mut harness = harness(&ConnectionLimits::default());
    let call = harness.call(request(1, "echo", 1));
    harness.wire.message().await;
    let answer = json!({"jsonrpc":"2.0","id":1,"result":{"n":8}});
    harness
        .wire
        .send_line(json!([notification("event", 1), answer, notification("event", 2)]).to_string())
        .await;
    assert_eq!(nonce(&call.await.unwrap()), Some(8));
    until_idle().await;
    assert_eq!(harness.local.log(), ["event 1", "event 2"]);
    assert_eq!(harness.wire.received().await, Vec::<Value>::new());
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn cancelled_entries_are_omitted_and_the_others_are_answered() {
    let mut harness = harness(&ConnectionLimits::default());
    let batch = json!([entry(1, "hold", 1), entry(2, "hold", 2), entry(3, "hold", 3), cancel(1)]);
    harness.wire.send_line(batch.to_string()).await;
    until_idle().await;
    harness.wire.cancel(2).await;
    until_idle().await;
    assert_eq!(harness.remote.stats().in_flight, 1);
    harness.local.release(3);
    assert_eq!(ids(&harness.wire.message().await), [3]);
    // A batch whose calls are all cancelled is not answered.
    harness.wire.send_line(json!([entry(4, "hold", 4), entry(5, "hold", 5)]).to_string()).await;
    harness.wire.send_line(json!([cancel(5), cancel(4)]).to_string()).await;
    until_idle().await;
    assert_eq!(harness.wire.received().await, Vec::<Value>::new());
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn slow_notifications_of_a_batch_are_handled_in_order_and_none_is_lost() {
    let mut harness = harness(&ConnectionLimits::default());
    let batch = json!([
        notification("slow", 1),
        notification("event", 2),
        notification("slow", 3),
        notification("event", 4),
        entry(1, "echo", 1)
    ]);
    harness.wire.send_line(batch.to_string()).await;
    harness.wire.notify("event", 5).await;
    until_idle().await;
    assert_eq!(harness.local.log(), Vec::<String>::new());
    harness.local.release(1);
    until_idle().await;
    assert_eq!(harness.local.log(), ["slow 1", "event 2"]);
    harness.local.release(3);
    until_idle().await;
    assert_eq!(harness.local.log(), ["slow 3", "event 4", "event 5"]);
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn an_id_in_use_is_refused_in_a_batch_too() {
    let mut limits = ConnectionLimits::default();
    limits.max_in_flight_requests = 2;
    let mut harness = harness(&limits);
    harness.wire.request(1, "hold", 1).await;
    harness
        .wire
        .send_line(
            json!([entry(2, "hold", 2), entry(2, "hold", 2), entry(1, "hold", 1)]).to_string(),
        )
        .await;
    harness.wire.request(3, "hold", 3).await; // Queued.
    harness.wire.send_line(json!([entry(3, "hold", 3), entry(4, "echo", 4)]).to_string()).await;
    assert_eq!(
        ids(&harness.wire.message().await),
        [-4, -3],
        "3 is already queued, and there is no capacity for 4"
    );
    for nonce in 1..=3 {
        harness.local.release(nonce);
        until_idle().await;
    }
    let answers = harness.wire.received().await;
    let (arrays, single): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.is_array());
    assert_eq!(arrays.iter().map(|array| ids(array)).collect::<Vec<_>>(), [[-2, -1, 2]]);
    assert_eq!(
        single.iter().map(|answer| answer["result"]["n"].as_u64().unwrap()).collect::<Vec<_>>(),
        [1, 3]
    );
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn the_answers_to_the_last_batch_are_written_before_the_stream_ends() {
    for batch in [
        json!([1, 2]),
        json!([entry(1, "later", 1), 2]),
        json!([entry(1, "hold", 1), 2, cancel(1)]),
    ] {
        let mut harness = harness(&ConnectionLimits::default());
        harness.wire.send_line(batch.to_string()).await;
        harness.wire.half_close().await;
        let answer = harness.wire.message().await;
        assert!(answer.as_array().is_some_and(|entries| !entries.is_empty()), "{answer}");
        assert_eq!(harness.wire.line().await, None);
        assert!(harness.driver.await.unwrap().is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn all_answers_to_a_batch_together_stay_within_the_limit_of_one_message() {
    let mut limits = ConnectionLimits::default();
    limits.max_outgoing_bytes = 10_000;
    let mut harness = harness(&limits);
    let calls: Vec<_> = (1..=50).map(|id| entry(id, "size", 3_000)).collect();
    harness.wire.send_line(json!(calls).to_string()).await;
    let line = harness.wire.line().await.unwrap();
    assert!(line.len() < 10_000 + 50 * 200, "{} bytes", line.len());
    let answer: Value = serde_json::from_str(&line).unwrap();
    let ids = ids(&answer);
    assert_eq!(ids.len(), 50, "every entry must be answered");
    assert_eq!(ids.iter().filter(|id| **id > 0).count(), 3);
    harness.assert_nothing_left().await;
}
