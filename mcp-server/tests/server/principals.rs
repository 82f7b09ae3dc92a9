//! The caller over stdio, in memory and over HTTP, as handlers and scopes see it.

use mcp_server::tool::ToolRoute;
use mcp_server::{Principal, Revision, ServerBuilder};
use serde_json::json;

use crate::harness::{Client, Transport, each_of, server};

fn tools() -> ServerBuilder {
    server()
        .tool(ToolRoute::builder("free").handler(|| async { "free" }))
        .tool(ToolRoute::builder("scoped").scopes(["s"]).handler(|| async { "scoped" }))
        .tool(ToolRoute::builder("who").handler(|principal: Option<Principal>| async move {
            principal.map_or_else(|| "no caller".to_owned(), |principal| principal.id().to_owned())
        }))
        .tool(
            ToolRoute::builder("known")
                .handler(|principal: Principal| async move { principal.id().to_owned() }),
        )
}

/// Runs a body on every transport and revision.
async fn each(server: impl Fn() -> ServerBuilder, body: impl AsyncFn(Client, Transport)) {
    for &transport in Transport::ALL {
        let body = async |client| body(client, transport).await;
        each_of(&[transport], &Revision::ALL, &server, body).await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_principal_scopes_are_checked_over_http_only() {
    each(tools, async |client, transport| {
        assert_eq!(client.tool_text("who", json!({})).await, "no caller");
        client.err("tools/call", json!({ "name": "known" })).await.expect_internal();
        let call = json!({ "name": "scoped" });
        if transport == Transport::Http {
            let failure = client.err("tools/call", call).await;
            assert_eq!(failure.code, -32600);
            assert_eq!(failure.data.unwrap()["requiredScopes"], json!(["s"]));
        } else {
            client.ok("tools/call", call).await;
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_local_principal_is_the_caller_and_has_its_scopes() {
    let limited = || tools().local_principal(Principal::new("ada"));
    each(limited, async |client, transport| {
        if transport == Transport::Http {
            assert_eq!(client.tool_text("who", json!({})).await, "no caller");
            return;
        }
        assert_eq!(client.tool_text("known", json!({})).await, "ada");
        let failure = client.err("tools/call", json!({ "name": "scoped" })).await;
        assert!(failure.message.contains("insufficient scope"), "{failure:?}");
        let listed = client.ok("tools/list", json!({})).await;
        assert_eq!(listed["tools"].as_array().unwrap().len(), 3);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_user_of_the_process_has_every_scope() {
    let local = || tools().local_principal(Principal::local());
    each_of(Transport::CONNECTIONS, &Revision::ALL, local, async |client| {
        assert!(client.tool_text("known", json!({})).await.starts_with("local#"));
        assert_eq!(client.tool_text("scoped", json!({})).await, "scoped");
        let listed = client.ok("tools/list", json!({})).await;
        assert_eq!(listed["tools"].as_array().unwrap().len(), 4);
    })
    .await;
}
