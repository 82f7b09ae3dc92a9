//! State that handlers share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mcp_server::extract::{Args, FromContext, Needs, State};
use mcp_server::prompt::PromptRoute;
use mcp_server::resource::ResourceRoute;
use mcp_server::tool::ToolRoute;
use mcp_server::{BuildError, Context, ErrorObject, ServerBuilder};
use serde_json::json;

use crate::harness::{everywhere, server};

#[derive(Default)]
struct Counter(AtomicU64);

struct Greeting(&'static str);

fn stateful() -> ServerBuilder {
    server()
        .state(Counter::default())
        .state(Greeting("replaced"))
        .state(Greeting("hello"))
        .tool(ToolRoute::builder("count").handler(|counter: State<Counter>| async move {
            (counter.0.fetch_add(1, Ordering::Relaxed) + 1).to_string()
        }))
        .tool(ToolRoute::builder("mixed").handler(
            |greeting: State<Greeting>,
             Args(args): Args<std::collections::BTreeMap<String, String>>,
             _: Context,
             _: State<Counter>| async move { format!("{} {}", greeting.0, args["name"]) },
        ))
        .prompt(
            PromptRoute::builder("p")
                .handler(|greeting: State<Greeting>| async move { greeting.0 }),
        )
        .resource(
            ResourceRoute::builder("r://1", "r")
                .handler(|greeting: State<Greeting>| async move { greeting.0 }),
        )
        .tool(ToolRoute::builder("asked").handler(|context: Context| async move {
            context.state::<String>().map(|text| text.to_string())
        }))
}

#[tokio::test(start_paused = true)]
async fn state_is_shared_by_type_at_any_position() {
    everywhere(stateful, async |client| {
        for count in 1..=3 {
            assert_eq!(client.tool_text("count", json!({})).await, count.to_string());
        }
        assert_eq!(client.tool_text("mixed", json!({"name": "Ann"})).await, "hello Ann");
        let prompt = client.ok("prompts/get", json!({"name": "p"})).await;
        assert_eq!(prompt["messages"][0]["content"]["text"], "hello");
        let resource = client.ok("resources/read", json!({"uri": "r://1"})).await;
        assert_eq!(resource["contents"][0]["text"], "hello");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_missing_state_that_a_handler_asks_for_is_an_internal_error_without_details() {
    everywhere(stateful, async |client| {
        client.err("tools/call", json!({"name": "asked"})).await.expect_internal();
    })
    .await;
}

/// A value that is made of a state.
struct Shout(String);

impl FromContext for Shout {
    fn from_context(context: &Context) -> Result<Self, ErrorObject> {
        Ok(Self(context.state::<Greeting>()?.0.to_uppercase()))
    }

    fn needs(needs: &mut Needs) {
        needs.state::<Greeting>();
    }
}

#[test]
fn every_missing_state_is_reported_when_the_server_is_built() {
    let build = || {
        server()
            .state(Arc::new(Counter::default()))
            .tool(
                ToolRoute::builder("t")
                    .handler(|_: State<Counter>, _: State<Counter>| async { "" }),
            )
            .prompt(PromptRoute::builder("p").handler(|_: State<Greeting>| async { "" }))
            .resource(
                ResourceRoute::builder("r://1", "r").handler(|shout: Shout| async { shout.0 }),
            )
            .resource(ResourceRoute::builder("r://{x}", "r").handler(|_: Shout| async { "" }))
    };
    let error = build().build().unwrap_err();
    let BuildError::Several(mistakes) = &error else { panic!("{error}") };
    let texts: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    let counter = std::any::type_name::<Counter>();
    let greeting = std::any::type_name::<Greeting>();
    for (text, (route, state)) in texts.iter().zip([
        ("tool \"t\"", counter),
        ("prompt \"p\"", greeting),
        ("resource \"r://1\"", greeting),
        ("resource \"r://{x}\"", greeting),
    ]) {
        let start = format!("the {route} (mcp-server/tests/server/state.rs:");
        assert!(text.replace('\\', "/").starts_with(&start), "{text}");
        assert!(
            text.contains(&format!("takes a `State<{state}>`, and the server has no")),
            "{text}"
        );
    }
    assert_eq!(texts.len(), 4);
    assert!(texts[0].contains("it has one in an `Arc`"), "{}", texts[0]);
    assert!(
        texts[1].ends_with("pass a value of this type to ServerBuilder::state"),
        "{}",
        texts[1]
    );
    build().state(Counter::default()).state(Greeting("")).build().unwrap();
}

#[test]
fn routes_that_a_handle_adds_before_the_build_are_checked_too() {
    let builder = server();
    let handle = builder.handle();
    handle.set_tool(ToolRoute::builder("t").handler(|_: State<u8>| async { "" })).unwrap();
    assert!(matches!(builder.build(), Err(BuildError::MissingState { kind: "tool", .. })));
}
