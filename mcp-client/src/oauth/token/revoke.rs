//! The end of tokens at the authorization server. Spec: RFC 7009.

use http::HeaderMap;
use mcp_core::fetch::{FORM, Form, Secret};

use super::access_token::AccessToken;
use crate::oauth::client::Client;
use crate::oauth::discovery::{Discovered, TokenEndpoint};
use crate::oauth::environment::Environment;
use crate::oauth::error::Error;
use crate::oauth::fetch::refusal;

/// Revokes a token and its refresh token. False if the authorization server does not support that.
pub(crate) async fn revoke(
    environment: &Environment,
    found: &Discovered,
    client: &Client,
    token: &AccessToken,
) -> Result<bool, Error> {
    let Some(url) = &found.server.revocation_endpoint else { return Ok(false) };
    let endpoint = TokenEndpoint { issuer: found.issuer(), url };
    // The refresh token first: with it, another access token can be obtained.
    let refresh = match &token.refresh {
        Some(refresh) => revoke_one(environment, endpoint, client, refresh, "refresh_token").await,
        None => Ok(()),
    };
    let access = revoke_one(environment, endpoint, client, &token.access, "access_token").await;
    match (refresh, access) {
        // The refresh token is gone; this one ends by itself (§2.2.1).
        (Ok(()), Err(error)) if error.code() == Some("unsupported_token_type") => Ok(true),
        (refresh, access) => refresh.and(access).map(|()| true),
    }
}

async fn revoke_one(
    environment: &Environment,
    endpoint: TokenEndpoint<'_>,
    client: &Client,
    token: &Secret,
    kind: &str,
) -> Result<(), Error> {
    let mut headers = HeaderMap::new();
    let mut form = Form::new().with("token", token.expose()).with("token_type_hint", kind);
    client.authenticate(endpoint, &mut headers, &mut form)?;
    let answer = environment.fetcher.post(endpoint.url, headers, FORM, form.finish()).await?;
    if answer.status.is_success() { Ok(()) } else { Err(refusal(&answer, endpoint.url)) }
}
