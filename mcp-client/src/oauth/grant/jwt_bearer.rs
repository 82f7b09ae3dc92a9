//! A token for the statement of another party. Spec: RFC 7523 §2.1.

use mcp_core::fetch::{Form, Secret};

use super::non_interactive::TokenRequest;
use crate::oauth::error::Error;
use crate::oauth::random::random_text;
use crate::oauth::token::{AccessToken, request_token};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Gives the authorization server a statement for a token. The statement is sent once: a refusal is
/// final, and nothing else is tried.
pub(crate) async fn redeem(
    request: &TokenRequest<'_>,
    assertion: &Secret,
) -> Result<AccessToken, Error> {
    let TokenRequest { environment, found, client, scope } = *request;
    let form = || {
        Form::new()
            .with("grant_type", GRANT_TYPE)
            .with("assertion", assertion.expose())
            .with("resource", &found.resource)
            .with_some("scope", scope)
    };
    let issued = environment.now();
    let answer = request_token(environment, found.token_endpoint()?, client, form).await?;
    // The next statement may be about somebody else.
    answer.into_token(scope, issued, random_text::<16>()?)
}
