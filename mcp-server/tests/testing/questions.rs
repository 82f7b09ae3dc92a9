//! Answers to what a server asks.

use mcp_server::types::{
    CreateMessageParams, CreateMessageResult, ElicitParams, ElicitResult, Role, Root,
    SamplingContent, SamplingMessage,
};
use mcp_server::{
    Context, Elicit, ErrorObject, Revision, Server, ToolError, routes, serde, test, tool,
};
use serde_json::json;

use crate::fixture::panic_while;

#[derive(serde::Deserialize, Elicit)]
#[serde(crate = "mcp_server::serde")]
struct Name {
    name: String,
}

/// Greet the user.
#[tool]
async fn greet(ctx: Context) -> Result<String, ToolError> {
    let answer = ctx.elicit::<Name>("Who are you?").await?;
    Ok(format!("Hello, {}!", answer.name))
}

/// Ask the model.
#[tool]
async fn think(ctx: Context) -> Result<String, ToolError> {
    let message = SamplingMessage::new(Role::User, SamplingContent::text("What?"));
    let answer = ctx.create_message(CreateMessageParams::new([message], 10)).await?;
    Ok(answer.model)
}

/// List the roots.
#[tool]
async fn places(ctx: Context) -> Result<String, ToolError> {
    let roots = ctx.list_roots().await?;
    Ok(roots.iter().map(|root| root.uri.as_str()).collect::<Vec<_>>().join(" "))
}

fn name() -> Result<ElicitResult, ErrorObject> {
    ElicitResult::accept(json!({"name": "Ada"}))
}

fn server() -> Server {
    Server::builder("asking", "1").routes(routes![greet, think, places]).build().unwrap()
}

#[tokio::test]
async fn forms_models_and_roots_are_answered_in_both_eras() {
    for revision in [Revision::V2025_11_25, Revision::V2026_07_28] {
        let client = test::client(server())
            .revision(revision)
            .on_elicit(|form| {
                assert!(matches!(form, ElicitParams::Form(form) if form.message == "Who are you?"));
                name()
            })
            .on_create_message(|_| {
                let text = SamplingContent::text("42");
                CreateMessageResult::new(Role::Assistant, text, "test-model")
            })
            .roots([Root::new("file:///a")])
            .await;
        client.call("greet", json!({})).await.assert_text("Hello, Ada!");
        client.call("think", json!({})).await.assert_text("test-model");
        client.call("places", json!({})).await.assert_text("file:///a");
    }
}

#[tokio::test]
async fn a_client_without_an_answer_does_not_declare_the_capability() {
    for revision in [Revision::V2025_11_25, Revision::V2026_07_28] {
        let client = test::client(server()).revision(revision).await;
        let answer = client.call("greet", json!({})).await;
        answer.assert_error("elicitation");
    }
}

#[tokio::test]
async fn endless_questions_fail_the_test() {
    /// Ask again and again.
    #[tool]
    async fn nag(ctx: Context) -> Result<String, ToolError> {
        loop {
            ctx.elicit::<Name>("Who are you?").await?;
        }
    }
    let server = Server::builder("asking", "1").routes(routes![nag]);
    let text = panic_while(async {
        let client = test::client(server).on_elicit(|_| name()).await;
        client.call("nag", json!({})).await.assert_text("").json().clone()
    });
    let text = text.await;
    assert!(text.contains("rounds"), "{text}");
}
