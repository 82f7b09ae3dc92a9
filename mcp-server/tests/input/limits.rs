//! What a call may ask and remember.

use std::sync::Arc;

use mcp_server::completion::CompletionCall;
use mcp_server::input::AskError;
use mcp_server::{Context, Elicit, Limits, Revision, Server, ServerBuilder, prompt, routes, tool};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Client, Link, accept, everything, modern};

#[derive(Deserialize, Elicit)]
struct Name {
    name: String,
}

/// Asks that often.
#[tool]
async fn often(ctx: &Context, times: u32) -> Result<String, AskError> {
    let mut names = String::new();
    for _ in 0..times {
        let Name { name } = ctx.elicit("Again?").await?;
        names += &name;
    }
    Ok(names)
}

/// Remembers that many bytes.
#[tool]
async fn heavy(ctx: &Context, bytes: usize) -> Result<String, AskError> {
    let kept = ctx.step("load", async { "x".repeat(bytes) }).await;
    let Name { name } = ctx.elicit("Who?").await?;
    Ok(format!("{name} {}", kept.len()))
}

/// Asks while it completes.
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
    Client::open_with(&server, Link::Memory, Revision::V2026_07_28, everything(), answers).await
}

#[tokio::test]
async fn rounds() {
    let client = client(server()).await;
    assert_eq!(client.text("often", json!({ "times": 10 })).await, "a".repeat(10));
    let error = client.tool("often", json!({ "times": 11 })).await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (-32603, "this call asked for input 10 times, which is all it may")
    );
}

#[tokio::test]
async fn bytes() {
    let fits = client(server()).await;
    assert_eq!(fits.text("heavy", json!({ "bytes": 48_000 })).await, "a 48000");
    let error = fits.tool("heavy", json!({ "bytes": 50_000 })).await.unwrap_err();
    assert_eq!(error.code(), -32603);
    assert!(
        error.message().contains("the limit is 65536 (max_request_state_bytes)")
            && error.message().contains("in a store"),
        "{error}"
    );
    let mut limits = Limits::new();
    limits.max_request_state_bytes = 128 << 10;
    assert_eq!(
        client(server().limits(limits)).await.text("heavy", json!({ "bytes": 50_000 })).await,
        "a 50000"
    );
    let params = json!({ "name": "often", "requestState": "A".repeat(70_000) });
    let error = fits.once("tools/call", params).await.unwrap_err();
    assert!(error.message().contains("it has 70000 bytes; the limit is 65536"), "{error}");
}

/// A long answer to the first of two questions is remembered until the second is answered.
#[tokio::test]
async fn a_long_answer_is_remembered() {
    let answers = Arc::new(|_: &str, _: &Value| accept(json!({ "name": "a".repeat(20_000) })));
    let server = server().build().unwrap();
    let client =
        Client::open_with(&server, Link::Memory, Revision::V2026_07_28, everything(), answers);
    assert_eq!(client.await.text("often", json!({ "times": 2 })).await.len(), 40_000);
}

/// A time that is too long to be added has no end.
#[tokio::test]
async fn a_state_may_live_for_ever() {
    let mut limits = Limits::new();
    limits.request_state_ttl = std::time::Duration::MAX;
    let client = client(server().limits(limits)).await;
    assert_eq!(client.text("often", json!({ "times": 2 })).await, "aa");
}

#[tokio::test]
async fn only_three_methods_ask() {
    let client = modern(server()).await;
    let reference = json!({ "type": "ref/prompt", "name": "complete" });
    let params = json!({ "ref": reference, "argument": { "name": "word", "value": "" } });
    let result = client.once("completion/complete", params).await.unwrap();
    let told = result["completion"]["values"][0].as_str().unwrap();
    assert!(told.contains("only tools, prompts and resources can ask"), "{told}");
}
