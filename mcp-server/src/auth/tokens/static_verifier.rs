//! Tokens that are known beforehand.

use std::collections::HashMap;

use async_trait::async_trait;
use mcp_core::jose::sha256;

use super::verifier::{TokenVerifier, VerifiedToken, VerifyError};
use crate::auth::Principal;

/// Accepts tokens that are known beforehand: for tests, and for tools that share one secret.
///
/// It keeps hashes of the tokens, so that a comparison tells nothing about them.
#[derive(Debug, Clone, Default)]
pub struct StaticVerifier {
    tokens: HashMap<[u8; 32], VerifiedToken>,
}

impl StaticVerifier {
    /// Creates a verifier that accepts no token.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts a token as that of a principal.
    #[must_use]
    pub fn token(self, token: &str, principal: Principal) -> Self {
        self.verified(token, VerifiedToken::new(principal))
    }

    /// Accepts a token that may be bound to a key.
    #[must_use]
    pub fn verified(mut self, token: &str, verified: VerifiedToken) -> Self {
        self.tokens.insert(sha256(token.as_bytes()), verified);
        self
    }
}

#[async_trait]
impl TokenVerifier for StaticVerifier {
    async fn verify(&self, token: &str, _resource: &str) -> Result<VerifiedToken, VerifyError> {
        let found = self.tokens.get(&sha256(token.as_bytes())).cloned();
        let found = found.ok_or_else(|| VerifyError::invalid("the token is not known"))?;
        match found.principal.expires_at() {
            Some(at) if at <= crate::clock::wall() => {
                Err(VerifyError::invalid("the token has expired"))
            }
            _ => Ok(found),
        }
    }
}
