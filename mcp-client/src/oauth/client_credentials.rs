//! Client credentials: a program that acts for itself, without a user. Spec: the authorization extension OAuth client
//! credentials; OAuth 2.1 §4.2, RFC 7523 §2.2.

use mcp_core::service::BoxFuture;

use super::client_authentication::Client;
use super::discovery::Discovered;
use super::environment::Environment;
use super::error::Error;
use super::form::Form;
use super::grant::Grant;
use super::registration::RegisteredClient;
use super::token::Token;
use super::token_endpoint;

/// The grant `client_credentials`.
#[derive(Debug)]
pub(crate) struct ClientCredentials {
    pub(crate) client: RegisteredClient,
}

impl Grant for ClientCredentials {
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
            let form = || {
                Form::new()
                    .with("grant_type", "client_credentials")
                    .with("resource", &found.resource)
                    .with_some("scope", scope)
            };
            let issued = environment.now();
            let answer = token_endpoint::request(environment, found.token_endpoint()?, &client, form).await?;
            Ok((client, answer.into_token(scope, issued)?))
        })
    }

    fn select<'a>(&self, issuers: &'a [String]) -> Option<&'a str> {
        self.client.select(issuers)
    }
}
