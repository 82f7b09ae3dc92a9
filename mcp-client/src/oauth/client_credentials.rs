//! Client credentials: a program that acts for itself, without a user. Spec: the authorization extension OAuth client
//! credentials; OAuth 2.1 §4.2, RFC 7523 §2.2.

use mcp_core::service::BoxFuture;

use super::authorizer::OAuth;
use super::builder::OAuthBuilder;
use super::client_authentication::Client;
use super::discovery::Discovered;
use super::environment::Environment;
use super::error::Error;
use super::form::Form;
use super::grant::Grant;
use super::registration::RegisteredClient;
use super::token::Token;
use super::token_endpoint;

/// A program acts for itself. Made by [`OAuth::client_credentials`].
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    client: RegisteredClient,
}

impl OAuth {
    /// A program that acts for itself, without a user, by the grant `client_credentials`: with the secret of its
    /// client, or better with its key.
    ///
    /// ```
    /// # fn example(pem: &str) -> Result<(), mcp_client::oauth::Error> {
    /// use mcp_client::oauth::{OAuth, RegisteredClient, SigningAlgorithm, SigningKey};
    ///
    /// let key = SigningKey::from_pem(SigningAlgorithm::Es256, pem)?;
    /// let client = RegisteredClient::new("nightly-report").private_key(key).issuer("https://login.example.com");
    /// let oauth = OAuth::client_credentials(client).scopes(["reports:read"]).build();
    /// # Ok(())
    /// # }
    /// ```
    pub fn client_credentials(client: RegisteredClient) -> OAuthBuilder<ClientCredentials> {
        OAuthBuilder::new(ClientCredentials { client })
    }
}

impl OAuthBuilder<ClientCredentials> {
    /// The authorizer, for one connection.
    #[must_use]
    pub fn build(self) -> OAuth {
        self.build_with(|grant| grant)
    }
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
            let answer =
                token_endpoint::request(environment, found.token_endpoint()?, &client, form)
                    .await?;
            Ok((client, answer.into_token(scope, issued)?))
        })
    }

    fn select<'a>(&self, issuers: &'a [String]) -> Option<&'a str> {
        self.client.select(issuers)
    }
}
