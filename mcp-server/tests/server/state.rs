//! State that handlers share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mcp_server::completion::CompletionCall;
use mcp_server::extract::{Args, FromContext, Needs, State};
use mcp_server::method::Method;
use mcp_server::prompt::PromptRoute;
use mcp_server::resource::ResourceRoute;
use mcp_server::tool::ToolRoute;
use mcp_server::types::PromptArgument;
use mcp_server::{BuildError, Context, ErrorObject, ServerBuilder};
use serde_json::{Value, json};

use crate::harness::{built, everywhere, server};

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

/// A method with a state.
enum Greet {}

impl Method for Greet {
    const NAME: &'static str = "example/greet";
    type Params = Value;
    type Result = Value;
}

async fn greet(
    ctx: Context,
    greeting: State<Greeting>,
    Args(params): Args<Value>,
) -> Result<Value, ErrorObject> {
    let is_known = ctx.state::<Greeting>().is_ok();
    Ok(json!({"greeting": format!("{} {}", greeting.0, params["name"]), "known": is_known}))
}

async fn names(
    greeting: State<Greeting>,
    call: CompletionCall,
    _: Context,
) -> Result<Vec<String>, ErrorObject> {
    match call.value() {
        "bad" => Err(ErrorObject::invalid_params("bad")),
        typed => Ok(vec![format!("{} {typed}", greeting.0)]),
    }
}

/// A prompt, a template, an extension and a server with a handler of this state.
fn extracting() -> ServerBuilder {
    server()
        .method_with::<Greet, _, _>(greet)
        .prompt(
            PromptRoute::builder("p")
                .argument(PromptArgument::new("name"))
                .complete_with("name", names)
                .handler(|| async { "" }),
        )
        .resource(
            ResourceRoute::builder("r://{name}", "r")
                .complete_with("name", names)
                .handler(|| async { "" }),
        )
}

#[tokio::test(start_paused = true)]
async fn completions_and_methods_take_extractors_in_any_order() {
    everywhere(
        || extracting().state(Greeting("hello")),
        async |client| {
            let greeted = client.ok("example/greet", json!({"name": "Ann"})).await;
            assert_eq!(greeted["greeting"], "hello \"Ann\"");
            assert_eq!(greeted["known"], true);
            for reference in [
                json!({"type": "ref/prompt", "name": "p"}),
                json!({"type": "ref/resource", "uri": "r://{name}"}),
            ] {
                let complete =
                    |value| json!({"ref": reference, "argument": {"name": "name", "value": value}});
                let found = client.ok("completion/complete", complete("A")).await;
                assert_eq!(found["completion"]["values"], json!(["hello A"]));
                let failure = client.err("completion/complete", complete("bad")).await;
                assert_eq!((failure.code, &*failure.message), (-32602, "bad"));
            }
        },
    )
    .await;
}

#[test]
fn a_state_that_a_completion_or_method_lacks_is_reported_when_the_server_is_built() {
    let error = extracting().build().unwrap_err();
    let BuildError::Several(mistakes) = &error else { panic!("{error}") };
    let found: Vec<_> = mistakes
        .iter()
        .map(|mistake| match mistake {
            BuildError::MissingState { kind, name, state, place, .. } => {
                assert!(place.file().ends_with("state.rs"), "{place}");
                assert_eq!(*state, std::any::type_name::<Greeting>());
                (*kind, &**name)
            }
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(found, [("prompt", "p"), ("resource", "r://{name}"), ("method", "example/greet")]);
    let handle = built(server()).handle();
    let prompt = PromptRoute::builder("p").complete_with("name", names).handler(|| async { "" });
    assert!(matches!(handle.set_prompt(prompt), Err(BuildError::MissingState { .. })));
}
