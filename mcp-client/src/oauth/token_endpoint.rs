//! The token endpoint: a grant goes in, an access token comes out. Spec: OAuth 2.1 §3.2; RFC 9449 §5.

use std::time::{Duration, SystemTime};

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, StatusCode};
use mcp_core::oauth::ErrorResponse;
use serde::{Deserialize, Deserializer, de};

use super::client_authentication::Client;
use super::environment::Environment;
use super::error::{Error, ErrorKind, printable};
use super::form::{FORM, Form};
use super::secret::Secret;
use super::token::{LONGEST, Token, TokenType};

/// The token endpoint that a request is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenEndpoint<'a> {
    /// The issuer of the authorization server, which is the audience of assertions.
    pub(crate) issuer: &'a str,
    /// The URL of the endpoint.
    pub(crate) url: &'a str,
}

/// The answer of a token endpoint. Members that are not known may be secrets, and are not kept.
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
    /// What kind of token it is, in an answer to a token exchange (RFC 8693).
    #[serde(default)]
    issued_token_type: Option<String>,
}

impl TokenResponse {
    /// The token, whatever it is: for a token exchange, whose tokens are not for the MCP server.
    pub(crate) fn into_parts(self) -> (Secret, String, Option<String>) {
        (self.access_token.into(), self.token_type, self.issued_token_type)
    }

    /// A token for the MCP server.
    pub(crate) fn into_token(
        self,
        requested_scope: Option<&str>,
        now: SystemTime,
    ) -> Result<Token, Error> {
        let kind = if self.token_type.eq_ignore_ascii_case("bearer") {
            TokenType::Bearer
        } else if self.token_type.eq_ignore_ascii_case("dpop") {
            TokenType::Dpop
        } else {
            let message = format!(
                "the authorization server issued a token of type {:?}, which MCP does not know",
                printable(&self.token_type)
            );
            return Err(Error::new(ErrorKind::InvalidMetadata, message));
        };
        let token = Token {
            access: self.access_token.into(),
            kind,
            issued: now,
            lifetime: self.expires_in.map(|seconds| Duration::from_secs(seconds.min(LONGEST))),
            refresh: self.refresh_token.filter(|token| !token.is_empty()).map(Secret::from),
            requested_scope: requested_scope.map(str::to_owned),
            granted_scope: self.scope.filter(|scope| Some(scope.as_str()) != requested_scope),
        };
        token.header()?;
        Ok(token)
    }
}

/// Seconds, which some servers write as a text or with a fraction.
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
        _ => Err(de::Error::custom("expires_in is no number")),
    }
}

/// Asks a token endpoint. The form has the grant and what belongs to it; the client's authentication and, where the
/// client has a key, the proof of it are added here.
///
/// A server that wants a nonce in the proof is asked a second time.
pub(crate) async fn request(
    environment: &Environment,
    endpoint: TokenEndpoint<'_>,
    client: &Client,
    form: impl Fn() -> Form,
) -> Result<TokenResponse, Error> {
    let mut asked_again = false;
    loop {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let mut form = form();
        client.authenticate(endpoint, &mut headers, &mut form)?;
        environment.presentation.prove_token_request(endpoint.url, &mut headers)?;
        let answer = environment.fetch.post(endpoint.url, headers, FORM, form.finish()).await?;
        environment.presentation.token_endpoint_answered(endpoint.url, &answer.headers);
        if answer.status.is_success() {
            // What cannot be read may be a token all the same: the error shows none of it.
            return serde_json::from_slice(&answer.body).map_err(|error| {
                let place = format!("line {}, column {}", error.line(), error.column());
                let message = format!(
                    "the answer of {} is no token response (RFC 6749 §5.1): {place}",
                    endpoint.url
                );
                Error::new(ErrorKind::InvalidMetadata, message)
            });
        }
        let error = refusal(endpoint.url, answer.status, &answer.body);
        if error.code() == Some("use_dpop_nonce")
            && !asked_again
            && environment.presentation.takes_nonces()
        {
            asked_again = true;
            continue;
        }
        return Err(error);
    }
}

/// The error of a token or registration endpoint.
pub(crate) fn refusal(url: &str, status: StatusCode, body: &[u8]) -> Error {
    if status.is_server_error()
        || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
    {
        return Error::new(ErrorKind::Unreachable, format!("{url} answered {status}"));
    }
    match serde_json::from_slice::<ErrorResponse>(body) {
        Ok(answer) => {
            let description =
                answer.error_description.map(|text| format!(": {}", printable(&text)));
            let message = format!(
                "{url} refused: {}{}",
                printable(&answer.error),
                description.unwrap_or_default()
            );
            Error::new(ErrorKind::Refused, message).with_code(&answer.error)
        }
        Err(_) => Error::new(ErrorKind::Refused, format!("{url} answered {status}")),
    }
}
