//! The token endpoint, which exchanges a grant for an access token. Spec: OAuth 2.1 §3.2; RFC 9449
//! §5.

use std::time::SystemTime;

use http::HeaderMap;
use mcp_core::fetch::{FORM, Form, Secret};
use mcp_core::text::PeerText;
use serde::{Deserialize, Deserializer, de};

use super::access_token::{AccessToken, TokenType, lifetime};
use crate::http::ShownUrl;
use crate::oauth::client::Client;
use crate::oauth::discovery::TokenEndpoint;
use crate::oauth::environment::Environment;
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::fetch::refusal;

/// The response of a token endpoint. Unknown members may be secrets, and are not kept.
#[derive(Deserialize)]
pub(crate) struct TokenResponse {
    access_token: String,
    token_type: String,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<u64>,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    scope: Option<String>,
    /// What kind of token it is, in the response to a token exchange (RFC 8693).
    #[serde(default)]
    issued_token_type: Option<String>,
}

impl TokenResponse {
    /// The token of a token exchange, which is not for the MCP server, and its type.
    pub(crate) fn into_exchanged(self) -> (Secret, Option<String>) {
        (self.access_token.into(), self.issued_token_type)
    }

    /// A token for the MCP server.
    pub(crate) fn into_token(
        self,
        requested_scope: Option<&str>,
        issued: SystemTime,
        grant_id: String,
    ) -> Result<AccessToken, Error> {
        let kind = if self.token_type.eq_ignore_ascii_case("bearer") {
            TokenType::Bearer
        } else if self.token_type.eq_ignore_ascii_case("dpop") {
            TokenType::Dpop
        } else {
            let message = format!(
                "the authorization server issued a token of the unknown type {:?}",
                PeerText::new(&self.token_type).to_string()
            );
            return Err(Error::new(ErrorKind::InvalidMetadata, message));
        };
        let token = AccessToken {
            access: self.access_token.into(),
            kind,
            issued,
            lifetime: self.expires_in.map(lifetime),
            refresh: self.refresh_token.filter(|token| !token.is_empty()).map(Secret::from),
            requested_scope: requested_scope.map(str::to_owned),
            granted_scope: self.scope.filter(|scope| Some(scope.as_str()) != requested_scope),
            grant_id,
        };
        token.header()?;
        Ok(token)
    }
}

/// Seconds, which some servers write as a string or with a fraction.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let value = Option::<serde_json::Value>::deserialize(deserializer)?;
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    let number = match &value {
        serde_json::Value::String(text) => text.trim().parse::<f64>().ok(),
        value => value.as_f64(),
    };
    match number {
        Some(number) if number.is_finite() =>
        {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the cast saturates"
            )]
            Ok(Some(number as u64))
        }
        _ => Err(de::Error::custom("expires_in is not a number")),
    }
}

/// Requests a token. The form has the grant; the client's authentication and, where the client has
/// a key, the proof of it are added here.
///
/// A server that asks for a nonce in the proof gets a second request.
pub(crate) async fn request_token(
    environment: &Environment,
    endpoint: TokenEndpoint<'_>,
    client: &Client,
    form: impl Fn() -> Form,
) -> Result<TokenResponse, Error> {
    let presentation = &environment.presentation;
    let mut has_nonce = false;
    loop {
        let mut headers = HeaderMap::new();
        let mut form = form();
        client.authenticate(endpoint, &mut headers, &mut form)?;
        presentation.prove_token_request(endpoint.url, &mut headers)?;
        let answer = environment.fetcher.post(endpoint.url, headers, FORM, form.finish()).await?;
        presentation.token_endpoint_answered(endpoint.url, &answer.headers);
        if answer.status.is_success() {
            // A response that cannot be read may hold a token: the error shows none of it.
            return serde_json::from_slice(&answer.body).map_err(|error| {
                let message = format!(
                    "the response of {} is not a token response (RFC 6749 §5.1): line {}, column {}",
                    ShownUrl(endpoint.url),
                    error.line(),
                    error.column()
                );
                Error::new(ErrorKind::InvalidMetadata, message)
            });
        }
        let error = refusal(&answer, endpoint.url);
        let asks_for_nonce = error.code() == Some("use_dpop_nonce");
        if !asks_for_nonce || has_nonce || !presentation.accepts_nonces() {
            return Err(error);
        }
        has_nonce = true;
    }
}
