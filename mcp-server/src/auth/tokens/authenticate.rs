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

use super::dpop::{self, BadProof, Dpop};
use super::guard::Guard;
use super::refused::{Authenticated, Refusal, Refused};
use super::token_cache;
use super::verifier::{VERIFY_TIMEOUT, VerifiedToken, VerifyError};
use crate::auth::Principal;
use crate::clock;

/// Time after which the streams of a token end that does not say when it expires. Fixed: a token
/// may have been revoked, which only its next request shows.
const MAX_LIFETIME: Duration = Duration::from_secs(3_600);
/// When a client may try again, if the verifier did not say.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The credentials of a request.
enum Credentials<'a> {
    None,
    Token(Scheme, &'a str),
    Malformed(&'static str),
}

/// How a token is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Bearer,
    Dpop,
}

impl Scheme {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }

    fn read(text: &str) -> Option<Self> {
        [Self::Bearer, Self::Dpop]
            .into_iter()
            .find(|scheme| scheme.as_str().eq_ignore_ascii_case(text))
    }
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
        // Another scheme is no access token.
        let Some(scheme) = Scheme::read(scheme) else { return Self::None };
        match token.trim_matches(' ') {
            token if is_token(token) => Self::Token(scheme, token),
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
    pub(crate) async fn authenticate(&self, request: &Parts) -> Result<Authenticated, Refusal> {
        let (scheme, token) = match Credentials::read(&request.headers) {
            Credentials::Token(scheme, token) => (scheme, token),
            Credentials::None => return Err(self.missing()),
            Credentials::Malformed(reason) => return Err(self.malformed(reason)),
        };
        let verified = self.verify(scheme, token).await?;
        let invalid = |reason| Err(self.invalid_token(scheme, reason));
        match (scheme, &self.dpop, &verified.key_thumbprint) {
            (Scheme::Bearer, _, Some(_)) => {
                invalid("a token that is bound to a key was presented as a bearer token")
            }
            (Scheme::Bearer, Some(dpop), None) if dpop.settings.is_required => {
                invalid("the token is not bound to a key")
            }
            (Scheme::Bearer, _, None) => {
                Ok(Authenticated { principal: verified.principal, nonce: None })
            }
            (Scheme::Dpop, None, _) => invalid("DPoP is not enabled (Protection::dpop)"),
            (Scheme::Dpop, Some(_), None) => {
                invalid("a token that is not bound to a key was presented with DPoP")
            }
            (Scheme::Dpop, Some(dpop), Some(thumbprint)) => {
                match dpop.check(request, token, thumbprint, &self.resource) {
                    Ok(nonce) => Ok(Authenticated { principal: verified.principal, nonce }),
                    Err(BadProof::Invalid(reason)) => Err(self.invalid_proof(dpop, &reason)),
                    Err(BadProof::NeedsNonce) => Err(self.needs_nonce(dpop)),
                }
            }
        }
    }

    /// Verifies a token, or finds it among those that were verified lately.
    async fn verify(&self, scheme: Scheme, token: &str) -> Result<VerifiedToken, Refusal> {
        let hash = token_cache::hash(token);
        if let Some(verified) = self.verified.get(&hash) {
            return Ok(verified);
        }
        let Ok(_permit) = self.verifying.try_acquire() else {
            return Err(self.undecided("too many tokens are being verified", RETRY_AFTER));
        };
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
            Ok(mut verified) => {
                if verified.principal.expires_at().is_none() {
                    let end = clock::wall() + MAX_LIFETIME;
                    verified.principal = verified.principal.with_expiry(end);
                }
                self.verified.insert(hash, &verified);
                Ok(verified)
            }
            Err(VerifyError::Invalid(reason)) => Err(self.invalid_token(scheme, &reason)),
            Err(VerifyError::Undecided { reason, retry_after }) => {
                Err(self.undecided(&reason, retry_after))
            }
        }
    }

    /// No credentials: the client learns where to get them.
    fn missing(&self) -> Refusal {
        let mut challenges = Vec::new();
        if !self.dpop.as_ref().is_some_and(|dpop| dpop.settings.is_required) {
            let bearer = self.challenge("Bearer");
            challenges.push(self.with_scopes(bearer, self.required.iter()));
        }
        if self.dpop.is_some() {
            let dpop = self.with_scopes(self.challenge("DPoP"), self.required.iter());
            challenges.push(with_algorithms(dpop));
        }
        let message = "an access token is required";
        self.refuse(StatusCode::UNAUTHORIZED, "no access token", message, challenges)
    }

    fn malformed(&self, reason: &'static str) -> Refusal {
        let challenge = self.challenge("Bearer").with("error", "invalid_request");
        self.refuse(StatusCode::BAD_REQUEST, reason, reason, vec![challenge])
    }

    /// The token is not valid. The client does not learn which check failed.
    fn invalid_token(&self, scheme: Scheme, reason: &str) -> Refusal {
        let challenge = self.challenge(scheme.as_str()).with("error", "invalid_token");
        let mut challenge = self.with_scopes(challenge, self.required.iter());
        if scheme == Scheme::Dpop {
            challenge = with_algorithms(challenge);
        }
        let message = "the access token is not valid";
        self.refuse(StatusCode::UNAUTHORIZED, reason, message, vec![challenge])
    }

    /// The proof that belongs to a token is not valid.
    fn invalid_proof(&self, dpop: &Dpop, reason: &str) -> Refusal {
        let challenge = self.challenge("DPoP").with("error", "invalid_dpop_proof");
        let message = "the DPoP proof is not valid";
        let challenges = vec![with_algorithms(challenge)];
        let refusal = self.refuse(StatusCode::UNAUTHORIZED, reason, message, challenges);
        let nonce = dpop.settings.needs_nonce.then(|| dpop.nonce()).flatten();
        Refusal { nonce, ..refusal }
    }

    /// The client repeats the request with the nonce.
    fn needs_nonce(&self, dpop: &Dpop) -> Refusal {
        let challenge = self.challenge("DPoP").with("error", "use_dpop_nonce");
        let message = "the DPoP proof must contain the nonce in DPoP-Nonce";
        let challenges = vec![with_algorithms(challenge)];
        let reason = "the DPoP proof has no nonce, or an old one";
        let refusal = self.refuse(StatusCode::UNAUTHORIZED, reason, message, challenges);
        Refusal { nonce: dpop.nonce(), ..refusal }
    }

    /// Not 401, which would make a client throw a good token away.
    fn undecided(&self, reason: &str, retry_after: Duration) -> Refusal {
        let message = "the access token could not be verified; try again later";
        let refusal = self.refuse(StatusCode::SERVICE_UNAVAILABLE, reason, message, Vec::new());
        Refusal { retry_after: Some(retry_after), ..refusal }
    }

    fn refuse(
        &self,
        status: StatusCode,
        reason: &str,
        message: &'static str,
        challenges: Vec<Challenge>,
    ) -> Refusal {
        tracing::debug!(%status, reason, "a request was refused for its access token");
        let (status_code, required_scopes) = (status.as_u16(), &[]);
        self.report(&Refused { status: status_code, principal: None, reason, required_scopes });
        Refusal { status, message, challenges, retry_after: None, nonce: None }
    }

    /// Returns the challenge for a caller without all scopes of an operation, which are in one
    /// challenge, so that the user is asked once (AUTH-41).
    pub(crate) fn insufficient_scope(
        &self,
        request: &Parts,
        required: &[String],
        principal: Option<&Principal>,
    ) -> Challenge {
        let reason = "the token does not have all scopes of the operation";
        tracing::debug!(?principal, ?required, "a request was refused for its scopes");
        let status = StatusCode::FORBIDDEN.as_u16();
        self.report(&Refused { status, principal, reason, required_scopes: required });
        let scheme = match Credentials::read(&request.headers) {
            Credentials::Token(scheme, _) => scheme,
            _ => Scheme::Bearer,
        };
        let challenge = self.challenge(scheme.as_str()).with("error", "insufficient_scope");
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

fn with_algorithms(challenge: Challenge) -> Challenge {
    challenge.with("algs", dpop::algorithms().collect::<Vec<_>>().join(" "))
}
