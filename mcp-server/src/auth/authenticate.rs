//! Who makes a request: decided by its header fields, before its body is read. Spec:
//! basic/authorization, "Access Token Usage", "Error Handling"; RFC 6750 §3.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use mcp_core::oauth::Challenge;
use tokio::time::timeout;

use super::Principal;
use super::protection::Guard;
use super::token_cache;
use super::verifier::{VerifiedToken, VerifyError};

/// Time that a verifier has for one token. Fixed: clients wait no longer, and a verifier has
/// shorter timeouts of its own.
const VERIFY_TIMEOUT: Duration = Duration::from_secs(10);
/// When a client may try again, if the verifier did not say.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// A request that is refused for its token or its scopes.
#[derive(Debug)]
#[non_exhaustive]
pub struct Refused<'a> {
    /// The status of the response: 400, 401, 403 or 503.
    pub status: u16,
    /// The caller, if its token is valid.
    pub principal: Option<&'a Principal>,
    /// Why. Never sent to the client, which could learn from it how to forge a token.
    pub reason: &'a str,
    /// The scopes that the operation needs, if some are missing.
    pub required_scopes: &'a [String],
}

/// The response to a request that is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// Sent to the client.
    pub(crate) message: &'static str,
    pub(crate) challenges: Vec<Challenge>,
    pub(crate) retry_after: Option<Duration>,
}

/// The credentials of a request.
enum Credentials<'a> {
    None,
    Bearer(&'a str),
    Malformed(&'static str),
}

impl<'a> Credentials<'a> {
    fn read(headers: &'a HeaderMap) -> Self {
        let mut fields = headers.get_all(AUTHORIZATION).iter();
        let field = match (fields.next(), fields.next()) {
            (None, _) => return Self::None,
            (Some(_), Some(_)) => return Self::Malformed("Authorization is sent twice"),
            (Some(field), None) => field,
        };
        let Ok(field) = field.to_str() else {
            return Self::Malformed("Authorization has characters that no token has");
        };
        let (scheme, token) = field.split_once(' ').unwrap_or((field, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Self::None; // Another scheme is no access token.
        }
        match token.trim_matches(' ') {
            token if is_token(token) => Self::Bearer(token),
            _ => Self::Malformed("Authorization has no access token behind its scheme"),
        }
    }
}

/// Whether a text can be a token (RFC 6750, `b64token`).
fn is_token(text: &str) -> bool {
    let unpadded = text.trim_end_matches('=');
    let is_char = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !unpadded.is_empty() && unpadded.bytes().all(is_char)
}

impl Guard {
    /// Returns the caller of a request.
    ///
    /// # Errors
    /// The response, if the request has no valid token.
    pub(crate) async fn authenticate(&self, request: &Parts) -> Result<Principal, Refusal> {
        match Credentials::read(&request.headers) {
            Credentials::Bearer(token) => {
                let verified = self.verify(token).await?;
                if verified.key_thumbprint.is_some() {
                    let reason = "a token that is bound to a key was presented as a bearer token";
                    return Err(self.invalid_token(reason));
                }
                Ok(verified.principal)
            }
            Credentials::None => Err(self.missing()),
            Credentials::Malformed(reason) => Err(self.malformed(reason)),
        }
    }

    /// Verifies a token, or finds it among those that were verified lately.
    async fn verify(&self, token: &str) -> Result<VerifiedToken, Refusal> {
        let hash = token_cache::hash(token);
        if let Some(verified) = self.verified.get(&hash) {
            return Ok(verified);
        }
        let verifying = self.verifier.verify(token, self.resource.as_str());
        // A panic of the verifier fails this request.
        let verifying = timeout(VERIFY_TIMEOUT, AssertUnwindSafe(verifying).catch_unwind());
        let decided = match verifying.await {
            Ok(Ok(decided)) => decided,
            Ok(Err(_panic)) => Err(VerifyError::undecided("the verifier panicked", RETRY_AFTER)),
            Err(_) => {
                let reason = format!("the verifier did not answer within {VERIFY_TIMEOUT:?}");
                Err(VerifyError::undecided(reason, RETRY_AFTER))
            }
        };
        match decided {
            Ok(verified) => {
                self.verified.insert(hash, &verified);
                Ok(verified)
            }
            Err(VerifyError::Invalid(reason)) => Err(self.invalid_token(&reason)),
            Err(VerifyError::Undecided { reason, retry_after }) => {
                Err(self.undecided(&reason, retry_after))
            }
        }
    }

    /// No credentials: the client learns where to get them.
    fn missing(&self) -> Refusal {
        let challenge = self.with_scopes(self.challenge("Bearer"), self.required.iter());
        self.refuse(
            StatusCode::UNAUTHORIZED,
            "no access token",
            "an access token is required",
            [challenge],
        )
    }

    fn malformed(&self, reason: &'static str) -> Refusal {
        let challenge = self.challenge("Bearer").with("error", "invalid_request");
        self.refuse(StatusCode::BAD_REQUEST, reason, reason, [challenge])
    }

    /// The token is not valid. The client does not learn which check failed.
    pub(super) fn invalid_token(&self, reason: &str) -> Refusal {
        let challenge = self.challenge("Bearer").with("error", "invalid_token");
        let challenge = self.with_scopes(challenge, self.required.iter());
        self.refuse(StatusCode::UNAUTHORIZED, reason, "the access token is not valid", [challenge])
    }

    /// Not 401, which would make a client throw a good token away.
    fn undecided(&self, reason: &str, retry_after: Duration) -> Refusal {
        let message = "the access token could not be verified; try again later";
        let refusal = self.refuse(StatusCode::SERVICE_UNAVAILABLE, reason, message, []);
        Refusal { retry_after: Some(retry_after), ..refusal }
    }

    fn refuse<const N: usize>(
        &self,
        status: StatusCode,
        reason: &str,
        message: &'static str,
        challenges: [Challenge; N],
    ) -> Refusal {
        tracing::info!(%status, reason, "a request was refused for its access token");
        let (status_code, required_scopes) = (status.as_u16(), &[]);
        self.report(&Refused { status: status_code, principal: None, reason, required_scopes });
        Refusal { status, message, challenges: challenges.into(), retry_after: None }
    }

    /// Returns the challenge for a caller without all scopes of an operation, which are in one
    /// challenge, so that the user is asked once (AUTH-41).
    pub(crate) fn insufficient_scope(
        &self,
        required: &[String],
        principal: Option<&Principal>,
    ) -> Challenge {
        let reason = "the token does not have all scopes of the operation";
        tracing::info!(?principal, ?required, "a request was refused for its scopes");
        let status = StatusCode::FORBIDDEN.as_u16();
        self.report(&Refused { status, principal, reason, required_scopes: required });
        let challenge = self.challenge("Bearer").with("error", "insufficient_scope");
        self.with_scopes(challenge, required.iter().map(String::as_str))
    }

    fn with_scopes<'a>(
        &self,
        challenge: Challenge,
        scopes: impl Iterator<Item = &'a str>,
    ) -> Challenge {
        match self.advertised(scopes) {
            scopes if scopes.is_empty() => challenge,
            scopes => challenge.with("scope", scopes.join(" ")),
        }
    }
}
