//! Workload identity: a program uses the token that its platform gave it. Spec: the authorization
//! extension workload identity federation; RFC 7523 §2.1.
//!
//! What the authorization server answers is final: it is not asked again, nor in another way.

use std::fmt;
use std::sync::Arc;

use mcp_core::service::BoxFuture;

use super::assertion_source::{AssertionRequest, AssertionSource, obtain_assertion};
use super::jwt_bearer::redeem;
use super::non_interactive::NonInteractiveGrant;
use crate::oauth::client::{Client, RegisteredClient};
use crate::oauth::discovery::Discovered;
use crate::oauth::environment::Environment;
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
        environment: &'a Environment,
        found: &'a Discovered,
        client: &'a Client,
        scope: Option<&'a str>,
    ) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            self.client.check_issuer_is_set("platform's token")?;
            let endpoint = found.token_endpoint()?;
            let request = AssertionRequest {
                issuer: endpoint.issuer.to_owned(),
                token_endpoint: endpoint.url.to_owned(),
                resource: found.resource.clone(),
            };
            let limit = environment.limits.assertion_timeout;
            let assertion =
                obtain_assertion(&*self.platform, "platform's token", request, limit).await?;
            redeem(environment, found, client, &assertion, scope).await
        })
    }
}

impl fmt::Debug for WorkloadIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadIdentity").field("client", &self.client).finish_non_exhaustive()
    }
}
