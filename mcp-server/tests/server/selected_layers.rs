//! Layers that apply to some calls only.

use std::sync::{Arc, Mutex};

use mcp_server::ServerBuilder;
use mcp_server::jsonrpc::ErrorObject;
use mcp_server::layer::{Layer, LayerExt as _};
use mcp_server::service::{Notification, Reply, Request, Service};
use mcp_server::tool::ToolRoute;
use mcp_test_support::settle;
use serde_json::json;

use crate::harness::{Client, everywhere, server};

/// Refuses everything that it sees, and remembers the notifications.
#[derive(Debug, Clone, Default)]
struct RefuseLayer(Arc<Mutex<Vec<String>>>);

struct Refuse(RefuseLayer);

impl<S> Layer<S> for RefuseLayer {
    type Service = Refuse;

    fn layer(&self, _: S) -> Refuse {
        Refuse(self.clone())
    }
}

impl Service for Refuse {
    async fn call(&self, _: Request) -> Reply {
        Err(ErrorObject::invalid_request("refused").into())
    }

    async fn notify(&self, notification: Notification) {
        self.0.0.lock().unwrap().push(notification.method.to_string());
    }
}

fn base() -> ServerBuilder {
    let tool = |name: &str| ToolRoute::builder(name).handler(|| async { "ok" });
    server().tools([tool("one"), tool("two"), tool("three")])
}

/// The tools that can be called.
async fn open(client: &Client) -> Vec<&'static str> {
    let mut open = Vec::new();
    for tool in ["one", "two", "three"] {
        if client.request("tools/call", json!({ "name": tool })).await.is_ok() {
            open.push(tool);
        }
    }
    open
}

#[tokio::test(start_paused = true)]
async fn a_layer_applies_to_named_tools_only() {
    let selected = || base().layer(RefuseLayer::default().for_tools(["one", "two"]));
    everywhere(selected, async |client| {
        assert_eq!(open(&client).await, ["three"]);
        client.ok("tools/list", json!({})).await;
        // The router refuses it, not the layer.
        let params = json!({"name": "none"});
        assert_ne!(client.err("tools/call", params).await.message, "refused");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_layer_applies_to_all_but_named_tools() {
    let selected =
        || base().layer(RefuseLayer::default().except_tools(["one"]).for_methods(["tools/call"]));
    everywhere(selected, async |client| {
        assert_eq!(open(&client).await, ["one"]);
        client.ok("tools/list", json!({})).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_predicate_selects_calls_and_no_notifications() {
    let seen = RefuseLayer::default();
    let selected = || {
        let holds = |request: &Request| request.params.as_str().contains("secret");
        base().layer(seen.clone().for_calls(holds))
    };
    everywhere(selected, async |client| {
        client.tool("one", json!({})).await;
        let params = json!({"name": "one", "arguments": {"a": "secret"}});
        assert_eq!(client.err("tools/call", params).await.message, "refused");
        client.notify("notifications/example", json!({}));
        settle().await;
        assert!(seen.0.lock().unwrap().is_empty());
    })
    .await;
}
