//! Values that handlers share.

use std::sync::atomic::{AtomicU64, Ordering};

use mcp_server::extract::{Args, State};
use mcp_server::prompt::PromptRoute;
use mcp_server::resource::ResourceRoute;
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, ServerBuilder};
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
        .tool(ToolRoute::builder("missing").handler(|_: State<String>| async { "" }))
        .tool(ToolRoute::builder("asked").handler(|context: Context| async move {
            context.state::<String>().map(|text| text.to_string())
        }))
}

#[tokio::test(start_paused = true)]
async fn state_is_shared_by_type_wherever_it_stands() {
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
async fn state_that_was_never_given_is_an_internal_error_without_details() {
    everywhere(stateful, async |client| {
        for tool in ["missing", "asked"] {
            let error = client.err("tools/call", json!({"name": tool})).await;
            error.expect_internal();
        }
    })
    .await;
}
