//! `notifications/tasks` on `subscriptions/listen`.

use mcp_server::input::AskError;
use mcp_server::task::TaskSupport;
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Elicit, ErrorObject, ServerBuilder, routes, tool};
use mcp_test_support::Gate;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fixture::{TaskClient, accept, connect, each};
use crate::harness::{Client, Transport, built, server};

const ACK: &str = "notifications/subscriptions/acknowledged";
const CHANGED: &str = "notifications/tasks";

#[derive(Deserialize, Elicit)]
struct Name {
    name: String,
}

#[tool(task)]
async fn greet(ctx: &Context) -> Result<String, AskError> {
    let Name { name } = ctx.elicit("Who?").key("who").await?;
    Ok(format!("Hello, {name}!"))
}

fn tools() -> ServerBuilder {
    server().routes(routes![greet])
}

#[tokio::test(start_paused = true)]
async fn a_subscription_reports_the_state_and_each_change_of_its_tasks() {
    each(tools, async |client| {
        let id = client.create("greet", json!({})).await;
        client.until(&id, "input_required").await;
        let filter = json!({ "notifications": { "taskIds": [id, "unknown", id] } });
        let _open = client.start_as(json!("listening"), "subscriptions/listen", filter);
        let acknowledged = client.receive(ACK).await;
        assert_eq!(acknowledged["notifications"], json!({ "taskIds": [id] }));
        let state = client.receive(CHANGED).await;
        assert_eq!((&state["taskId"], &state["status"]), (&json!(id), &json!("input_required")));
        assert!(state["inputRequests"]["who"].is_object(), "{state}");
        assert_eq!(state["_meta"]["io.modelcontextprotocol/subscriptionId"], "listening");
        client.answer(&id, json!({ "who": accept(json!({ "name": "Ada" })) })).await;
        let state = loop {
            let state = client.receive(CHANGED).await;
            if state["status"] != "working" {
                break state;
            }
        };
        assert_eq!(state["status"], "completed");
        assert_eq!(state["result"]["content"][0]["text"], "Hello, Ada!");
        assert_eq!(state["_meta"]["io.modelcontextprotocol/subscriptionId"], "listening");
    })
    .await;
}

/// Waits at the gate, asks, waits at the gate again, and returns or fails.
fn gated(gate: &Gate) -> ToolRoute {
    let gate = gate.clone();
    ToolRoute::builder("gated").task(TaskSupport::Optional).handler(move |ctx: Context| {
        let gate = gate.clone();
        async move {
            gate.wait().await;
            let Name { name } = ctx.elicit("Who?").key("who").await?;
            match &*name {
                "Eve" => Err(ErrorObject::new(-31_000, "not Eve")),
                name => Ok(format!("Hello, {name}!")),
            }
        }
    })
}

/// The notifications about a task. Each must be complete, and no older than the one before it.
struct States<'a> {
    client: &'a Client,
    id: &'a str,
    updated: String,
    last: Value,
}

impl States<'_> {
    /// Receives the next state without the members that all states have. A state may be reported
    /// more than once.
    async fn next(&mut self) -> Value {
        loop {
            let state = self.receive().await;
            if state != self.last {
                self.last.clone_from(&state);
                return state;
            }
        }
    }

    async fn receive(&mut self) -> Value {
        let mut state = self.client.receive(CHANGED).await;
        let members = state.as_object_mut().expect("an object");
        let meta = json!({ "io.modelcontextprotocol/subscriptionId": "listening" });
        assert_eq!(members.remove("_meta"), Some(meta));
        assert_eq!(members.remove("taskId"), Some(json!(self.id)));
        assert_eq!(members.remove("ttlMs"), Some(json!(3_600_000)));
        assert_eq!(members.remove("pollIntervalMs"), Some(json!(1_000)));
        let created = members.remove("createdAt").expect("createdAt");
        let updated = members.remove("lastUpdatedAt").expect("lastUpdatedAt");
        let (created, updated) = (created.as_str().expect("text"), updated.as_str().expect("text"));
        assert!(created <= updated && *self.updated <= *updated, "{created}, {updated}");
        updated.clone_into(&mut self.updated);
        state
    }
}

/// The suite has no such check: its scenario `tasks-status-notifications` is skipped.
#[tokio::test(start_paused = true)]
async fn each_state_is_reported_as_a_whole_and_in_order() {
    let completed = json!([{ "type": "text", "text": "Hello, Ada!" }]);
    let failed = json!({ "code": -31_000, "message": "not Eve" });
    let ends =
        [("Ada", "completed", "/result/content", completed), ("Eve", "failed", "/error", failed)];
    for &transport in Transport::ALL {
        for (name, status, place, outcome) in &ends {
            let gate = Gate::new();
            let client = connect(&built(server().tool(gated(&gate))), transport).await;
            let id = client.create("gated", json!({})).await;
            gate.arrived(1).await;
            let filter = json!({ "notifications": { "taskIds": [id] } });
            let _open = client.start_as(json!("listening"), "subscriptions/listen", filter);
            client.receive(ACK).await;
            let (updated, last) = (String::new(), Value::Null);
            let mut states = States { client: &client, id: &id, updated, last };
            let working = json!({ "status": "working" });
            assert_eq!(states.next().await, working, "{transport:?}");

            gate.open(1);
            let asking = states.next().await;
            assert_eq!(asking["status"], "input_required", "{transport:?}");
            assert_eq!(asking["inputRequests"]["who"]["method"], "elicitation/create");
            assert_eq!(asking.as_object().expect("an object").len(), 2, "{asking}");

            client.answer(&id, json!({ "who": accept(json!({ "name": name })) })).await;
            assert_eq!(states.next().await, working, "{transport:?}");

            gate.open(1);
            let end = states.next().await;
            assert_eq!(end["status"], *status, "{transport:?}");
            assert_eq!(end.pointer(place), Some(outcome), "{end}");
            assert_eq!(end.as_object().expect("an object").len(), 2, "{end}");
            let later = client.receive_all().await;
            assert!(later.is_empty(), "{transport:?}: {later:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_ended_is_reported_once_and_others_are_not() {
    each(tools, async |client| {
        let ended = client.create("greet", json!({})).await;
        client.ok("tasks/cancel", json!({ "taskId": ended })).await;
        let filter = json!({ "notifications": { "taskIds": [ended] } });
        let _open = client.start("subscriptions/listen", filter);
        client.receive(ACK).await;
        assert_eq!(client.receive(CHANGED).await["status"], "cancelled");
        let other = client.create("greet", json!({})).await;
        client.until(&other, "input_required").await;
        let received = client.receive_all().await;
        assert!(received.iter().all(|received| received.method != CHANGED), "{received:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_watches_a_limited_number_of_tasks() {
    for &transport in Transport::ALL {
        let client = connect(&built(tools()), transport).await;
        let ids: Vec<Value> = (0..257).map(|number| json!(number.to_string())).collect();
        let filter = json!({ "notifications": { "taskIds": ids } });
        let error = client.err("subscriptions/listen", filter).await;
        assert_eq!(error.code, -32602);
        assert!(error.message.contains("max_watched_tasks"), "{error:?}");
        let filter = json!({ "notifications": { "taskIds": "all" } });
        assert_eq!(client.err("subscriptions/listen", filter).await.code, -32602);
    }
}
