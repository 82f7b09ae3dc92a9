//! Tasks whose store fails.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_server::input::AskError;
use mcp_server::store::TaskState;
use mcp_server::task::TaskConfig;
use mcp_server::{Context, Elicit, ServerBuilder, routes, tool};
use serde::Deserialize;
use serde_json::json;

use super::faults::{Fault, FaultyStore, Operation};
use super::fixture::{TaskClient, accept, connect};
use crate::harness::{Transport, built, server};

#[derive(Deserialize, Elicit)]
struct Name {
    name: String,
}

/// Asks twice under the same key.
#[tool(task)]
async fn greet(ctx: &Context) -> Result<String, AskError> {
    let Name { name: first } = ctx.elicit("First name?").key("name").await?;
    let Name { name: last } = ctx.elicit("Last name?").key("name").await?;
    Ok(format!("{first} {last}"))
}

fn tools(store: &FaultyStore) -> ServerBuilder {
    server().routes(routes![greet]).tasks(TaskConfig::new(store.clone()).plaintext())
}

/// The task is parked, and the client has answered, before the worker learns that it has parked
/// the task. It must not ask again.
#[tokio::test(start_paused = true)]
async fn a_question_whose_write_is_not_confirmed_is_asked_once() {
    let store = FaultyStore::default();
    let client = connect(&built(tools(&store)), Transport::Memory).await;
    let failures = AtomicUsize::new(0);
    store.decide(move |operation| match operation {
        Operation::Update(TaskState::InputRequired)
            if failures.fetch_add(1, Ordering::Relaxed) == 0 =>
        {
            Fault::After
        }
        // Nobody continues the task meanwhile.
        Operation::Claim | Operation::ClaimAny => Fault::Before,
        _ => Fault::None,
    });
    let id = client.create("greet", json!({})).await;
    client.until(&id, "input_required").await;
    client.answer(&id, json!({ "name": accept(json!({ "name": "Ada" })) })).await;
    // The worker writes again.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let task = client.get(&id).await;
    assert_eq!(task["status"], "working", "asked again: {task}");
    store.heal();
    let task = client.until(&id, "input_required").await;
    let questions = task["inputRequests"].as_object().unwrap();
    let [(key, question)] = questions.iter().collect::<Vec<_>>()[..] else { panic!("{task}") };
    assert_ne!(key, "name", "a key belongs to one question");
    assert_eq!(question["params"]["message"], "Last name?");
    client.answer(&id, json!({ key: accept(json!({ "name": "Lovelace" })) })).await;
    let task = client.until(&id, "completed").await;
    assert_eq!(task["result"]["content"][0]["text"], "Ada Lovelace");
}

/// A step whose write is not confirmed is written once.
#[tokio::test(start_paused = true)]
async fn a_step_whose_write_is_not_confirmed_is_stored_once() {
    #[tool(task)]
    async fn count(ctx: Context) -> String {
        let mut sum = 0;
        for number in 0..5_u32 {
            sum += ctx.step("add", async { number }).await;
        }
        sum.to_string()
    }
    let store = FaultyStore::default();
    let config = TaskConfig::new(store.clone()).plaintext();
    let client =
        connect(&built(server().routes(routes![count]).tasks(config)), Transport::Memory).await;
    let writes = AtomicUsize::new(0);
    store.decide(move |operation| match operation {
        Operation::Update(TaskState::Working)
            if writes.fetch_add(1, Ordering::Relaxed) % 2 == 0 =>
        {
            Fault::After
        }
        _ => Fault::None,
    });
    let id = client.create("count", json!({})).await;
    let task = client.until(&id, "completed").await;
    assert_eq!(task["result"]["content"][0]["text"], "10");
    use mcp_server::store::TaskStore as _;
    assert_eq!(store.inner.load(&id).await.unwrap().unwrap().journal.len(), 5);
}
