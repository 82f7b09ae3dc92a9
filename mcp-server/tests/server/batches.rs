//! JSON-RPC batches, which only 2025-03-26 has. Spec: 2025-03-26, basic.

use mcp_server::tool::ToolRoute;
use mcp_server::{Limits, ServerBuilder};
use mcp_test_support::Gate;
use mcp_test_support::message::{initialize, modern, notification, request};
use serde_json::{Value, json};

use crate::harness::{Raw, built, server, waiting_tool};

const REVISION: &str = "2025-03-26";

fn echo() -> ServerBuilder {
    server().tool(ToolRoute::builder("t").handler(|| async { "ok" }))
}

fn call(id: impl Into<Value>, tool: &str) -> Value {
    request(id, "tools/call", json!({"name": tool}))
}

/// Returns the ids of a batch of answers.
fn ids(batch: &Value) -> Vec<Value> {
    batch
        .as_array()
        .unwrap_or_else(|| panic!("not a batch: {batch}"))
        .iter()
        .map(|answer| answer["id"].clone())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_answered_with_a_batch() {
    let mut raw = Raw::session(&built(echo()), REVISION).await;
    let batch = json!([
        call(1, "t"),
        notification("notifications/example", json!({})),
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
async fn invalid_entries_are_refused_individually() {
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
async fn only_one_revision_has_batches() {
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
    let hello = initialize(REVISION, json!({}));
    assert_eq!(
        raw.ask(&json!([hello])).await["error"]["code"],
        -32600,
        "initialize must not be part of a batch (LG-1)"
    );
    let discover = modern(request(1, "server/discover", json!({})));
    assert_eq!(raw.ask(&json!([discover])).await["error"]["code"], -32600);
}

#[tokio::test(start_paused = true)]
async fn an_empty_batch_and_one_with_too_many_entries_are_refused() {
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
    let mut raw = Raw::session(&built(echo().tool(waiting_tool("wait", &gate))), REVISION).await;
    raw.send(&json!([call(1, "wait"), call(2, "wait"), call(3, "t")])).await;
    gate.arrived(2).await;
    raw.send(&notification("notifications/cancelled", json!({"requestId": 2}))).await;
    gate.dropped(1).await;
    gate.open(1);
    let mut answered = ids(&raw.next().await.unwrap());
    answered.sort_by_key(Value::as_i64);
    assert_eq!(answered, [json!(1), json!(3)]);
}

#[tokio::test(start_paused = true)]
async fn an_id_in_flight_is_refused_in_a_batch_too() {
    let gate = Gate::new();
    let mut raw = Raw::session(&built(echo().tool(waiting_tool("wait", &gate))), REVISION).await;
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

#[tokio::test(start_paused = true)]
async fn modern_requests_in_a_batch_are_refused_and_not_run() {
    let gate = Gate::new();
    let mut raw = Raw::session(&built(echo().tool(waiting_tool("wait", &gate))), REVISION).await;
    let unknown = {
        let mut message = modern(call(3, "t"));
        message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2099-01-01");
        message
    };
    let filter = json!({"notifications": {"toolsListChanged": true}});
    let listen = modern(request(4, "subscriptions/listen", filter));
    let batch = json!([modern(call(1, "wait")), call(2, "t"), unknown, listen]);
    let answers = raw.ask(&batch).await;
    assert_eq!(ids(&answers).len(), 4);
    for answer in answers.as_array().unwrap().iter().filter(|answer| answer["id"] != 2) {
        assert_eq!(answer["error"]["code"], -32600, "{answer}");
    }
    // A message of its own may name a modern revision, and the refused call did not begin.
    raw.send(&modern(call(1, "wait"))).await;
    gate.arrived(1).await;
    gate.open(1);
    assert_eq!(raw.next().await.unwrap()["id"], 1);
}

#[tokio::test(start_paused = true)]
async fn modern_notifications_in_a_batch_have_no_effect() {
    let gate = Gate::new();
    let mut raw = Raw::session(&built(echo().tool(waiting_tool("wait", &gate))), REVISION).await;
    raw.send(&call(1, "wait")).await;
    gate.arrived(1).await;
    let cancel = notification("notifications/cancelled", json!({"requestId": 1}));
    assert_eq!(ids(&raw.ask(&json!([modern(cancel), call(2, "t")])).await), [json!(2)]);
    gate.open(1);
    assert_eq!(raw.next().await.unwrap()["id"], 1);
}
