//! What layers change of a call is what its task runs.

use mcp_server::extract::Args;
use mcp_server::json::JsonBytes;
use mcp_server::layer::Layer;
use mcp_server::service::{Notification, Reply, Request, Service};
use mcp_server::task::TaskSupport;
use mcp_server::tool::ToolRoute;
use mcp_server::{schemars, serde};
use mcp_test_support::message::text_of;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fixture::{TaskClient as _, each};
use crate::harness::server;

#[derive(Deserialize, JsonSchema)]
struct Query {
    tenant: String,
}

/// Makes every call one of the tenant `own`.
struct OwnTenant;

impl<S> Layer<S> for OwnTenant {
    type Service = Tenant<S>;

    fn layer(&self, inner: S) -> Tenant<S> {
        Tenant(inner)
    }
}

struct Tenant<S>(S);

impl<S: Service> Service for Tenant<S> {
    async fn call(&self, mut request: Request) -> Reply {
        if request.method == "tools/call" {
            let mut params: Value = request.params.parse().expect("JSON");
            params["arguments"]["tenant"] = json!("own");
            request.params = JsonBytes::new(&params).expect("JSON").into();
        }
        self.0.call(request).await
    }

    async fn notify(&self, notification: Notification) {
        self.0.notify(notification).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_runs_the_arguments_that_a_layer_let_through() {
    let tenant = |Args(query): Args<Query>| async move { query.tenant };
    let server = || {
        let query = ToolRoute::builder("query").task(TaskSupport::Optional).handler(tenant);
        server().tool(query).tool(ToolRoute::builder("in_place").handler(tenant)).layer(OwnTenant)
    };
    each(server, async |client| {
        let sent = json!({"tenant": "other"});
        assert_eq!(client.tool_text("in_place", sent.clone()).await, "own");
        let id = client.create("query", sent).await;
        assert_eq!(text_of(&client.until(&id, "completed").await["result"]), "own");
    })
    .await;
}
