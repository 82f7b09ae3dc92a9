//! Questions of tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_server::input::{AskError, Outcome};
use mcp_server::task::TaskSupport;
use mcp_server::tool::ToolRoute;
use mcp_server::types::{ElicitParams, ElicitResult, ElicitSchema, StringSchema};
use mcp_server::{Context, Elicit, ErrorObject, ServerBuilder, routes, tool};
use mcp_test_support::within_an_hour;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fixture::{TaskClient, accept, connect, each};
use crate::harness::{Client, Setup, Transport, built, server};

#[derive(Deserialize, Elicit)]
struct Name {
    name: String,
}

/// Asks two questions at the same time, then one more.
#[tool(task)]
async fn introduce(ctx: &Context) -> Result<String, AskError> {
    let first = ctx.elicit::<Name>("First name?").key("first");
    let last = ctx.elicit::<Name>("Last name?").key("last");
    let (first, last) = futures::future::try_join(first.into_future(), last.into_future()).await?;
    let greeting: Name = ctx.elicit("How do I greet you?").key("greeting").await?;
    Ok(format!("{} {} {}", greeting.name, first.name, last.name))
}

fn tools() -> ServerBuilder {
    server().routes(routes![introduce])
}

fn keys(task: &Value) -> Vec<String> {
    task["inputRequests"].as_object().expect("questions").keys().cloned().collect()
}

#[tokio::test(start_paused = true)]
async fn a_task_is_parked_until_all_its_questions_are_answered() {
    each(tools, async |client| {
        let id = client.create("introduce", json!({})).await;
        let task = client.until(&id, "input_required").await;
        assert_eq!(keys(&task), ["first", "last"]);
        assert_eq!(task["inputRequests"]["first"]["method"], "elicitation/create");
        // Unknown keys are ignored. The answered question is no longer open.
        client.answer(&id, json!({ "other": accept(json!({})) })).await;
        client.answer(&id, json!({ "first": accept(json!({ "name": "Ada" })), "x": {} })).await;
        let task = client.get(&id).await;
        assert_eq!(
            (&task["status"], keys(&task)),
            (&json!("input_required"), vec!["last".to_owned()])
        );
        // An answer to an answered question is ignored.
        client.answer(&id, json!({ "first": accept(json!({ "name": "Eve" })) })).await;
        client.answer(&id, json!({ "last": accept(json!({ "name": "Lovelace" })) })).await;
        let task = loop {
            let task = client.until(&id, "input_required").await;
            if keys(&task) == ["greeting"] {
                break task;
            }
        };
        assert!(task.get("statusMessage").is_none());
        client.answer(&id, json!({ "greeting": accept(json!({ "name": "Dear" })) })).await;
        let task = client.until(&id, "completed").await;
        assert_eq!(task["result"]["content"][0]["text"], "Dear Ada Lovelace");
        assert!(task.get("inputRequests").is_none());
        client.answer(&id, json!({ "greeting": accept(json!({ "name": "Late" })) })).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_the_wrong_type_is_refused_and_can_be_corrected() {
    each(tools, async |client| {
        let id = client.create("introduce", json!({})).await;
        client.until(&id, "input_required").await;
        let wrong = json!({ "taskId": id, "inputResponses": { "first": { "action": 1 } } });
        let error = client.err("tasks/update", wrong).await;
        assert_eq!(error.code, -32602);
        assert!(error.message.starts_with("/inputResponses/first"), "{error:?}");
        let params = json!({ "taskId": id, "inputResponses": [] });
        assert_eq!(client.err("tasks/update", params).await.code, -32602);
        assert_eq!(keys(&client.get(&id).await), ["first", "last"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_parked_task_can_be_cancelled() {
    each(tools, async |client| {
        let id = client.create("introduce", json!({})).await;
        client.until(&id, "input_required").await;
        client.ok("tasks/cancel", json!({ "taskId": id })).await;
        let task = client.get(&id).await;
        assert_eq!(task["status"], "cancelled");
        assert!(task.get("inputRequests").is_none(), "{task}");
        client.answer(&id, json!({ "first": accept(json!({ "name": "Ada" })) })).await;
        assert_eq!(client.get(&id).await["status"], "cancelled");
    })
    .await;
}

/// A key names one question in the life of a task.
#[tokio::test(start_paused = true)]
async fn a_question_that_is_asked_again_has_another_key() {
    #[tool(task)]
    async fn until_yes(ctx: &Context) -> Result<String, AskError> {
        let mut asked = 0;
        loop {
            asked += 1;
            let Name { name } = ctx.elicit("Yes?").key("sure").await?;
            if name == "yes" {
                return Ok(asked.to_string());
            }
        }
    }
    each(
        || server().routes(routes![until_yes]),
        async |client| {
            let id = client.create("until_yes", json!({})).await;
            let mut seen = Vec::new();
            for answer in ["no", "no", "yes"] {
                let key = loop {
                    let task = client.until(&id, "input_required").await;
                    let mut keys = keys(&task);
                    assert_eq!(keys.len(), 1);
                    if !seen.contains(&keys[0]) {
                        break keys.remove(0);
                    }
                };
                client.answer(&id, json!({ &key: accept(json!({ "name": answer })) })).await;
                seen.push(key);
            }
            let task = client.until(&id, "completed").await;
            assert_eq!(task["result"]["content"][0]["text"], "3");
        },
    )
    .await;
}

/// The questions that decide whether to start are asked before the task exists.
#[tokio::test(start_paused = true)]
async fn answers_from_before_the_task_are_kept() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);

    #[tool]
    async fn confirm_first(ctx: Context) -> Result<String, AskError> {
        ctx.step("asking", async { ASKED.fetch_add(1, Ordering::Relaxed) }).await;
        let Name { name } = ctx.elicit("Who?").key("who").await?;
        let is_task = ctx.into_task().await;
        let Name { name: what } = ctx.elicit("What?").key("what").await?;
        Ok(format!("{name} {what} {is_task}"))
    }
    let tools =
        || server().routes(routes![confirm_first]).tasks(mcp_server::task::TaskConfig::default());
    each(tools, async |client: Client| {
        ASKED.store(0, Ordering::Relaxed);
        let call = |more: Value| {
            let mut params = json!({ "name": "confirm_first", "arguments": {} });
            params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            params
        };
        let asked = client.ok("tools/call", call(json!({}))).await;
        assert_eq!(asked["resultType"], "input_required");
        let answers = json!({
            "requestState": asked["requestState"],
            "inputResponses": { "who": accept(json!({ "name": "Ada" })) },
        });
        let created = client.ok("tools/call", call(answers)).await;
        assert_eq!(created["resultType"], "task", "{created}");
        assert!(created.get("requestState").is_none() && created.get("inputRequests").is_none());
        let id = created["taskId"].as_str().unwrap();
        let task = client.until(id, "input_required").await;
        assert_eq!(keys(&task), ["what"]);
        client.answer(id, json!({ "what": accept(json!({ "name": "poem" })) })).await;
        let task = client.until(id, "completed").await;
        assert_eq!(task["result"]["content"][0]["text"], "Ada poem true");
        assert_eq!(ASKED.load(Ordering::Relaxed), 1, "the step ran once");
    })
    .await;
}

/// A handler that returns its questions.
#[tokio::test(start_paused = true)]
async fn returned_questions_and_their_state_work_in_a_task() {
    async fn greet(ctx: Context) -> Result<Outcome<String>, ErrorObject> {
        let rounds = ctx.request_state::<u32>()?.unwrap_or(0);
        let Some(answer) = ctx.input_response::<ElicitResult>("name")? else {
            let form = ElicitSchema::new().required_field("name", StringSchema::new());
            let required = ctx.input_required().state(&(rounds + 1));
            if rounds == 0 {
                // Without a question, the handler runs again at once.
                return Ok(required.into());
            }
            return Ok(required.ask("name", ElicitParams::form("Who?", form)).into());
        };
        let name = answer.content.unwrap().get("name").unwrap().to_string();
        Ok(Outcome::Complete(format!("{name} {rounds}")))
    }
    let tools =
        || server().tool(ToolRoute::builder("greet").task(TaskSupport::Optional).handler(greet));
    each(tools, async |client| {
        let id = client.create("greet", json!({})).await;
        let task = client.until(&id, "input_required").await;
        assert_eq!(keys(&task), ["name"]);
        client.answer(&id, json!({ "name": accept(json!({ "name": "Ada" })) })).await;
        let task = client.until(&id, "completed").await;
        assert_eq!(task["result"]["content"][0]["text"], "\"Ada\" 2");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn concurrent_partial_answers_are_all_kept() {
    each(tools, async |client| {
        let client = Arc::new(client);
        for _ in 0..20 {
            let id = client.create("introduce", json!({})).await;
            client.until(&id, "input_required").await;
            let answers = ["first", "last"].map(|key| {
                let params = json!({
                    "taskId": id, "inputResponses": { key: accept(json!({ "name": key })) },
                });
                client.start("tasks/update", params)
            });
            for answer in answers {
                within_an_hour("an update", answer.answer()).await.unwrap();
            }
            let task = loop {
                let task = client.until(&id, "input_required").await;
                if keys(&task) == ["greeting"] {
                    break task;
                }
            };
            assert_eq!(task["status"], "input_required");
        }
    })
    .await;
}

/// What a handler has left behind writes nothing to a parked task.
#[tokio::test(start_paused = true)]
async fn progress_after_the_questions_does_not_remove_them() {
    #[tool(task)]
    async fn ask(ctx: Context) -> Result<String, AskError> {
        let reporting = ctx.clone();
        tokio::spawn(async move {
            for number in 1..100 {
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                reporting.progress_with_message(f64::from(number), None, "late").await;
                let _: u32 = reporting.step("late", async { 1 }).await;
            }
        });
        Ok(ctx.elicit::<Name>("Who?").key("who").await?.name)
    }
    each(
        || server().routes(routes![ask]),
        async |client| {
            let id = client.create("ask", json!({})).await;
            client.until(&id, "input_required").await;
            tokio::time::sleep(std::time::Duration::from_secs(10)).await;
            let task = client.get(&id).await;
            assert_eq!(keys(&task), ["who"], "{task}");
            assert!(task.get("statusMessage").is_none(), "{task}");
            client.answer(&id, json!({ "who": accept(json!({ "name": "Ada" })) })).await;
            let task = client.until(&id, "completed").await;
            assert_eq!(task["result"]["content"][0]["text"], "Ada");
        },
    )
    .await;
}

/// A call may ask in place first, and become a task in a later round.
#[tokio::test(start_paused = true)]
async fn a_state_of_a_round_in_place_is_kept_by_the_task() {
    static STEPS: AtomicUsize = AtomicUsize::new(0);

    #[tool(task)]
    async fn charge(ctx: &Context) -> Result<String, AskError> {
        ctx.step("charge", async { STEPS.fetch_add(1, Ordering::Relaxed) }).await;
        Ok(ctx.elicit::<Name>("Who?").key("who").await?.name)
    }
    for &transport in Transport::ALL {
        STEPS.store(0, Ordering::Relaxed);
        let server = built(server().routes(routes![charge]));
        let setup = Setup::default().capabilities(json!({ "elicitation": { "form": {} } }));
        let client = setup.connect(&server, transport, mcp_server::Revision::LATEST).await;
        let asked = client.ok("tools/call", json!({ "name": "charge" })).await;
        let state = &asked["requestState"];
        let client = connect(&server, transport).await;
        let call = |state: &Value| {
            json!({
                "name": "charge", "requestState": state,
                "inputResponses": { "who": accept(json!({ "name": "Ada" })) },
            })
        };
        let id = client.ok("tools/call", call(state)).await["taskId"].as_str().unwrap().to_owned();
        let task = client.until(&id, "completed").await;
        assert_eq!(task["result"]["content"][0]["text"], "Ada", "{transport:?}");
        assert_eq!(STEPS.load(Ordering::Relaxed), 1);
        assert_eq!(client.err("tools/call", call(&json!("forged"))).await.code, -32602);
    }
}
