//! A layer that says who a caller is.

use mcp_server::Principal;
use mcp_server::auth::Scopes;
use mcp_server::layer::Layer;
use mcp_server::service::{Notification, Reply, Request, Service};
use serde_json::Value;

/// Reads the principal of a call, and its scopes, from `_meta`, as a layer that verified it would
/// set it.
#[derive(Clone)]
pub struct Identify;

pub struct IdentifyService<S>(S);

impl<S> Layer<S> for Identify {
    type Service = IdentifyService<S>;

    fn layer(&self, inner: S) -> IdentifyService<S> {
        IdentifyService(inner)
    }
}

impl<S: Service> Service for IdentifyService<S> {
    async fn call(&self, mut request: Request) -> Reply {
        let params: Value = request.params.parse().unwrap();
        if let Some(user) = params["_meta"]["com.example/user"].as_str() {
            let scopes = params["_meta"]["com.example/scopes"].as_str().unwrap_or_default();
            let principal = Principal::new(user).with_scopes(Scopes::parse(scopes));
            request.extensions.insert(principal);
        }
        self.0.call(request).await
    }

    async fn notify(&self, notification: Notification) {
        self.0.notify(notification).await;
    }
}
