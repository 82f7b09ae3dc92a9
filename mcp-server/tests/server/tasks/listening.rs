//! `notifications/tasks` on `subscriptions/listen`.

use mcp_server::input::AskError;
use mcp_server::{Context, Elicit, ServerBuilder, routes, tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::fixture::{TaskClient, accept, connect, each};
use crate::harness::{Transport, built, server};

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
