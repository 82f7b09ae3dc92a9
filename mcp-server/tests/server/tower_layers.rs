//! Layers of the crate `tower` around calls.

use std::task::{Context, Poll};
use std::time::Duration;

use mcp_server::json::JsonBytes;
use mcp_server::jsonrpc::ErrorObject;
use mcp_server::layer::{LayerExt as _, TowerInner, TowerLayer};
use mcp_server::service::Request;
use mcp_server::tool::ToolRoute;
use mcp_server::{Revision, ServerBuilder};
use mcp_test_support::{Gate, settle};
use serde_json::json;
use tower::ServiceBuilder;
use tower::layer::layer_fn;

use crate::harness::{Client, Failure, Transport, built, everywhere, server, waiting_tool};

fn base() -> ServerBuilder {
    server().tool(ToolRoute::builder("t").handler(|| async { "ok" }))
}

async fn connect(builder: ServerBuilder) -> Client {
    Client::connect(&built(builder), Transport::Stream, Revision::V2026_07_28).await
}

fn retry_later() -> Option<serde_json::Value> {
    Some(json!({ "retryable": true, "retryAfterMs": 1_000 }))
}

#[tokio::test(start_paused = true)]
async fn calls_and_errors_pass_through_a_stack_of_layers() {
    let layered = || {
        let stack = ServiceBuilder::new()
            .load_shed()
            .concurrency_limit(10)
            .timeout(Duration::from_secs(5))
            .into_inner();
        base().layer(TowerLayer::new(stack).for_methods(["tools/call", "tools/list"]))
    };
    everywhere(layered, async |client| {
        assert_eq!(client.tool_text("t", json!({})).await, "ok");
        client.ok("tools/list", json!({})).await;
        let error = client.err("tools/call", json!({"name": "none"})).await;
        assert_eq!(error.code, -32602, "the error of the router is the answer");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_tower_drops_the_handler_and_is_a_timeout() {
    let gate = Gate::new();
    let stack = ServiceBuilder::new().timeout(Duration::from_secs(5)).into_inner();
    let layered = base().tool(waiting_tool("wait", &gate)).layer(TowerLayer::new(stack));
    let client = connect(layered).await;
    let error = client.err("tools/call", json!({"name": "wait"})).await;
    assert_eq!((error.code, &*error.message), (-32603, "the call exceeded the timeout of a layer"));
    gate.dropped(1).await;
}

#[tokio::test(start_paused = true)]
async fn load_is_shed_at_the_limit_of_concurrency() {
    let gate = Gate::new();
    let stack = ServiceBuilder::new().load_shed().concurrency_limit(1).into_inner();
    let layered = base().tool(waiting_tool("wait", &gate));
    let client = connect(layered.layer(TowerLayer::new(stack).for_methods(["tools/call"]))).await;
    let running = client.start_tool("wait");
    gate.arrived(1).await;
    let error = client.err("tools/call", json!({"name": "t"})).await;
    assert_eq!((error.code, error.data), (-32603, retry_later()));
    gate.open(1);
    running.answer().await.unwrap();
    assert_eq!(client.tool_text("t", json!({})).await, "ok");
}

#[tokio::test(start_paused = true)]
async fn calls_wait_until_the_service_is_ready_but_not_for_ever() {
    let gate = Gate::new();
    let stack = ServiceBuilder::new().concurrency_limit(1).into_inner();
    let layer = TowerLayer::new(stack).max_wait(Duration::from_secs(3)).for_methods(["tools/call"]);
    let client = connect(base().tool(waiting_tool("wait", &gate)).layer(layer)).await;
    let first = client.start_tool("wait");
    gate.arrived(1).await;
    let second = client.start_tool("wait");
    settle().await;
    assert_eq!(gate.arrivals(), 1, "the second call waits");
    gate.open(1);
    gate.arrived(2).await;
    first.answer().await.unwrap();
    let error: Failure = client.err("tools/call", json!({"name": "t"})).await;
    assert!(error.message.contains("not ready for 3s (TowerLayer::max_wait)"), "{error:?}");
    assert_eq!((error.code, error.data), (-32603, retry_later()));
    gate.open(1);
    second.answer().await.unwrap();
}

/// A rate limit of tower is no `Clone`: one service serves all calls.
#[tokio::test(start_paused = true)]
async fn a_rate_limit_of_tower_is_that_of_the_server() {
    let stack = ServiceBuilder::new().rate_limit(2, Duration::from_secs(60)).into_inner();
    let layer = TowerLayer::new(stack).for_methods(["tools/call"]);
    let server = built(base().layer(layer));
    for (number, is_answered) in [(1, true), (2, true), (3, false)] {
        let client = Client::connect(&server, Transport::Memory, Revision::V2025_11_25).await;
        let answer = client.request("tools/call", json!({"name": "t"})).await;
        assert_eq!(answer.is_ok(), is_answered, "{number}");
    }
}

/// A service of the user's own, with an error of its own.
struct Refuse<S>(S);

impl<S> tower::Service<Request> for Refuse<S>
where
    S: tower::Service<Request, Response = JsonBytes>,
    S::Error: Into<tower::BoxError>,
{
    type Response = JsonBytes;
    type Error = tower::BoxError;
    type Future = std::future::Ready<Result<JsonBytes, tower::BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), tower::BoxError>> {
        self.0.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let name: serde_json::Value = request.params.parse().unwrap();
        std::future::ready(Err(match name["name"].as_str() {
            Some("known") => ErrorObject::new(-31_000, "refused").into(),
            _ => "a secret of the server".into(),
        }))
    }
}

#[tokio::test(start_paused = true)]
async fn errors_of_a_layer_are_answers_or_internal() {
    let layered = || {
        let layer = layer_fn(|inner: TowerInner<_>| Refuse(inner));
        base().layer(TowerLayer::new(layer).for_methods(["tools/call"]))
    };
    everywhere(layered, async |client| {
        let error = client.err("tools/call", json!({"name": "known"})).await;
        assert_eq!((error.code, &*error.message), (-31_000, "refused"));
        let error = client.err("tools/call", json!({"name": "t"})).await;
        assert_eq!((error.code, &*error.message), (-32603, "internal error"));
    })
    .await;
}
