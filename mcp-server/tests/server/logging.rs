//! Log messages. Spec: server/utilities/logging.

use std::time::Duration;

use mcp_server::tool::ToolRoute;
use mcp_server::types::LoggingLevel;
use mcp_server::{Context, ServerBuilder};
use mcp_test_support::Gate;
use serde_json::{Value, json};

use crate::harness::{Client, LEGACY, MODERN, each, everywhere, server};

const LEVELS: [&str; 8] =
    ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/// A tool that logs at every level.
fn chatty() -> ServerBuilder {
    server().tool(ToolRoute::builder("chat").handler(|context: Context| async move {
        for level in LoggingLevel::ALL {
            context.log(*level, json!({"at": level})).await;
        }
        "done"
    }))
}

/// Returns the levels of the log messages of a call.
async fn logged(client: &Client, meta: Value) -> Vec<String> {
    client.ok("tools/call", json!({"name": "chat", "_meta": meta})).await;
    let all = client.receive_all().await.into_iter();
    all.map(|received| {
        assert_eq!(received.method, "notifications/message");
        let level = received.params["level"].as_str().unwrap().to_owned();
        assert_eq!(
            received.params,
            json!({"level": level, "logger": "test-server", "data": {"at": level}})
        );
        level
    })
    .collect()
}

#[tokio::test(start_paused = true)]
async fn the_default_level_of_a_session_is_info() {
    each(&LEGACY, chatty, async |client| {
        assert_eq!(logged(&client, json!({})).await, LEVELS[1..]);
        for (index, level) in LEVELS.iter().enumerate() {
            assert_eq!(client.ok("logging/setLevel", json!({"level": level})).await, json!({}));
            assert_eq!(logged(&client, json!({})).await, LEVELS[index..], "{level}");
        }
        // The field of the modern era has no effect in a session.
        assert_eq!(
            logged(&client, json!({"io.modelcontextprotocol/logLevel": "debug"})).await,
            ["emergency"]
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_unknown_level_is_refused_and_changes_nothing() {
    each(&LEGACY, chatty, async |client| {
        client.ok("logging/setLevel", json!({"level": "alert"})).await;
        for params in
            [json!({"level": "loud"}), json!({"level": "ERROR"}), json!({"level": 3}), json!({})]
        {
            assert_eq!(client.err("logging/setLevel", params).await.code, -32602);
        }
        assert_eq!(logged(&client, json!({})).await, ["alert", "emergency"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_modern_request_receives_log_messages_only_with_a_level() {
    each(&MODERN, chatty, async |client| {
        assert_eq!(logged(&client, json!({})).await, Vec::<String>::new());
        for (index, level) in LEVELS.iter().enumerate() {
            let meta = json!({"io.modelcontextprotocol/logLevel": level});
            assert_eq!(logged(&client, meta).await, LEVELS[index..], "{level}");
        }
        assert_eq!(
            logged(&client, json!({})).await,
            Vec::<String>::new(),
            "the level applies to one request"
        );
    })
    .await;
}

/// LOG-2: before the final response, or not at all.
#[tokio::test(start_paused = true)]
async fn no_log_message_of_a_modern_request_follows_its_answer() {
    let gate = Gate::new();
    let server = || {
        let gate = gate.clone();
        server().tool(ToolRoute::builder("chat").handler(move |context: Context| {
            let gate = gate.clone();
            async move {
                tokio::spawn(async move {
                    gate.wait().await;
                    context.log(LoggingLevel::Error, "late").await;
                });
                "done"
            }
        }))
    };
    everywhere(server, async |client| {
        let meta = json!({"io.modelcontextprotocol/logLevel": "debug"});
        client.ok("tools/call", json!({"name": "chat", "_meta": meta})).await;
        gate.open(1);
        let received = client.receive_all().await;
        assert_eq!(
            received.len(),
            usize::from(client.is_legacy()),
            "a session can receive it at any time"
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn log_messages_of_a_call_are_rate_limited() {
    let flood = || {
        server().tool(ToolRoute::builder("flood").handler(|context: Context| async move {
            for number in 0..10_000 {
                context.log(LoggingLevel::Error, number).await;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
            for number in 10_000..20_000 {
                context.log(LoggingLevel::Error, number).await;
            }
            "done"
        }))
    };
    everywhere(flood, async |client| {
        let meta = json!({"io.modelcontextprotocol/logLevel": "error"});
        client.ok("tools/call", json!({"name": "flood", "_meta": meta})).await;
        let all = client.receive_all().await;
        let data: Vec<_> = all.iter().map(|received| received.params["data"].as_u64()).collect();
        assert_eq!(data, (0..100).chain([10_000]).map(Some).collect::<Vec<_>>());
    })
    .await;
}
