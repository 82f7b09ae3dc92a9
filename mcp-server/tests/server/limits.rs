//! Every limit is reached once. The limits of calls in flight, of the queue and of batches are
//! tested in `concurrency` and `batches`, those of the drain in `drain`, of threads in `blocking`,
//! of progress in `progress`, of subscriptions in `listen`, and of questions in `questions`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_server::resource::ResourceRoute;
use mcp_server::tool::ToolRoute;
use mcp_server::types::LoggingLevel;
use mcp_server::{Context, Limits, Revision, ServerBuilder};
use mcp_test_support::message;
use mcp_test_support::settle;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::{Client, Raw, Setup, Transport, built, each, everywhere, server};

fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::new();
    change(&mut limits);
    limits
}

fn echo(limits: Limits) -> ServerBuilder {
    server().tools([ToolRoute::builder("t").handler(|| async { "ok" })]).limits(limits)
}

fn call(arguments: &Value) -> Value {
    message::call(1, "t", arguments.clone())
}

#[tokio::test(start_paused = true)]
async fn the_length_of_a_message_is_limited() {
    let mut raw = Raw::session(
        &built(echo(limits(|limits| limits.connection.max_message_bytes = 1_000))),
        "2025-11-25",
    )
    .await;
    let fill = |length: usize| {
        let empty = call(&json!({"x": ""})).to_string().len();
        call(&json!({"x": "y".repeat(length - empty)}))
    };
    assert_eq!(raw.ask(&fill(1_000)).await["result"]["content"][0]["text"], "ok");
    let refused = raw.ask(&fill(1_001)).await;
    assert_eq!((&refused["error"]["code"], refused.get("id")), (&json!(-32600), None));
    assert_eq!(
        refused["error"]["message"],
        "the message is longer than 1000 bytes (max_message_bytes)"
    );
    assert_eq!(raw.ask(&fill(1_000)).await["result"]["content"][0]["text"], "ok");
}

#[tokio::test(start_paused = true)]
async fn repeated_overlong_messages_close_the_connection() {
    let server = built(echo(limits(|limits| {
        limits.connection.max_message_bytes = 1_000;
        limits.connection.max_overlong_messages = 2;
    })));
    let mut raw = Raw::session(&server, "2025-11-25").await;
    for _ in 0..2 {
        assert_eq!(raw.ask(&call(&json!({"x": "y".repeat(2_000)}))).await["error"]["code"], -32600);
    }
    raw.send(&call(&json!({"x": "y".repeat(2_000)}))).await;
    while raw.next().await.is_some() {}
    let error = raw.served().await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.to_string().contains("3 messages of more than 1000 bytes"), "{source}");
}

#[tokio::test(start_paused = true)]
async fn the_length_of_parameters_in_memory_is_limited() {
    let server = built(echo(limits(|limits| limits.connection.max_message_bytes = 1_000)));
    let client = Client::connect(&server, Transport::Memory, Revision::V2026_07_28).await;
    let long = json!({"name": "t", "arguments": {"x": "y".repeat(1_000)}});
    assert_eq!(client.err("tools/call", long).await.code, -32600);
    client.tool("t", json!({})).await;
}

/// Refused on a stream before the id is read, and in memory as the answer to the call.
async fn refused(limits: Limits, good: &Value, bad: &Value) {
    let server = built(echo(limits));
    let mut raw = Raw::session(&server, "2025-11-25").await;
    assert_eq!(raw.ask(&call(good)).await["result"]["content"][0]["text"], "ok");
    let answer = raw.ask(&call(bad)).await;
    assert_eq!((&answer["error"]["code"], answer.get("id")), (&json!(-32600), None));
    assert_eq!(raw.ask(&call(good)).await["result"]["content"][0]["text"], "ok");
    let client = Client::connect(&server, Transport::Memory, Revision::V2025_11_25).await;
    client.tool("t", good.clone()).await;
    assert_eq!(client.err("tools/call", json!({"name": "t", "arguments": bad})).await.code, -32600);
    client.tool("t", good.clone()).await;
}

#[tokio::test(start_paused = true)]
async fn the_depth_of_a_message_is_limited() {
    let nested = |levels: usize| (0..levels).fold(json!({}), |inner, _| json!({"x": inner}));
    // The message and its parameters enclose the arguments, and the innermost object is a level.
    refused(
        limits(|limits| limits.connection.max_json_depth = 12),
        &nested(12 - 3),
        &nested(12 - 2),
    )
    .await;
}

/// They would make the parser read the text as JSON, beyond the limits.
#[tokio::test(start_paused = true)]
async fn names_that_the_parser_reserves_are_refused() {
    let wrapped = json!({"x": [{"$serde_json::private::RawValue": "[[]]"}]});
    refused(Limits::new(), &json!({"x": "$serde_json::private::RawValue"}), &wrapped).await;
}

#[tokio::test(start_paused = true)]
async fn the_number_of_values_in_a_message_is_limited() {
    let limits = limits(|limits| limits.connection.max_json_nodes = 100);
    refused(limits, &json!({"x": vec![0; 70]}), &json!({"x": vec![0; 100]})).await;
}

#[tokio::test(start_paused = true)]
async fn the_length_of_a_result_is_limited() {
    let server = server()
        .tool(ToolRoute::builder("at-once").handler(|| async { "x".repeat(2_000) }))
        .tool(ToolRoute::builder("later").handler(|| async {
            tokio::task::yield_now().await;
            "x".repeat(2_000)
        }))
        .tool(ToolRoute::builder("short").handler(|| async { "x".repeat(100) }))
        .limits(limits(|limits| limits.connection.max_outgoing_bytes = 1_000));
    let client = Client::connect(&built(server), Transport::Stream, Revision::V2025_11_25).await;
    for tool in ["at-once", "later"] {
        let error = client.err("tools/call", json!({"name": tool})).await;
        let message = "the result has 2039 bytes; the limit is 1000 (max_outgoing_bytes)";
        assert_eq!((error.code, &*error.message), (-32603, message));
    }
    client.tool("short", json!({})).await;
}

/// A client that does not read delays the handlers that send to it, and does not use the memory of
/// the server.
#[tokio::test(start_paused = true)]
async fn unwritten_output_is_limited() {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let talk = ToolRoute::builder("talk").handler(move |context: Context| {
        let count = Arc::clone(&count);
        async move {
            for _ in 0..1_000 {
                context.log(LoggingLevel::Error, "x".repeat(1_000)).await;
                count.fetch_add(1, Ordering::Relaxed);
            }
            "sent all"
        }
    });
    let server = server().tool(talk).limits(limits(|limits| {
        limits.connection.max_outbox_bytes = 20_000;
        limits.connection.write_stall_timeout = Duration::from_secs(1_000);
        limits.min_log_interval = Duration::ZERO;
    }));
    let mut raw = Raw::session_over(&built(server), "2025-11-25", 4_096).await;
    raw.send(&message::call(1, "talk", json!({}))).await;
    settle().await;
    let waiting = sent.load(Ordering::Relaxed);
    assert!((15..60).contains(&waiting), "{waiting} messages of 1 kB are within the limits");
    for _ in 0..1_000 {
        assert_eq!(raw.next().await.unwrap()["method"], "notifications/message");
    }
    assert_eq!(raw.next().await.unwrap()["result"]["content"][0]["text"], "sent all");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_is_disconnected() {
    let server = built(echo(limits(|limits| {
        limits.connection.write_stall_timeout = Duration::from_secs(8);
    })));
    let mut raw = Raw::open(&server, 64);
    let before = Instant::now();
    raw.send(&json!({"jsonrpc": "2.0", "id": 1, "method": "x".repeat(500)})).await;
    raw.send(&json!({"jsonrpc": "2.0", "id": 2, "method": "x".repeat(500)})).await;
    let error = raw.served().await.unwrap_err();
    assert_eq!(before.elapsed().as_secs(), 8);
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.to_string().contains("read nothing for 8s"), "{source}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_is_not_disconnected() {
    let server = built(echo(limits(|limits| {
        limits.connection.write_stall_timeout = Duration::from_secs(8);
    })));
    let mut raw = Raw::open(&server, 64);
    for id in 0..10 {
        raw.send(&json!({"jsonrpc": "2.0", "id": id, "method": "x".repeat(100)})).await;
        tokio::time::advance(Duration::from_secs(6)).await;
        assert_eq!(raw.next().await.unwrap()["error"]["code"], -32602);
    }
}

#[tokio::test(start_paused = true)]
async fn the_number_of_pending_questions_is_limited() {
    let ask = ToolRoute::builder("ask")
        .handler(|context: Context| async move { context.list_roots().await.map(|_| "answered") });
    let server =
        server().tool(ask).limits(limits(|limits| limits.connection.max_pending_requests = 3));
    let setup = Setup::default().capabilities(json!({"roots": {}}));
    let client = setup.connect(&built(server), Transport::Stream, Revision::V2025_11_25).await;
    let _waiting: Vec<_> = (0..3).map(|_| client.start_tool("ask")).collect();
    for _ in 0..3 {
        client.receive("roots/list").await;
    }
    let result = client.tool("ask", json!({})).await;
    assert_eq!(result["isError"], true);
    assert!(
        result["content"][0]["text"].as_str().unwrap().starts_with("no answer arrived"),
        "{result}"
    );
}

fn library(limits: Limits) -> ServerBuilder {
    server()
        .resource(ResourceRoute::builder("r://{x}", "r").handler(|| async { "" }))
        .limits(limits)
}

#[tokio::test(start_paused = true)]
async fn the_length_of_a_uri_is_limited() {
    everywhere(
        || library(limits(|limits| limits.max_uri_bytes = 50)),
        async |client| {
            let uri = |length: usize| json!({"uri": format!("r://{}", "x".repeat(length - 4))});
            client.ok("resources/read", uri(50)).await;
            let methods: &[_] = if client.is_legacy() {
                &["resources/read", "resources/subscribe"]
            } else {
                &["resources/read"]
            };
            for method in methods {
                let error = client.err(method, uri(51)).await;
                assert_eq!(
                    (error.code, &*error.message),
                    (-32602, "/uri: 51 bytes exceed the limit of 50 bytes (max_uri_bytes)")
                );
            }
            if !client.is_legacy() {
                let filter = json!({"notifications": {"resourceSubscriptions": [uri(51)["uri"]]}});
                assert_eq!(client.err("subscriptions/listen", filter).await.code, -32602);
            }
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_number_of_subscribed_resources_is_limited() {
    let server = || library(limits(|limits| limits.max_subscribed_uris = 3));
    each(&crate::harness::LEGACY, server, async |client| {
        for uri in ["r://1", "r://2", "r://3", "r://3"] {
            client.ok("resources/subscribe", json!({"uri": uri})).await;
        }
        let error = client.err("resources/subscribe", json!({"uri": "r://4"})).await;
        assert_eq!(error.code, -32602);
        assert!(error.message.contains("at most 3 resources (max_subscribed_uris)"), "{error:?}");
        client.ok("resources/unsubscribe", json!({"uri": "r://2"})).await;
        client.ok("resources/subscribe", json!({"uri": "r://4"})).await;
    })
    .await;
    each(&crate::harness::MODERN, server, async |client| {
        let filter = |count: usize| {
            let uris: Vec<_> = (0..count).map(|number| format!("r://{number}")).collect();
            json!({"notifications": {"resourceSubscriptions": uris}})
        };
        assert_eq!(client.err("subscriptions/listen", filter(4)).await.code, -32602);
        let _open = client.start("subscriptions/listen", filter(3));
        client.receive("notifications/subscriptions/acknowledged").await;
    })
    .await;
}
