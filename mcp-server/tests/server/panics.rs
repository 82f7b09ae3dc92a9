//! A panic in a handler is answered with −32603, and other calls are not affected.

use mcp_server::completion::CompletionCall;
use mcp_server::layer::Layer;
use mcp_server::prompt::PromptRoute;
use mcp_server::resource::ResourceRoute;
use mcp_server::service::{Notification, Reply, Request, Service};
use mcp_server::tool::{ToolCall, ToolFuture, ToolRoute};
use mcp_server::types::PromptArgument;
use mcp_server::{Context, ServerBuilder};
use mcp_test_support::Gate;
use serde_json::{Value, json};

use crate::harness::{Client, everywhere, server, waiting_tool};

async fn panicking() -> &'static str {
    panic!("on the first poll")
}

async fn panicking_later() -> &'static str {
    tokio::task::yield_now().await;
    panic!("on the second poll")
}

fn fragile(gate: &Gate) -> ServerBuilder {
    let sync = |_: ToolCall| -> ToolFuture { panic!("before the future is created") };
    let completer =
        |_: CompletionCall| -> mcp_server::completion::CompletionFuture { panic!("completer") };
    server()
        .tool(ToolRoute::builder("sync").raw(sync))
        .tool(ToolRoute::builder("at-once").handler(|_: Context| panicking()))
        .tool(ToolRoute::builder("late").handler(|_: Context| panicking_later()))
        .tool(waiting_tool("wait", gate))
        .tool(ToolRoute::builder("fine").handler(|_: Context| async { "fine" }))
        .prompt(
            PromptRoute::builder("p")
                .argument(PromptArgument::new("a"))
                .complete("a", completer)
                .handler(|_: Context| panicking()),
        )
        .resource(ResourceRoute::builder("r://1", "r").handler(|_: Context| panicking()))
}

async fn panics(client: &Client, method: &str, params: Value) {
    let error = client.err(method, params).await;
    error.expect_internal();
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_internal_error_and_other_calls_continue() {
    let gate = Gate::new();
    everywhere(
        || fragile(&gate),
        async |client| {
            let before = gate.arrivals();
            let waiting = client.start_tool("wait");
            gate.arrived(before + 1).await;
            for tool in ["sync", "at-once", "late"] {
                panics(&client, "tools/call", json!({"name": tool})).await;
                assert_eq!(client.tool_text("fine", json!({})).await, "fine");
            }
            panics(&client, "prompts/get", json!({"name": "p"})).await;
            panics(&client, "resources/read", json!({"uri": "r://1"})).await;
            let reference = json!({"type": "ref/prompt", "name": "p"});
            panics(
                &client,
                "completion/complete",
                json!({"ref": reference, "argument": {"name": "a", "value": ""}}),
            )
            .await;
            gate.open(1);
            waiting.answer().await.unwrap();
        },
    )
    .await;
}

/// Panics in its future, before its future is created, and on notifications.
#[derive(Clone, Copy)]
struct Fragile;

struct FragileService<S>(S);

impl<S> Layer<S> for Fragile {
    type Service = FragileService<S>;

    fn layer(&self, inner: S) -> FragileService<S> {
        FragileService(inner)
    }
}

impl<S: Service> Service for FragileService<S> {
    fn call(&self, request: Request) -> impl Future<Output = Reply> + Send {
        let params: Value = request.params.parse().unwrap();
        assert_ne!(params["name"], "sync", "before the future is created");
        async move {
            assert_ne!(params["name"], "async", "in the future");
            self.0.call(request).await
        }
    }

    fn notify(&self, notification: Notification) -> impl Future<Output = ()> + Send {
        assert_ne!(notification.method, "notifications/sync");
        async move {
            assert_ne!(notification.method, "notifications/async");
            self.0.notify(notification).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_layer_is_caught_too() {
    let server = || {
        server()
            .tool(ToolRoute::builder("fine").handler(|_: Context| async { "fine" }))
            .layer(Fragile)
    };
    everywhere(server, async |client| {
        for tool in ["sync", "async"] {
            panics(&client, "tools/call", json!({"name": tool})).await;
            client.notify(&format!("notifications/{tool}"), json!({}));
            assert_eq!(client.tool_text("fine", json!({})).await, "fine");
        }
    })
    .await;
}
