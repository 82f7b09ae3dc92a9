//! Extensions without behaviour. Their settings must reach the client unchanged.

use mcp_server::extension::ServerExtension;
use mcp_server::json::JsonBytes;
use mcp_server::layer::Layer;
use mcp_server::method::{Discover, Method as _};
use mcp_server::service::{Notification, Reply, Request, Service};
use mcp_server::{Context, ServerBuilder, tools};
use serde_json::{Value, json};

pub(crate) struct Extensions;

impl Extensions {
    pub(crate) fn declare(server: ServerBuilder) -> ServerBuilder {
        let settings = json!({
            "nested": { "enabled": true, "limit": 3 },
            "values": [null, "b", 4],
        });
        server
            .extension(ServerExtension::declared("com.example/conformance", settings))
            .extension(ServerExtension::declared("com.example/empty", json!({})))
            .layer(WithoutNull)
            .with(Self)
    }
}

#[tools]
impl Extensions {
    /// Returns the extensions that the client declared, as JSON.
    #[tool]
    fn test_legacy_extension_capabilities(&self, ctx: &Context) -> String {
        json!({ "extensions": ctx.client_capabilities().extensions }).to_string()
    }
}

/// Removes `null` from the settings in the answers to `server/discover`.
///
/// A JSON value can be `null`, but in the JSON schema of 2026-07-28 it cannot (`JSONValue`), and
/// the suite validates these answers with it. The settings in answers to `initialize`, which do not
/// pass through layers, keep it.
struct WithoutNull;

impl<S> Layer<S> for WithoutNull {
    type Service = WithoutNullService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        WithoutNullService(inner)
    }
}

struct WithoutNullService<S>(S);

impl<S: Service> Service for WithoutNullService<S> {
    async fn call(&self, request: Request) -> Reply {
        let is_discovery = &*request.method == Discover::NAME;
        let reply = self.0.call(request).await?;
        Ok(if is_discovery { without_null(&reply).unwrap_or(reply) } else { reply })
    }

    async fn notify(&self, notification: Notification) {
        self.0.notify(notification).await;
    }
}

fn without_null(result: &JsonBytes) -> Option<JsonBytes> {
    let mut result: Value = result.parse().ok()?;
    let values = "/capabilities/extensions/com.example~1conformance/values";
    result.pointer_mut(values)?.as_array_mut()?.retain(|value| !value.is_null());
    JsonBytes::new(&result).ok()
}
