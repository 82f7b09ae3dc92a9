//! Tokens for a statement of somebody else's: the end of both grants that have one. Spec: RFC 7523 §2.1.

use super::client_authentication::Client;
use super::discovery::Discovered;
use super::environment::Environment;
use super::error::Error;
use super::form::Form;
use super::secret::Secret;
use super::token::Token;
use super::token_endpoint;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Gives the authorization server a statement, and gets a token. What it refuses is refused: the statement is shown
/// once, and nothing else is tried.
pub(crate) async fn redeem(
    environment: &Environment,
    found: &Discovered,
    client: &Client,
    assertion: &Secret,
    scope: Option<&str>,
) -> Result<Token, Error> {
    let form = || {
        Form::new()
            .with("grant_type", GRANT_TYPE)
            .with("assertion", assertion.expose())
            .with("resource", &found.resource)
            .with_some("scope", scope)
    };
    let issued = environment.now();
    let answer =
        token_endpoint::request(environment, found.token_endpoint()?, client, form).await?;
    answer.into_token(scope, issued)
}
