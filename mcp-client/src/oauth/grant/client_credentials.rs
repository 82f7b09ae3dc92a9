//! Client credentials: a program that acts for itself, without a user. Spec: the authorization
//! extension OAuth client credentials; OAuth 2.1 §4.2, RFC 7523 §2.2.

use mcp_core::service::BoxFuture;

use super::non_interactive::NonInteractiveGrant;
use crate::oauth::client::{Client, RegisteredClient};
use crate::oauth::discovery::Discovered;
use crate::oauth::environment::Environment;
use crate::oauth::error::Error;
use crate::oauth::form::Form;
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
        environment: &'a Environment,
        found: &'a Discovered,
        client: &'a Client,
        scope: Option<&'a str>,
    ) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let form = move || {
            Form::new()
                .with("grant_type", "client_credentials")
                .with("resource", &found.resource)
                .with_some("scope", scope)
        };
        Box::pin(async move {
            let issued = environment.now();
            let endpoint = found.token_endpoint()?;
            let answer = request_token(environment, endpoint, client, form).await?;
            // All tokens are those of the client itself.
            answer.into_token(scope, issued, "client".to_owned())
        })
    }
}
