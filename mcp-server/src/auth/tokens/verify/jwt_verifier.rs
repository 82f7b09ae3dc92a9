//! The verifier of access tokens that are JSON Web Tokens.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use mcp_core::jose::{JwkSet, Jwt, sha256};

use super::key_cache::KeyCache;
use super::rules::Rules;
use crate::auth::tokens::claims::Reason;
use crate::auth::{TokenVerifier, VerifiedToken, VerifyError};

/// Returns the time, against which the claims of tokens are checked.
pub(super) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Verifies access tokens that are signed by an authorization server: JSON Web Tokens, RFC 9068.
///
/// Its keys are fetched when the first token arrives, and are refreshed in the background. A token
/// decides nothing about where they are from: what its header says about keys (`jwk`, `jku`, `x5c`,
/// `x5u`) is ignored. While the authorization server cannot be reached, tokens with known keys are
/// accepted for up to a day, and others are undecided.
///
/// ```
/// use mcp_server::auth::{JwtVerifier, Protection};
///
/// let tokens = JwtVerifier::builder("https://login.example.com").build()?;
/// let protection = Protection::new("https://mcp.example.com/mcp", tokens);
/// # Ok::<(), mcp_server::BuildError>(())
/// ```
///
/// [`presets`](crate::auth::presets) has the settings of usual authorization servers.
pub struct JwtVerifier {
    pub(super) rules: Rules,
    pub(super) keys: KeyCache,
    pub(super) clock: Clock,
    pub(super) cache_for: Duration,
    pub(super) authorization_servers: Vec<String>,
}

/// What came of a token and a set of keys.
enum Attempt {
    Verified,
    /// The key that it names did not make its signature.
    Forged,
    NoKey,
}

impl JwtVerifier {
    fn attempt(&self, token: &Jwt<'_>, keys: &JwkSet) -> Attempt {
        let id = token.jws().key_id();
        let candidates = keys.candidates(id, token.jws().algorithm());
        if candidates.iter().any(|key| token.verify(&self.rules.algorithms, key).is_ok()) {
            return Attempt::Verified;
        }
        // A token that names no key may be signed with a new one.
        if candidates.is_empty() || id.is_none() { Attempt::NoKey } else { Attempt::Forged }
    }
}

#[async_trait]
impl TokenVerifier for JwtVerifier {
    async fn verify(&self, token: &str, resource: &str) -> Result<VerifiedToken, VerifyError> {
        let token = Jwt::parse(token).map_err(|error| VerifyError::invalid(error.to_string()))?;
        let now = (self.clock)();
        let invalid = |reason: Reason| VerifyError::invalid(reason.into_owned());
        let verified =
            self.rules.check(&token, resource, now).map_err(invalid)?.cached_for(self.cache_for);
        let forged = || VerifyError::invalid("its signature is not one of its key");
        let known = self.keys.known();
        if let Some(keys) = &known {
            match self.attempt(&token, &keys.set) {
                Attempt::Verified => return Ok(with_claims(verified, token)),
                Attempt::Forged => return Err(forged()),
                Attempt::NoKey => {}
            }
        }
        // Tokens without a key id may each have another key.
        let key = token.jws().key_id().map(|id| sha256(id.as_bytes()));
        let age = self.rules.age(token.claims(), now).map_err(invalid)?;
        let newer = self.keys.newer(known.as_ref(), key.as_ref(), age).await?;
        match self.attempt(&token, &newer.set) {
            Attempt::Verified => Ok(with_claims(verified, token)),
            Attempt::Forged => Err(forged()),
            Attempt::NoKey => {
                if let Some(key) = key {
                    self.keys.remember_unknown(key);
                }
                Err(VerifyError::invalid("the authorization server has no key that fits the token"))
            }
        }
    }

    fn issuers(&self) -> Vec<String> {
        self.authorization_servers.clone()
    }

    fn accepts_issuer(&self, issuer: &str) -> bool {
        self.rules.issuers.iter().any(|pattern| pattern.may_match(issuer))
    }
}

/// Adds the claims of the token to its principal. Those of a forged one are never kept.
fn with_claims(mut verified: VerifiedToken, token: Jwt<'_>) -> VerifiedToken {
    verified.principal = verified.principal.with_claims(token.into_claims());
    verified
}

impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifier").field("rules", &self.rules).finish_non_exhaustive()
    }
}
