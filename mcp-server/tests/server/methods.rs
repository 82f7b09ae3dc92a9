//! Which methods exist in which revision. Spec: the request unions of each schema.

use mcp_server::prompt::PromptRoute;
use mcp_server::resource::ResourceRoute;
use mcp_server::tool::ToolRoute;
use mcp_server::types::{Completion, PromptArgument};
use mcp_server::{Context, Revision, ServerBuilder};
use serde_json::{Value, json};

use crate::harness::{LEGACY, Way, each_of, everywhere, server};

/// Offers everything.
fn full() -> ServerBuilder {
    server()
        .tool(ToolRoute::builder("tool").handler(|_: Context| async { "done" }))
        .prompt(
            PromptRoute::builder("prompt")
                .argument(PromptArgument::new("a"))
                .complete("a", |_| Box::pin(async { Ok(Completion::of(["x"])) }))
                .handler(|_: Context| async { "hi" }),
        )
        .resource(ResourceRoute::builder("a://b", "b").handler(|| async { "text" }))
}

/// Every method that a client can send and that is served, with parameters that are good.
fn methods() -> Vec<(&'static str, Value, &'static [Revision])> {
    const ALL: &[Revision] = &Revision::ALL;
    const OLD: &[Revision] = &LEGACY;
    const NEW: &[Revision] = &[Revision::V2026_07_28];
    let reference = json!({"type": "ref/prompt", "name": "prompt"});
    vec![
        ("tools/list", json!({}), ALL),
        ("tools/call", json!({"name": "tool"}), ALL),
        ("prompts/list", json!({}), ALL),
        ("prompts/get", json!({"name": "prompt"}), ALL),
        ("resources/list", json!({}), ALL),
        ("resources/templates/list", json!({}), ALL),
        ("resources/read", json!({"uri": "a://b"}), ALL),
        (
            "completion/complete",
            json!({"ref": reference, "argument": {"name": "a", "value": ""}}),
            ALL,
        ),
        ("ping", json!({}), OLD),
        ("logging/setLevel", json!({"level": "error"}), OLD),
        ("resources/subscribe", json!({"uri": "a://b"}), OLD),
        ("resources/unsubscribe", json!({"uri": "a://b"}), OLD),
        ("server/discover", json!({}), NEW),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_method_exists_in_its_revisions_and_in_no_other() {
    everywhere(full, async |client| {
        for (method, params, revisions) in methods() {
            let answer = client.request(method, params).await;
            if revisions.contains(&client.revision) {
                assert!(answer.is_ok(), "{method}: {answer:?}");
            } else {
                let error = answer.unwrap_err();
                assert_eq!(error.code, -32601, "{method}");
                assert_eq!(error.message, format!("method not found: {method}"));
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn methods_that_a_client_may_not_send_do_not_exist() {
    everywhere(full, async |client| {
        for method in [
            "elicitation/create",
            "sampling/createMessage",
            "roots/list",
            "notifications/progress",
            "notifications/tools/list_changed",
            "tasks/get",
            "tasks/list",
            "tasks/result",
            "tasks/cancel",
            "tasks/update",
            "skills/list",
            "no/such/method",
            "",
            "Tools/list",
            "rpc.discover",
        ] {
            assert_eq!(client.err(method, json!({})).await.code, -32601, "{method:?}");
        }
        if client.is_legacy() {
            assert_eq!(
                client.err("subscriptions/listen", json!({"notifications": {}})).await.code,
                -32601
            );
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn methods_of_a_capability_that_is_not_offered_do_not_exist() {
    everywhere(server, async |client| {
        for (method, params, _) in methods() {
            if !matches!(method, "ping" | "logging/setLevel" | "server/discover") {
                assert_eq!(client.err(method, params).await.code, -32601, "{method}");
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_name_of_an_unknown_method_is_echoed_cut_short_and_clean() {
    each_of(Way::CONNECTIONS, &Revision::ALL, server, async |client| {
        let method = format!("\u{1b}[31m{}", "x".repeat(10_000));
        let error = client.err(&method, json!({})).await;
        assert!(
            error.message.len() < 200 && !error.message.contains('\u{1b}'),
            "{}",
            error.message
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn unknown_notifications_are_ignored() {
    everywhere(full, async |client| {
        client.notify("notifications/no/such", json!({"a": 1}));
        client.notify("notifications/roots/list_changed", json!({}));
        client.notify("notifications/cancelled", json!({"requestId": "nobody"}));
        client.notify("notifications/cancelled", json!({"requestId": {"not": "an id"}}));
        client.notify("tools/call", json!({"name": "tool"}));
        client.ok("tools/list", json!({})).await;
        assert_eq!(client.all_told().await, []);
    })
    .await;
}
