//! What a function takes from its call, wherever it stands among the arguments.

use mcp_server::extract::{FromContext, State};
use mcp_server::{Context, ErrorObject, Revision, Server, routes, tool};
use serde_json::json;

use crate::client::Client;

struct Counter(u32);

struct Label(&'static str);

type Ctx = Context;

/// What a call's revision is called.
struct Spoken(String);

impl FromContext for Spoken {
    fn from_context(context: &Context) -> Result<Self, ErrorObject> {
        Ok(Self(context.revision().to_string()))
    }
}

mod own {
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    pub(super) struct Context {
        pub(super) line: u32,
    }
}

#[tool]
async fn anywhere(
    first: u8,
    by_reference: &Context,
    second: u8,
    counter: State<Counter>,
    by_value: Context,
    label: &State<Label>,
    third: Option<u8>,
    #[arg(inject)] alias: &Ctx,
    #[arg(inject)] Spoken(revision): Spoken,
) -> String {
    tokio::task::yield_now().await;
    assert_eq!(by_reference.request_id(), by_value.request_id());
    assert_eq!(alias.revision(), by_value.revision());
    format!("{first} {second} {third:?} {} {} {revision}", counter.0, label.0)
}

#[tool]
fn own_context(#[arg] context: own::Context) -> String {
    context.line.to_string()
}

#[tool(blocking)]
fn thread(context: &Context, counter: State<Counter>, name: String) -> String {
    let thread = std::thread::current();
    format!("{name} {} {} {}", counter.0, context.revision(), thread.name().unwrap_or_default())
}

#[tool(blocking)]
fn panics() -> String {
    panic!("on purpose")
}

#[tool]
fn missing(state: State<String>) -> String {
    state.to_string()
}

async fn client() -> Client {
    let routes = routes![anywhere, own_context, thread, panics, missing];
    Client::new(Server::builder("test", "1").state(Counter(7)).state(Label("seven")).routes(routes))
        .await
}

#[tokio::test]
async fn injected_parameters_are_no_arguments() {
    let client = client().await;
    assert_eq!(
        client.tool("anywhere").await["inputSchema"]["properties"],
        json!({
            "first": {"type": "integer", "minimum": 0, "maximum": 255},
            "second": {"type": "integer", "minimum": 0, "maximum": 255},
            "third": {"type": "integer", "minimum": 0, "maximum": 255},
        })
    );
    let text = client.text("anywhere", json!({"first": 1, "second": 2})).await;
    assert_eq!(text, format!("1 2 None 7 seven {}", Revision::LATEST));
}

#[tokio::test]
async fn a_type_of_ones_own_with_the_name_is_an_argument() {
    assert_eq!(client().await.text("own_context", json!({"context": {"line": 3}})).await, "3");
}

#[tokio::test]
async fn what_blocks_runs_on_a_thread_of_its_own() {
    let client = client().await;
    let text = client.text("thread", json!({"name": "x"})).await;
    assert_eq!(text, format!("x 7 {} mcp-blocking", Revision::LATEST));
    assert_eq!(client.mistakes("thread", json!({})).await, ["/name: the argument is required"]);
    assert_eq!(client.try_call("panics", json!({})).await.unwrap_err().code(), -32603);
}

#[tokio::test]
async fn a_state_that_the_server_was_not_given_is_an_internal_error() {
    assert_eq!(client().await.try_call("missing", json!({})).await.unwrap_err().code(), -32603);
}
