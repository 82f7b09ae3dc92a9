//! Injected parameters, at any position among the arguments.

use mcp_server::extract::{FromContext, State};
use mcp_server::{BuildError, Context, ErrorObject, Revision, Server, routes, tool};
use serde_json::json;

use crate::client::Client;

struct Counter(u32);

struct Label(&'static str);

type Ctx = Context;

/// The name of a call's revision.
struct RevisionName(String);

impl FromContext for RevisionName {
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
    #[arg(inject)] RevisionName(revision): RevisionName,
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
    panic!("test panic")
}

#[tool]
fn missing(state: State<String>) -> String {
    state.to_string()
}

async fn client() -> Client {
    let routes = routes![anywhere, own_context, thread, panics];
    Client::new(Server::builder("test", "1").state(Counter(7)).state(Label("seven")).routes(routes))
        .await
}

#[tokio::test]
async fn injected_parameters_are_not_arguments() {
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
async fn an_own_type_with_an_injected_name_can_be_an_argument() {
    assert_eq!(client().await.text("own_context", json!({"context": {"line": 3}})).await, "3");
}

#[tokio::test]
async fn a_blocking_function_runs_on_a_separate_thread() {
    let client = client().await;
    let text = client.text("thread", json!({"name": "x"})).await;
    assert_eq!(text, format!("x 7 {} mcp-blocking", Revision::LATEST));
    assert_eq!(
        client.argument_errors("thread", json!({})).await,
        ["/name: the argument is required"]
    );
    assert_eq!(client.try_call("panics", json!({})).await.unwrap_err().code(), -32603);
}

#[mcp_server::prompt]
fn missing_in_prompt(state: &State<Label>) -> String {
    state.0.to_owned()
}

#[mcp_server::resource("missing://{id}")]
fn missing_in_resource(id: u8, state: State<Label>) -> String {
    format!("{id} {}", state.0)
}

struct Provider;

#[mcp_server::tools]
impl Provider {
    #[tool(name = "missing_in_method")]
    fn method(&self, state: State<Label>) -> String {
        state.0.to_owned()
    }
}

#[test]
fn a_missing_state_is_reported_at_the_attribute_when_the_server_is_built() {
    let routes = routes![missing, missing_in_prompt, missing_in_resource];
    let server = Server::builder("test", "1").routes(routes).with(Provider);
    let error = server.build().unwrap_err();
    let BuildError::Several(mistakes) = &error else { panic!("{error}") };
    let named: Vec<_> = mistakes
        .iter()
        .map(|mistake| match mistake {
            BuildError::MissingState { name, place, .. } => {
                assert!(place.file().ends_with("injected.rs"), "{place}");
                (&**name, place.line())
            }
            other => panic!("{other}"),
        })
        .collect();
    let line_of = |text: &str| {
        let source = include_str!("injected.rs");
        u32::try_from(source.lines().position(|line| line.contains(text)).unwrap()).unwrap()
    };
    assert_eq!(
        named,
        [
            ("missing", line_of("fn missing(")),
            ("missing_in_method", line_of("impl Provider {")),
            ("missing_in_prompt", line_of("fn missing_in_prompt(")),
            ("missing://{id}", line_of("fn missing_in_resource(")),
        ]
    );
}

#[test]
fn a_function_in_two_lists_is_reported_once() {
    let server = Server::builder("test", "1").state(Counter(7)).routes(routes![thread, panics]);
    let error = server.routes(routes![thread]).build().unwrap_err().to_string();
    assert!(
        error.starts_with(
            "the tool \"thread\" is registered twice: both times by the definition at"
        ),
        "{error}"
    );
}
