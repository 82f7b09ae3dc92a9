//! Arrays of messages, where the revision has them.

use mcp_core::Limits;
use serde_json::{Value, json};

use crate::support::{Bench, Local, idle, nonce, request};

fn bench(limits: &Limits) -> Bench {
    Bench::with(limits, Local::with_batches(), 1 << 20)
}

fn entry(id: impl Into<Value>, method: &str, nonce: u64) -> Value {
    let id: Value = id.into();
    json!({"jsonrpc":"2.0","id":id,"method":method,"params":{"n":nonce}})
}

fn note(method: &str, nonce: u64) -> Value {
    json!({"jsonrpc":"2.0","method":method,"params":{"n":nonce}})
}

fn cancel(id: i64) -> Value {
    json!({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":id}})
}

/// Ids of an array of answers, those with errors negative.
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
    let mut bench = bench(&Limits::default());
    let mixed = json!([
        entry(1, "echo", 1),
        note("tell", 5),
        entry(2, "hold", 2),
        7,
        entry(3, "nothing", 3),
        {"jsonrpc":"2.0","id":4,"method":"echo","params":[]},
    ]);
    bench.wire.send(mixed.to_string()).await;
    bench.wire.request(9, "echo", 9).await;
    assert_eq!(bench.wire.message().await["id"], 9, "others do not wait for a batch");
    bench.local.release(2);
    assert_eq!(ids(&bench.wire.message().await), [-1_000, -4, -3, 1, 2]);
    assert_eq!(bench.local.log(), ["note tell 5", "start 2", "end 2"]);
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_without_requests_is_not_answered() {
    let mut bench = bench(&Limits::default());
    let call = bench.call(request(1, "echo", 1));
    bench.wire.message().await;
    let answer = json!({"jsonrpc":"2.0","id":1,"result":{"n":8}});
    bench.wire.send(json!([note("tell", 1), answer, note("tell", 2)]).to_string()).await;
    assert_eq!(nonce(&call.await.unwrap()), Some(8));
    idle().await;
    assert_eq!(bench.local.log(), ["note tell 1", "note tell 2"]);
    assert_eq!(bench.wire.arrived().await, Vec::<Value>::new());
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn cancelled_entries_are_left_out_and_the_others_answered() {
    let mut bench = bench(&Limits::default());
    let batch = json!([entry(1, "hold", 1), entry(2, "hold", 2), entry(3, "hold", 3), cancel(1)]);
    bench.wire.send(batch.to_string()).await;
    idle().await;
    bench.wire.cancel(2).await;
    idle().await;
    assert_eq!(bench.remote.stats().in_flight, 1);
    bench.local.release(3);
    assert_eq!(ids(&bench.wire.message().await), [3]);
    // One whose calls are all cancelled is not answered.
    bench.wire.send(json!([entry(4, "hold", 4), entry(5, "hold", 5)]).to_string()).await;
    bench.wire.send(json!([cancel(5), cancel(4)]).to_string()).await;
    idle().await;
    assert_eq!(bench.wire.arrived().await, Vec::<Value>::new());
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn slow_notifications_of_a_batch_are_handled_in_order_and_none_is_lost() {
    let mut bench = bench(&Limits::default());
    let batch = json!([
        note("slow", 1),
        note("tell", 2),
        note("slow", 3),
        note("tell", 4),
        entry(1, "echo", 1)
    ]);
    bench.wire.send(batch.to_string()).await;
    bench.wire.note("tell", 5).await;
    idle().await;
    assert_eq!(bench.local.log(), Vec::<String>::new());
    bench.local.release(1);
    idle().await;
    assert_eq!(bench.local.log(), ["note slow 1", "note tell 2"]);
    bench.local.release(3);
    idle().await;
    assert_eq!(bench.local.log(), ["note slow 3", "note tell 4", "note tell 5"]);
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn an_id_in_use_is_refused_in_a_batch_too() {
    let mut limits = Limits::default();
    limits.in_flight = 2;
    let mut bench = bench(&limits);
    bench.wire.request(1, "hold", 1).await;
    bench
        .wire
        .send(json!([entry(2, "hold", 2), entry(2, "hold", 2), entry(1, "hold", 1)]).to_string())
        .await;
    bench.wire.request(3, "hold", 3).await; // Waits for a place.
    bench.wire.send(json!([entry(3, "hold", 3), entry(4, "echo", 4)]).to_string()).await;
    assert_eq!(
        ids(&bench.wire.message().await),
        [-4, -3],
        "3 waits already, and there is no place for 4"
    );
    for nonce in 1..=3 {
        bench.local.release(nonce);
        idle().await;
    }
    let answers = bench.wire.arrived().await;
    let (arrays, single): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.is_array());
    assert_eq!(arrays.iter().map(|array| ids(array)).collect::<Vec<_>>(), [[-2, -1, 2]]);
    assert_eq!(
        single.iter().map(|one| one["result"]["n"].as_u64().unwrap()).collect::<Vec<_>>(),
        [1, 3]
    );
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn the_answers_of_a_last_batch_are_written_before_the_end() {
    for batch in [
        json!([1, 2]),
        json!([entry(1, "later", 1), 2]),
        json!([entry(1, "hold", 1), 2, cancel(1)]),
    ] {
        let mut bench = bench(&Limits::default());
        bench.wire.send(batch.to_string()).await;
        bench.wire.half_close().await;
        let answer = bench.wire.message().await;
        assert!(answer.as_array().is_some_and(|entries| !entries.is_empty()), "{answer}");
        assert_eq!(bench.wire.line().await, None);
        assert!(bench.driver.await.unwrap().is_ok());
    }
}
