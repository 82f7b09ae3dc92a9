//! A server to test, and the text of panics.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use mcp_server::prompt::PromptRoute;
use mcp_server::resource::ResourceRoute;
use mcp_server::{ErrorObject, Server, ServerBuilder, ToolError, routes, schemars, serde, tool};

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema, Debug, PartialEq)]
#[serde(crate = "mcp_server::serde")]
#[schemars(crate = "mcp_server::schemars")]
pub struct Weather {
    pub celsius: f64,
    pub raining: bool,
}

/// Get the weather.
#[tool(read_only)]
async fn weather(city: String, days: Option<u8>) -> Result<Weather, ToolError> {
    match days {
        Some(15..) => Err(ToolError::new("days must be at most 14")),
        _ => Ok(Weather { celsius: 21.5, raining: city == "Bergen" }),
    }
}

/// Add two numbers.
#[tool]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// Fail.
#[tool]
async fn fail() -> Result<String, ErrorObject> {
    Err(ErrorObject::invalid_params("/weekday: the office is closed"))
}

/// Say three lines.
#[tool]
async fn poem() -> String {
    "one\ntwo\nthree".to_owned()
}

pub fn server() -> ServerBuilder {
    Server::builder("test-server", "1.0.0")
        .routes(routes![weather, add, fail, poem])
        .prompt(PromptRoute::builder("hello").handler(|| async { "Say hello." }))
        .resource(ResourceRoute::builder("note://1", "one").handler(|| async { "a note" }))
        .resource(ResourceRoute::builder("note://{id}", "note").handler(|| async { "a note" }))
}

/// Returns the text with which `assertion` panics.
#[track_caller]
pub fn panic_of<T>(assertion: impl FnOnce() -> T) -> String {
    let outcome = catch_unwind(AssertUnwindSafe(|| drop(assertion())));
    text_of(outcome.expect_err("the assertion passed"))
}

/// Returns the text with which a future panics.
pub async fn panic_while(future: impl Future<Output: Send + 'static> + Send + 'static) -> String {
    let error = tokio::spawn(async move { drop(future.await) }).await.expect_err("it passed");
    text_of(error.into_panic())
}

fn text_of(panic: Box<dyn Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(other) => (*other.downcast::<&str>().expect("a text")).to_owned(),
    }
}
