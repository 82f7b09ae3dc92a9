//! Workload identity: a program shows the token that its platform gave it. Spec: the authorization extension workload
//! identity federation; RFC 7523 §2.1.
//!
//! What the authorization server says to it is final: it is not asked again, nor in another way.

use std::fmt;
use std::sync::Arc;

use mcp_core::service::BoxFuture;

use super::assertion::{AssertionRequest, AssertionSource, ask};
use super::authorizer::OAuth;
use super::builder::OAuthBuilder;
use super::client_authentication::Client;
use super::discovery::Discovered;
use super::environment::Environment;
use super::error::Error;
use super::grant::Grant;
use super::jwt_bearer::redeem;
use super::registration::RegisteredClient;
use super::token::Token;

/// A program shows the token of its platform. Made by [`OAuth::workload_identity`].
#[derive(Clone)]
pub struct WorkloadIdentity {
    client: RegisteredClient,
    platform: Arc<dyn AssertionSource>,
}

impl OAuth {
    /// A program that acts for itself with the token that its platform gives it (Kubernetes, a cloud, a build
    /// service), so that there is no secret to keep. The source is asked each time that a token is needed.
    ///
    /// Say the [issuer](RegisteredClient::issuer): else the platform's token goes to the authorization server that the
    /// MCP server was the first to name, which could use it wherever it is good.
    ///
    /// ```
    /// use mcp_client::http::BoxError;
    /// use mcp_client::oauth::{AssertionRequest, OAuth, RegisteredClient, Secret};
    ///
    /// let platform = |_: AssertionRequest| async {
    ///     let path = "/var/run/secrets/tokens/mcp"; // a projected token, whose audience is the authorization server
    ///     Ok::<_, BoxError>(Secret::from(std::fs::read_to_string(path)?.trim().to_owned()))
    /// };
    /// let client = RegisteredClient::new("indexer").issuer("https://login.example.com");
    /// let oauth = OAuth::workload_identity(client, platform).build();
    /// ```
    pub fn workload_identity(
        client: RegisteredClient,
        platform: impl AssertionSource,
    ) -> OAuthBuilder<WorkloadIdentity> {
        OAuthBuilder::new(WorkloadIdentity { client, platform: Arc::new(platform) })
    }
}

impl OAuthBuilder<WorkloadIdentity> {
    /// The authorizer, for one connection.
    #[must_use]
    pub fn build(self) -> OAuth {
        self.build_with(|grant| grant)
    }
}

impl Grant for WorkloadIdentity {
    fn client<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
    ) -> BoxFuture<'a, Result<Option<Client>, Error>> {
        Box::pin(async move { self.client.at(environment, found).await.map(Some) })
    }

    fn token<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
        scope: Option<&'a str>,
    ) -> BoxFuture<'a, Result<(Client, Token), Error>> {
        Box::pin(async move {
            let client = self.client.at(environment, found).await?;
            let endpoint = found.token_endpoint()?;
            let request = AssertionRequest {
                issuer: endpoint.issuer.to_owned(),
                token_endpoint: endpoint.url.to_owned(),
                resource: found.resource.clone(),
            };
            let assertion = ask(&*self.platform, "platform's token", request).await?;
            let token = redeem(environment, found, &client, &assertion, scope).await?;
            Ok((client, token))
        })
    }

    fn select<'a>(&self, issuers: &'a [String]) -> Option<&'a str> {
        self.client.select(issuers)
    }
}

impl fmt::Debug for WorkloadIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadIdentity").field("client", &self.client).finish_non_exhaustive()
    }
}
