//! The limit of calls for each caller.

use std::time::Duration;

use mcp_server::layer::RateLimitLayer;
use mcp_server::service::Request;
use mcp_server::tool::ToolRoute;
use mcp_server::{Revision, ServerBuilder};
use mcp_test_support::settle;
use serde_json::{Value, json};

use crate::harness::{Client, Transport, built, everywhere, server};

fn base() -> ServerBuilder {
    server().tool(ToolRoute::builder("t").handler(|| async { "ok" }))
}

fn limited(calls: u32) -> ServerBuilder {
    base().layer(RateLimitLayer::new(calls, Duration::from_secs(10)).methods(["tools/call"]))
}

/// Calls the tool until a call is refused. Returns the number of answers before.
async fn calls(client: &Client, max: usize) -> usize {
    for count in 0..max {
        if client.request("tools/call", json!({"name": "t"})).await.is_err() {
            return count;
        }
    }
    max
}

#[tokio::test(start_paused = true)]
async fn calls_over_the_limit_are_refused_until_the_time_that_the_error_names() {
    everywhere(
        || limited(4),
        async |client| {
            assert_eq!(calls(&client, 10).await, 4);
            let error = client.err("tools/call", json!({"name": "t"})).await;
            assert_eq!(
                (error.code, &*error.message),
                (-32603, "the rate limit of 4 calls in 10s is exceeded; try again in 2500 ms")
            );
            assert_eq!(error.data, Some(json!({"retryable": true, "retryAfterMs": 2_500})));
            client.ok("tools/list", json!({})).await;
            tokio::time::advance(Duration::from_millis(2_499)).await;
            assert_eq!(calls(&client, 10).await, 0);
            tokio::time::advance(Duration::from_millis(1)).await;
            assert_eq!(calls(&client, 10).await, 1);
            tokio::time::advance(Duration::from_secs(60)).await;
            assert_eq!(calls(&client, 10).await, 4, "at most one burst is available");
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn all_methods_count_together_except_ping_and_the_handshake() {
    let layered = || base().layer(RateLimitLayer::new(3, Duration::from_secs(10)));
    everywhere(layered, async |client| {
        for _ in 0..10 {
            client.notify("notifications/example", json!({}));
            client.notify("notifications/cancelled", json!({"requestId": "none"}));
        }
        settle().await;
        client.ok("tools/list", json!({})).await;
        assert_eq!(calls(&client, 10).await, 2);
        assert_eq!(client.err("tools/list", json!({})).await.code, -32603);
        let unlimited = if client.is_legacy() { "ping" } else { "server/discover" };
        for _ in 0..10 {
            client.ok(unlimited, json!({})).await;
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn each_connection_has_its_own_limit() {
    for &transport in Transport::CONNECTIONS {
        for revision in Revision::ALL {
            let server = built(limited(3));
            let one = Client::connect(&server, transport, revision).await;
            let two = Client::connect(&server, transport, revision).await;
            assert_eq!(calls(&one, 10).await, 3);
            assert_eq!(calls(&two, 10).await, 3, "{transport:?} {revision}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn callers_that_are_not_remembered_share_a_limit() {
    // Each call comes from another caller.
    let next = std::sync::atomic::AtomicU64::new(0);
    let layer = RateLimitLayer::new(2, Duration::from_secs(10))
        .caller(move |_: &Request| next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
        .max_callers(100);
    let server = built(base().layer(layer));
    let client = Client::connect(&server, Transport::Memory, Revision::V2026_07_28).await;
    assert_eq!(calls(&client, 1_000).await, 102);
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(calls(&client, 1_000).await, 102, "callers are forgotten");
}

#[tokio::test(start_paused = true)]
async fn a_program_decides_what_a_caller_is() {
    // Two tools of one connection stand for two tenants.
    let tenant = |request: &Request| {
        let params: Value = request.params.parse().unwrap();
        params["name"] == "other"
    };
    let layered = || {
        let other = ToolRoute::builder("other").handler(|| async { "ok" });
        let layer = RateLimitLayer::new(2, Duration::from_secs(10)).caller(tenant);
        base().tool(other).layer(layer.methods(["tools/call"]))
    };
    everywhere(layered, async |client| {
        assert_eq!(calls(&client, 10).await, 2);
        client.tool("other", json!({})).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn each_tool_has_a_limit_and_invented_names_share_one() {
    let layered = || {
        let other = ToolRoute::builder("other").handler(|| async { "ok" });
        base().tool(other).layer(RateLimitLayer::new(3, Duration::from_secs(10)).per_tool())
    };
    everywhere(layered, async |client| {
        assert_eq!(calls(&client, 10).await, 3);
        client.tool("other", json!({})).await;
        for name in ["a", "b", "c", "d"] {
            let error = client.err("tools/call", json!({ "name": name })).await;
            assert_eq!(error.code, if name == "d" { -32603 } else { -32602 }, "{name}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn servers_that_share_a_layer_share_its_limits() {
    let layer = RateLimitLayer::new(3, Duration::from_secs(10)).caller(|_: &Request| ());
    let mut counts = Vec::new();
    for _ in 0..2 {
        let server = built(base().layer(layer.clone()));
        let client = Client::connect(&server, Transport::Memory, Revision::V2026_07_28).await;
        counts.push(calls(&client, 10).await);
    }
    assert_eq!(counts, [3, 0]);
}
