//! Log messages. Spec: server/utilities/logging.

use mcp_server::tool::ToolRoute;
use mcp_server::types::LoggingLevel;
use mcp_server::{Context, ServerBuilder};
use serde_json::{Value, json};

use crate::harness::{Client, Gate, LEGACY, MODERN, each, everywhere, server};

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

/// The levels that a call logs at.
async fn heard(client: &Client, meta: Value) -> Vec<String> {
    client.ok("tools/call", json!({"name": "chat", "_meta": meta})).await;
    let all = client.all_told().await.into_iter();
    all.map(|told| {
        assert_eq!(told.method, "notifications/message");
        let level = told.params["level"].as_str().unwrap().to_owned();
        assert_eq!(
            told.params,
            json!({"level": level, "logger": "test-server", "data": {"at": level}})
        );
        level
    })
    .collect()
}

#[tokio::test(start_paused = true)]
async fn a_session_hears_info_and_above_until_it_chooses() {
    each(&LEGACY, chatty, async |client| {
        assert_eq!(heard(&client, json!({})).await, LEVELS[1..]);
        for (least, level) in LEVELS.iter().enumerate() {
            assert_eq!(client.ok("logging/setLevel", json!({"level": level})).await, json!({}));
            assert_eq!(heard(&client, json!({})).await, LEVELS[least..], "{level}");
        }
        // The field of the modern era means nothing in a session.
        assert_eq!(
            heard(&client, json!({"io.modelcontextprotocol/logLevel": "debug"})).await,
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
        assert_eq!(heard(&client, json!({})).await, ["alert", "emergency"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_modern_request_hears_what_it_asks_for_and_nothing_otherwise() {
    each(&MODERN, chatty, async |client| {
        assert_eq!(heard(&client, json!({})).await, Vec::<String>::new());
        for (least, level) in LEVELS.iter().enumerate() {
            let meta = json!({"io.modelcontextprotocol/logLevel": level});
            assert_eq!(heard(&client, meta).await, LEVELS[least..], "{level}");
        }
        assert_eq!(
            heard(&client, json!({})).await,
            Vec::<String>::new(),
            "the next request is on its own"
        );
    })
    .await;
}

/// LOG-2: before the final response, or not at all.
#[tokio::test(start_paused = true)]
async fn a_modern_request_hears_nothing_after_its_answer() {
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
        let told = client.all_told().await;
        assert_eq!(
            told.len(),
            usize::from(client.is_legacy()),
            "a session may hear of it at any time"
        );
    })
    .await;
}
