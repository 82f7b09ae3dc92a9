//! Client credentials: a program that acts for itself, without a user. Spec: the authorization
//! extension OAuth client credentials; OAuth 2.1 §4.2, RFC 7523 §2.2.

use mcp_core::fetch::Form;
use mcp_core::service::BoxFuture;

use super::non_interactive::{NonInteractiveGrant, TokenRequest};
use crate::oauth::client::RegisteredClient;
use crate::oauth::error::Error;
use crate::oauth::token::{AccessToken, request_token};

/// A program acts for itself. Made by
/// [`OAuth::client_credentials`](crate::oauth::OAuth::client_credentials).
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    client: RegisteredClient,
}

impl ClientCredentials {
    pub(crate) fn new(client: RegisteredClient) -> Self {
        Self { client }
    }
}

impl NonInteractiveGrant for ClientCredentials {
    fn registered(&self) -> &RegisteredClient {
        &self.client
    }

    fn request<'a>(
        &'a self,
        request: TokenRequest<'a>,
    ) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            let TokenRequest { environment, found, client, scope } = request;
            let form = || {
                Form::new()
                    .with("grant_type", "client_credentials")
                    .with("resource", &found.resource)
                    .with_some("scope", scope)
            };
            let issued = environment.now();
            let endpoint = found.token_endpoint()?;
            let answer = request_token(environment, endpoint, client, form).await?;
            // All tokens are those of the client itself.
            answer.into_token(scope, issued, "client".to_owned())
        })
    }
}
