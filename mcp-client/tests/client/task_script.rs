//! Parts of the scripts of servers with tasks.

use mcp_client::task::TaskOptions;
use mcp_client::{Client, ClientBuilder};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::fake::{Fake, modern_with};

pub(crate) const LISTEN: &str = "subscriptions/listen";

/// Options of a client that only polls.
pub(crate) fn polling() -> TaskOptions {
    TaskOptions::new().listen(false)
}

/// A client of a modern server that only polls.
pub(crate) async fn polling_client() -> (Client, Fake) {
    modern_with(Client::builder().tasks(polling())).await
}

/// A client of a modern server that only polls, with handlers.
pub(crate) async fn polling_with(builder: ClientBuilder) -> (Client, Fake) {
    modern_with(builder.tasks(polling())).await
}

/// A state of the task `t1`.
pub(crate) fn state(status: &str, more: Value) -> Value {
    let now = "2026-11-28T00:00:00Z";
    let mut task = json!({
        "taskId": "t1", "status": status, "createdAt": now, "lastUpdatedAt": now, "ttlMs": null,
    });
    for (name, value) in more.as_object().unwrap() {
        task[name] = value.clone();
    }
    task
}

pub(crate) fn working() -> Value {
    state("working", json!({}))
}

/// The final state of a task whose tool returned a text.
pub(crate) fn completed(text: &str) -> Value {
    state("completed", json!({ "result": mcp_test_support::message::text(text) }))
}

/// A state with questions.
pub(crate) fn asking(requests: Value) -> Value {
    state("input_required", json!({ "inputRequests": requests }))
}

pub(crate) fn question(message: &str) -> Value {
    let schema = json!({"type": "object", "properties": {"ok": {"type": "boolean"}}});
    json!({"method": "elicitation/create", "params": {"message": message, "requestedSchema": schema}})
}

/// Answers the call with a task.
pub(crate) async fn create(fake: &mut Fake, more: Value) -> Value {
    let request = fake.expect("tools/call").await;
    let mut created = state("working", more);
    created["resultType"] = "task".into();
    fake.reply(&request, created).await;
    request
}

/// Answers the next poll. Returns when it came.
pub(crate) async fn poll(fake: &mut Fake, mut state: Value) -> Instant {
    let request = fake.expect("tasks/get").await;
    let at = Instant::now();
    assert_eq!(request["params"]["taskId"], "t1");
    state["resultType"] = "complete".into();
    fake.reply(&request, state).await;
    at
}

/// Takes answers. Returns them.
pub(crate) async fn update(fake: &mut Fake) -> Value {
    let request = fake.expect("tasks/update").await;
    assert_eq!(request["params"]["taskId"], "t1");
    fake.reply(&request, json!({ "resultType": "complete" })).await;
    request["params"]["inputResponses"].clone()
}

/// Agrees to report a task. Returns the request.
pub(crate) async fn agree(fake: &mut Fake) -> Value {
    let request = fake.expect(LISTEN).await;
    assert_eq!(request["params"]["notifications"], json!({ "taskIds": ["t1"] }));
    let meta = json!({ "io.modelcontextprotocol/subscriptionId": request["id"] });
    let params = json!({ "notifications": { "taskIds": ["t1"] }, "_meta": meta });
    fake.tell("notifications/subscriptions/acknowledged", params).await;
    request
}

/// Reports a state to a subscription.
pub(crate) async fn report(fake: &mut Fake, listen: &Value, mut state: Value) {
    state["_meta"] = json!({ "io.modelcontextprotocol/subscriptionId": listen["id"] });
    fake.tell("notifications/tasks", state).await;
}
