//! Several verifiers for one server.

use std::time::Duration;

use async_trait::async_trait;
use mcp_core::jose::Jwt;
use tokio::time::{Instant, timeout};

use crate::auth::tokens::verifier::VERIFY_TIMEOUT;
use crate::auth::{TokenVerifier, VerifiedToken, VerifyError};

/// Accepts what one of several verifiers accepts: tokens of several authorization servers, or of
/// several kinds. They are asked in their order. One whose authorization servers are known is not
/// asked about a JSON Web Token that names another issuer.
///
/// Each verifier has its own share of 9 seconds, so that the last one is asked although the others
/// do not answer. What a verifier leaves is for those that follow.
///
/// If none accepts a token and one of them could not decide, it is undecided: the token may be
/// valid.
#[derive(Default)]
pub struct AnyOf(Vec<Box<dyn TokenVerifier>>);

/// Time for all verifiers. Less than the server waits, so that its reason is the better one.
const TIME: Duration = VERIFY_TIMEOUT.saturating_sub(SECOND);
const SECOND: Duration = Duration::from_secs(1);

impl AnyOf {
    /// Creates a verifier that accepts no token.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a verifier.
    #[must_use]
    pub fn or(mut self, verifier: impl TokenVerifier) -> Self {
        self.0.push(Box::new(verifier));
        self
    }

    /// The verifiers that may accept a token.
    fn candidates(&self, token: &str) -> Vec<&dyn TokenVerifier> {
        // Not verified: it decides only who is asked.
        let token = Jwt::parse(token).ok();
        let issuer = token.as_ref().and_then(|token| token.claims().get("iss")?.as_str());
        let accepts = |verifier: &&dyn TokenVerifier| {
            issuer.is_none_or(|issuer| verifier.accepts_issuer(issuer))
        };
        self.0.iter().map(|verifier| &**verifier).filter(accepts).collect()
    }
}

#[async_trait]
impl TokenVerifier for AnyOf {
    async fn verify(&self, token: &str, resource: &str) -> Result<VerifiedToken, VerifyError> {
        if self.0.is_empty() {
            return Err(VerifyError::invalid("there is no verifier"));
        }
        let candidates = self.candidates(token);
        let end = Instant::now() + TIME;
        let mut undecided = None;
        let mut reasons = Vec::new();
        for (verifier, rest) in candidates.iter().zip((1..=candidates.len()).rev()) {
            let rest = u32::try_from(rest).unwrap_or(u32::MAX);
            let share = end.saturating_duration_since(Instant::now()) / rest;
            match timeout(share, verifier.verify(token, resource)).await {
                Ok(Ok(verified)) => return Ok(verified),
                Ok(Err(VerifyError::Invalid(reason))) => reasons.push(reason),
                Ok(Err(error)) => {
                    undecided.get_or_insert(error);
                }
                Err(_) => {
                    undecided.get_or_insert_with(|| {
                        let reason = format!("a verifier did not answer within {share:?}");
                        VerifyError::undecided(reason, SECOND)
                    });
                }
            }
        }
        Err(undecided.unwrap_or_else(|| match reasons.is_empty() {
            true => VerifyError::invalid("no verifier accepts its issuer (iss)"),
            false => VerifyError::invalid(reasons.join("; ")),
        }))
    }

    fn issuers(&self) -> Vec<String> {
        let mut issuers = Vec::new();
        for issuer in self.0.iter().flat_map(TokenVerifier::issuers) {
            if !issuers.contains(&issuer) {
                issuers.push(issuer);
            }
        }
        issuers
    }

    fn accepts_issuer(&self, issuer: &str) -> bool {
        self.0.iter().any(|verifier| verifier.accepts_issuer(issuer))
    }
}

impl std::fmt::Debug for AnyOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnyOf").field("verifiers", &self.0.len()).finish()
    }
}
