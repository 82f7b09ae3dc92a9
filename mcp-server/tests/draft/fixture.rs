//! The server of the tests: a few routes, lists of several pages, and a way to each kind of error.

use std::time::Duration;

use mcp_server::input::AskError;
use mcp_server::jsonrpc::ErrorKind;
use mcp_server::layer::{RateLimitLayer, TimeoutLayer};
use mcp_server::types::{CacheScope, RequiredUrl};
use mcp_server::{
    Context, Elicit, ErrorObject, Limits, Server, ServerBuilder, prompt, resource, routes, tool,
};
use serde::Deserialize;
use serde_json::json;

/// The length from which a message is refused.
pub(crate) const MAX_MESSAGE: usize = 4_000;

#[derive(Deserialize, Elicit)]
struct Name {
    name: String,
}

/// Says what it hears.
#[tool]
async fn echo(text: String) -> String {
    text
}

/// Fails with a code.
#[tool]
async fn fail(code: i32) -> Result<String, ErrorObject> {
    Err(ErrorObject::new(code, "a code of the handler").with_data(&json!({ "a": 1 })))
}

/// Fails with a feature that it does not support.
#[tool]
async fn unsupported() -> Result<String, ErrorObject> {
    let details = json!({ "kind": "schema_dialect", "feature": "https://example.com/dialect" });
    let error = ErrorObject::invalid_params("the dialect is not supported");
    Err(error.with_kind(ErrorKind::UnsupportedFeature, &details))
}

/// Wants a visit.
#[tool]
async fn visit() -> Result<String, ErrorObject> {
    let url = RequiredUrl::new("log-in-1", "https://example.com/login", "Log in");
    Err(ErrorObject::url_elicitation_required([url]))
}

/// Asks for a name.
#[tool]
async fn ask(ctx: &Context) -> Result<String, AskError> {
    let Name { name } = ctx.elicit("Who are you?").await?;
    Ok(name)
}

/// Fails inside.
#[tool]
async fn broken() -> Result<String, ErrorObject> {
    panic!("the secret reason")
}

/// Never ends.
#[tool]
async fn hang() -> String {
    std::future::pending().await
}

/// Greets.
#[prompt]
fn greet(#[arg(complete = ["A", "B"])] name: String) -> String {
    format!("Hello {name}")
}

/// The settings.
#[resource("config://app")]
fn config() -> &'static str {
    "{}"
}

/// A row.
#[resource("db://rows/{row}")]
fn row(row: String) -> String {
    row
}

pub(crate) fn limits() -> Limits {
    let mut limits = Limits::new();
    limits.connection.max_message_bytes = MAX_MESSAGE;
    limits
}

pub(crate) fn server() -> ServerBuilder {
    Server::builder("published", "1.0.0")
        .instructions("Use `echo`.")
        .limits(limits())
        .page_size(2)
        .cache(Duration::from_secs(60), CacheScope::Public)
        .routes(routes![echo, fail, unsupported, visit, ask, broken, hang, greet, config, row])
        .layer(TimeoutLayer::new(Duration::from_millis(1)))
        .layer(RateLimitLayer::new(1, Duration::from_secs(3_600)).methods(["completion/complete"]))
}
