//! The limits of questions and of the state of a call.

use std::sync::Arc;

use mcp_server::completion::CompletionCall;
use mcp_server::input::AskError;
use mcp_server::{Context, Elicit, Limits, Revision, Server, ServerBuilder, prompt, routes, tool};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Client, Link, accept, all_capabilities, modern};

#[derive(Deserialize, Elicit)]
struct Name {
    name: String,
}

/// Asks the given number of times.
#[tool]
async fn often(ctx: &Context, times: u32) -> Result<String, AskError> {
    let mut names = String::new();
    for _ in 0..times {
        let Name { name } = ctx.elicit("Again?").await?;
        names += &name;
    }
    Ok(names)
}

/// Keeps the given number of bytes.
#[tool]
async fn heavy(ctx: &Context, bytes: usize) -> Result<String, AskError> {
    let kept = ctx.step("load", async { "x".repeat(bytes) }).await;
    let Name { name } = ctx.elicit("Who?").await?;
    Ok(format!("{name} {}", kept.len()))
}

/// Asks in its completion function.
#[prompt]
fn complete(#[arg(complete = suggest)] word: String) -> String {
    word
}

async fn suggest(call: &CompletionCall) -> Vec<String> {
    match call.context().elicit::<Name>("Who?").await {
        Ok(name) => vec![name.name],
        Err(error) => vec![error.to_string()],
    }
}

fn server() -> ServerBuilder {
    Server::builder("test", "1").routes(routes![often, heavy, complete])
}

async fn client(server: ServerBuilder) -> Client {
    let answers = Arc::new(|_: &str, _: &Value| accept(json!({ "name": "a" })));
    let server = server.build().unwrap();
    Client::open_with(&server, Link::Memory, Revision::V2026_07_28, all_capabilities(), answers)
        .await
}

#[tokio::test]
async fn the_number_of_rounds_is_limited() {
    let client = client(server()).await;
    assert_eq!(client.text("often", json!({ "times": 10 })).await, "a".repeat(10));
    let error = client.tool("often", json!({ "times": 11 })).await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (-32603, "the call exceeded the limit of 10 input rounds (max_input_rounds)")
    );
}

#[tokio::test]
async fn the_size_of_a_state_is_limited() {
    let default_client = client(server()).await;
    assert_eq!(default_client.text("heavy", json!({ "bytes": 48_000 })).await, "a 48000");
    let error = default_client.tool("heavy", json!({ "bytes": 50_000 })).await.unwrap_err();
    assert_eq!(error.code(), -32603);
    assert!(
        error.message().contains("the limit is 65536 (max_request_state_bytes)")
            && error.message().contains("on the server"),
        "{error}"
    );
    let mut limits = Limits::new();
    limits.max_request_state_bytes = 128 << 10;
    assert_eq!(
        client(server().limits(limits)).await.text("heavy", json!({ "bytes": 50_000 })).await,
        "a 50000"
    );
    let params = json!({ "name": "often", "requestState": "A".repeat(70_000) });
    let error = default_client.once("tools/call", params).await.unwrap_err();
    assert!(
        error
            .message()
            .contains("70000 bytes exceed the limit of 65536 bytes (max_request_state_bytes)"),
        "{error}"
    );
}

/// A long answer to the first of two questions is kept until the second is answered.
#[tokio::test]
async fn a_long_answer_is_kept() {
    let answers = Arc::new(|_: &str, _: &Value| accept(json!({ "name": "a".repeat(20_000) })));
    let server = server().build().unwrap();
    let client = Client::open_with(
        &server,
        Link::Memory,
        Revision::V2026_07_28,
        all_capabilities(),
        answers,
    );
    assert_eq!(client.await.text("often", json!({ "times": 2 })).await.len(), 40_000);
}

/// A lifetime that overflows is unlimited.
#[tokio::test]
async fn the_lifetime_of_a_state_can_be_unlimited() {
    let mut limits = Limits::new();
    limits.request_state_ttl = std::time::Duration::MAX;
    let client = client(server().limits(limits)).await;
    assert_eq!(client.text("often", json!({ "times": 2 })).await, "aa");
}

#[tokio::test]
async fn only_three_methods_can_ask() {
    let client = modern(server()).await;
    let reference = json!({ "type": "ref/prompt", "name": "complete" });
    let params = json!({ "ref": reference, "argument": { "name": "word", "value": "" } });
    let result = client.once("completion/complete", params).await.unwrap();
    let message = result["completion"]["values"][0].as_str().unwrap();
    assert!(message.contains("only tools, prompts and resources can ask"), "{message}");
}
