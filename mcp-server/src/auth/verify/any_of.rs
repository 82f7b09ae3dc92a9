//! Several verifiers for one server.

use async_trait::async_trait;

use crate::auth::{TokenVerifier, VerifiedToken, VerifyError};

/// Accepts what one of several verifiers accepts: tokens of several authorization servers, or of
/// several kinds. They are asked in their order.
///
/// If none accepts a token and one of them could not decide, it is undecided: the token may be
/// valid.
#[derive(Default)]
pub struct AnyOf(Vec<Box<dyn TokenVerifier>>);

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
}

#[async_trait]
impl TokenVerifier for AnyOf {
    async fn verify(&self, token: &str, resource: &str) -> Result<VerifiedToken, VerifyError> {
        let mut undecided = None;
        let mut reasons = Vec::new();
        for verifier in &self.0 {
            match verifier.verify(token, resource).await {
                Ok(verified) => return Ok(verified),
                Err(VerifyError::Invalid(reason)) => reasons.push(reason),
                Err(error) => {
                    undecided.get_or_insert(error);
                }
            }
        }
        Err(undecided.unwrap_or_else(|| match reasons.is_empty() {
            true => VerifyError::invalid("there is no verifier"),
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
}

impl std::fmt::Debug for AnyOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnyOf").field("verifiers", &self.0.len()).finish()
    }
}
