//! Arrays of messages, which 2025-03-26 has and no other revision. Spec: 2025-03-26, basic.

use mcp_server::tool::ToolRoute;
use mcp_server::{Limits, ServerBuilder};
use serde_json::{Value, json};

use crate::harness::{Gate, Raw, built, server};

const REVISION: &str = "2025-03-26";

fn echo() -> ServerBuilder {
    server().tool(ToolRoute::builder("t").handler(|| async { "ok" }))
}

fn call(id: impl Into<Value>, tool: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": "tools/call", "params": {"name": tool}})
}

/// The ids of a batch of answers.
fn ids(batch: &Value) -> Vec<Value> {
    batch
        .as_array()
        .unwrap_or_else(|| panic!("no batch: {batch}"))
        .iter()
        .map(|answer| answer["id"].clone())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_answered_with_a_batch() {
    let mut raw = Raw::session(&built(echo()), REVISION).await;
    let batch = json!([
        call(1, "t"),
        {"jsonrpc": "2.0", "method": "notifications/example"},
        call("1", "t"),
        call(2, "none"),
        {"jsonrpc": "2.0", "id": 3, "method": "ping"},
    ]);
    let answers = raw.ask(&batch).await;
    assert_eq!(ids(&answers), [json!(1), json!("1"), json!(2), json!(3)]);
    assert_eq!(answers[0]["result"]["content"][0]["text"], "ok");
    assert_eq!(answers[2]["error"]["code"], -32602);
    assert_eq!(answers[3]["result"], json!({}));
}

#[tokio::test(start_paused = true)]
async fn entries_that_are_no_messages_are_refused_each_on_its_own() {
    let mut raw = Raw::session(&built(echo()), REVISION).await;
    let answers =
        raw.ask(&json!([call(1, "t"), 17, {"jsonrpc": "2.0", "id": 2}, [], call(1.5, "t")])).await;
    let mut codes: Vec<_> =
        answers.as_array().unwrap().iter().map(|answer| answer["error"]["code"].clone()).collect();
    codes.sort_by_key(Value::to_string);
    assert_eq!(codes, [json!(-32600), json!(-32600), json!(-32600), json!(-32600), Value::Null]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_without_requests_is_not_answered() {
    let mut raw = Raw::session(&built(echo()), REVISION).await;
    raw.send(&json!([{"jsonrpc": "2.0", "method": "notifications/example"}, {"jsonrpc": "2.0", "id": 9, "result": {}}])).await;
    assert_eq!(raw.ask(&call(1, "t")).await["id"], 1);
}

#[tokio::test(start_paused = true)]
async fn batches_are_of_one_revision() {
    for revision in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        let mut raw = Raw::session(&built(echo()), revision).await;
        let answer = raw.ask(&json!([call(1, "t")])).await;
        assert_eq!(
            (&answer["error"]["code"], answer.get("id")),
            (&json!(-32600), None),
            "{revision}"
        );
    }
    let mut raw = Raw::open(&built(echo()), 1 << 20);
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": REVISION, "capabilities": {}, "clientInfo": {"name": "c", "version": "0"}}});
    assert_eq!(
        raw.ask(&json!([hello])).await["error"]["code"],
        -32600,
        "initialize comes alone (LG-1)"
    );
    let discover = json!({"jsonrpc": "2.0", "id": 1, "method": "server/discover", "params": {"_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}}});
    assert_eq!(raw.ask(&json!([discover])).await["error"]["code"], -32600);
}

#[tokio::test(start_paused = true)]
async fn an_empty_batch_and_one_that_is_too_long_are_refused_whole() {
    let mut limits = Limits::new();
    limits.connection.max_batch_entries = 3;
    let mut raw = Raw::session(&built(echo().limits(limits)), REVISION).await;
    assert_eq!(raw.ask(&json!([])).await["error"]["code"], -32600);
    let three: Vec<_> = (0..3).map(|id| call(id, "t")).collect();
    assert_eq!(ids(&raw.ask(&json!(three)).await).len(), 3);
    let four: Vec<_> = (0..4).map(|id| call(id, "t")).collect();
    let answer = raw.ask(&json!(four)).await;
    assert_eq!(answer["error"]["code"], -32600);
    assert_eq!(
        answer["error"]["message"],
        "the batch has 4 entries; the limit is 3 (max_batch_entries)"
    );
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_entry_is_left_out_of_the_answer() {
    let gate = Gate::new();
    let mut raw = Raw::session(&built(echo().tool(gate.tool("wait"))), REVISION).await;
    raw.send(&json!([call(1, "wait"), call(2, "wait"), call(3, "t")])).await;
    gate.arrived(2).await;
    raw.send(
        &json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 2}}),
    )
    .await;
    gate.dropped(1).await;
    gate.open(1);
    let mut answered = ids(&raw.next().await.unwrap());
    answered.sort_by_key(Value::as_i64);
    assert_eq!(answered, [json!(1), json!(3)]);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_is_in_flight_is_refused_in_a_batch_too() {
    let gate = Gate::new();
    let mut raw = Raw::session(&built(echo().tool(gate.tool("wait"))), REVISION).await;
    raw.send(&call(1, "wait")).await;
    gate.arrived(1).await;
    let answers = raw.ask(&json!([call(1, "t"), call(2, "t"), call(2, "t")])).await;
    let refused = answers
        .as_array()
        .unwrap()
        .iter()
        .filter(|answer| answer["error"]["code"] == -32600)
        .count();
    assert_eq!((ids(&answers).len(), refused), (3, 2));
    gate.open(1);
    assert_eq!(raw.next().await.unwrap()["id"], 1);
}
