//! Workload identity: a program uses the token that its platform gave it. Spec: the authorization
//! extension workload identity federation; RFC 7523 §2.1.
//!
//! What the authorization server answers is final: it is not asked again, nor in another way.

use std::fmt;
use std::sync::Arc;

use mcp_core::service::BoxFuture;

use super::assertion_source::{AssertionRequest, AssertionSource, obtain_assertion};
use super::jwt_bearer::redeem;
use super::non_interactive::{NonInteractiveGrant, TokenRequest};
use crate::oauth::client::RegisteredClient;
use crate::oauth::error::Error;
use crate::oauth::token::AccessToken;

/// A program uses the token of its platform. Made by
/// [`OAuth::workload_identity`](crate::oauth::OAuth::workload_identity).
#[derive(Clone)]
pub struct WorkloadIdentity {
    client: RegisteredClient,
    platform: Arc<dyn AssertionSource>,
}

impl WorkloadIdentity {
    pub(crate) fn new(client: RegisteredClient, platform: impl AssertionSource) -> Self {
        Self { client, platform: Arc::new(platform) }
    }
}

impl NonInteractiveGrant for WorkloadIdentity {
    fn registered(&self) -> &RegisteredClient {
        &self.client
    }

    fn request<'a>(
        &'a self,
        request: TokenRequest<'a>,
    ) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            self.client.check_issuer_is_set("platform's token")?;
            let endpoint = request.found.token_endpoint()?;
            let assertion_request = AssertionRequest {
                issuer: endpoint.issuer.to_owned(),
                token_endpoint: endpoint.url.to_owned(),
                resource: request.found.resource.clone(),
            };
            let limit = request.environment.limits.assertion_timeout;
            let platform = &*self.platform;
            let assertion =
                obtain_assertion(platform, "platform's token", assertion_request, limit).await?;
            redeem(&request, &assertion).await
        })
    }
}

impl fmt::Debug for WorkloadIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadIdentity").field("client", &self.client).finish_non_exhaustive()
    }
}
