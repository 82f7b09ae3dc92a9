//! The limit of calls for each caller.

use std::time::Duration;

use mcp_server::layer::RateLimitLayer;
use mcp_server::service::Request;
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Revision, ServerBuilder};
use serde_json::json;

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
                (-32603, "more than 4 calls in 10s; try again in 2500 ms (rate limit)")
            );
            assert_eq!(error.data, Some(json!({"retryable": true, "retryAfterMs": 2_500})));
            client.ok("tools/list", json!({})).await;
            tokio::time::advance(Duration::from_millis(2_499)).await;
            assert_eq!(calls(&client, 10).await, 0);
            tokio::time::advance(Duration::from_millis(1)).await;
            assert_eq!(calls(&client, 10).await, 1);
            tokio::time::advance(Duration::from_secs(60)).await;
            assert_eq!(calls(&client, 10).await, 4, "no more than the limit is saved up");
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn without_a_choice_all_methods_count_together() {
    let layered = || base().layer(RateLimitLayer::new(2, Duration::from_secs(10)));
    everywhere(layered, async |client| {
        client.ok("tools/list", json!({})).await;
        assert_eq!(calls(&client, 10).await, 1);
        client.notify("notifications/example", json!({}));
        assert_eq!(client.err("tools/list", json!({})).await.code, -32603);
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
async fn a_program_can_say_what_a_caller_is() {
    let layer = RateLimitLayer::new(2, Duration::from_secs(10)).caller(|request: &Request| {
        Context::of(request).and_then(|context| Some(context.client_info()?.name))
    });
    let server = built(base().layer(layer));
    let mut counts = Vec::new();
    for transport in [Transport::Stream, Transport::Memory] {
        let client = Client::connect(&server, transport, Revision::V2025_11_25).await;
        counts.push(calls(&client, 10).await);
    }
    assert_eq!(counts, [2, 0], "both connections have the same client");
}
