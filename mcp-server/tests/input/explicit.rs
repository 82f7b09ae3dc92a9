//! The explicit form: handlers that return their questions, in both eras.

use mcp_server::input::{AskError, Outcome};
use mcp_server::types::PromptMessage;
use mcp_server::types::{
    CreateMessageParams, CreateMessageResult, ElicitParams, ElicitResult, ElicitSchema,
    ListRootsResult, SamplingMessage, StringSchema,
};
use mcp_server::{Context, ErrorObject, Server, ServerBuilder, prompt, resource, routes, tool};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::{Client, accept, everywhere, modern};

#[derive(Serialize, Deserialize)]
struct Progress {
    so_far: Vec<String>,
}

fn name(message: &str) -> ElicitParams {
    ElicitParams::form(message, ElicitSchema::new().required_field("name", StringSchema::new()))
}

fn read(answer: &ElicitResult) -> String {
    answer
        .content
        .as_ref()
        .and_then(|content| content["name"].as_str())
        .unwrap_or("unknown")
        .to_owned()
}

/// Asks for three names, one per round.
#[tool]
fn three(ctx: &Context) -> Result<Outcome<String>, ErrorObject> {
    let mut progress = ctx.request_state::<Progress>()?.unwrap_or(Progress { so_far: Vec::new() });
    if let Some(answer) =
        ctx.input_response::<ElicitResult>(&format!("name{}", progress.so_far.len()))?
    {
        progress.so_far.push(read(&answer));
    }
    if progress.so_far.len() == 3 {
        return Ok(Outcome::Complete(progress.so_far.join(" ")));
    }
    let number = progress.so_far.len();
    Ok(ctx.input_required().elicit(format!("name{number}"), name("Next?")).state(&progress).into())
}

/// Returns all kinds of questions at once.
#[tool]
async fn all(ctx: &Context) -> Result<Outcome<String>, ErrorObject> {
    let answers = ctx.input_responses();
    if answers.is_empty() {
        let sample = CreateMessageParams::new([SamplingMessage::user("Hi")], 5);
        let asked = ctx
            .input_required()
            .elicit("who", name("Who?"))
            .create_message("said", sample)
            .list_roots("where");
        return Ok(asked.into());
    }
    let who: Option<ElicitResult> = ctx.input_response("who")?;
    let said: Option<CreateMessageResult> = ctx.input_response("said")?;
    let roots: Option<ListRootsResult> = ctx.input_response("where")?;
    let (who, said, roots) = (who.unwrap(), said.unwrap(), roots.unwrap());
    Ok(Outcome::Complete(format!("{} {} {}", read(&who), said.model, roots.roots.len())))
}

/// Returns only a state, twice.
#[tool]
async fn later(ctx: &Context) -> Result<Outcome<String>, ErrorObject> {
    let turns = ctx.request_state::<u32>()?.unwrap_or(0);
    if turns == 2 {
        Ok(Outcome::Complete("now".into()))
    } else {
        Ok(ctx.input_required().state(&(turns + 1)).into())
    }
}

/// Asks in every round.
#[tool]
async fn never(ctx: &Context) -> Outcome<String> {
    ctx.input_required().elicit("again", name("Again?")).into()
}

/// Returns neither a question nor a state.
#[tool]
async fn nothing(ctx: &Context) -> Outcome<String> {
    ctx.input_required().into()
}

/// Uses both forms in one function.
#[tool]
async fn mixed(ctx: &Context) -> Result<Outcome<String>, AskError> {
    let first = ctx.elicit_with(name("First?")).await?;
    let Ok(Some(second)) = ctx.input_response::<ElicitResult>("second") else {
        return Ok(ctx.input_required().elicit("second", name("Second?")).into());
    };
    Ok(Outcome::Complete(format!("{} {}", read(&first), read(&second))))
}

/// A prompt that asks.
#[prompt]
fn about(ctx: &Context, tone: String) -> Result<Outcome<PromptMessage>, ErrorObject> {
    Ok(match ctx.input_response::<ElicitResult>("whom")? {
        Some(answer) => Outcome::Complete(PromptMessage::user(format!("{} {tone}", read(&answer)))),
        None => ctx.input_required().elicit("whom", name("About whom?")).into(),
    })
}

/// A resource that asks.
#[resource("note://{id}")]
fn note(ctx: &Context, id: u32) -> Result<Outcome<String>, ErrorObject> {
    Ok(match ctx.input_response::<ElicitResult>("whose")? {
        Some(answer) => Outcome::Complete(format!("{} {id}", read(&answer))),
        None => ctx.input_required().elicit("whose", name("Whose?")).into(),
    })
}

fn server() -> ServerBuilder {
    Server::builder("test", "1")
        .routes(routes![three, all, later, never, nothing, mixed, about, note])
}

fn answers(method: &str, params: &Value) -> Value {
    match method {
        "sampling/createMessage" => {
            json!({ "role": "assistant", "content": { "type": "text", "text": "Hi" }, "model": "m" })
        }
        "roots/list" => json!({ "roots": [{ "uri": "file:///a" }] }),
        _ => accept(json!({ "name": params["message"].as_str().unwrap().trim_end_matches('?') })),
    }
}

#[tokio::test(start_paused = true)]
async fn returned_questions_work_in_both_eras() {
    everywhere(async |link, revision| {
        let client = Client::open(server(), link, revision, answers).await;
        assert_eq!(client.text("three", json!({})).await, "Next Next Next");
        assert_eq!(client.questions(), 3);
        assert_eq!(client.text("all", json!({})).await, "Who m 1");
        assert_eq!(client.text("later", json!({})).await, "now");
        assert_eq!(client.text("mixed", json!({})).await, "First Second");
        let params = json!({ "name": "about", "arguments": { "tone": "warm" } });
        let prompt = client.request("prompts/get", params).await.unwrap();
        assert_eq!(prompt["messages"][0]["content"]["text"], "About whom warm");
        let resource =
            client.request("resources/read", json!({ "uri": "note://7" })).await.unwrap();
        assert_eq!(resource["contents"][0]["text"], "Whose 7");
        for tool in ["never", "nothing"] {
            assert_eq!(client.tool(tool, json!({})).await.unwrap_err().code(), -32603, "{tool}");
        }
    })
    .await;
}

#[tokio::test]
async fn returned_questions_have_the_wire_form_of_the_specification() {
    let client = modern(server()).await;
    let round = client.once("tools/call", json!({ "name": "later" })).await.unwrap();
    assert_eq!(round["resultType"], "input_required");
    assert!(round.get("inputRequests").is_none() && round["requestState"].is_string());
    let round = client.once("tools/call", json!({ "name": "all" })).await.unwrap();
    let methods: Vec<_> = round["inputRequests"]
        .as_object()
        .unwrap()
        .values()
        .map(|request| &request["method"])
        .collect();
    assert_eq!(methods, ["sampling/createMessage", "roots/list", "elicitation/create"]);
}

/// Asks again after each answer.
#[tool]
fn insatiable(ctx: &Context) -> Result<Outcome<String>, ErrorObject> {
    Ok(ctx.input_required().elicit("name", name("Again?")).into())
}

#[tokio::test(start_paused = true)]
async fn the_number_of_rounds_is_limited_in_both_eras() {
    everywhere(async |link, revision| {
        let server = Server::builder("test", "1").routes(routes![insatiable]);
        let client =
            Client::open(server, link, revision, |_, _| accept(json!({ "name": "a" }))).await;
        let error = client.tool("insatiable", json!({})).await.unwrap_err();
        assert_eq!(
            (error.code(), error.message()),
            (-32603, "the call exceeded the limit of 10 input rounds (max_input_rounds)"),
            "{revision}"
        );
        assert_eq!(client.questions(), 10, "{revision}");
    })
    .await;
}
