//! What decides about access tokens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::auth::Principal;

/// Time that a verifier has for one token. Fixed: clients wait no longer, and a verifier has
/// shorter timeouts of its own.
pub(super) const VERIFY_TIMEOUT: Duration = Duration::from_secs(10);

/// Decides about access tokens.
///
/// A verifier checks that a token was issued by an authorization server that it trusts, **for this
/// server**, and that the token has not expired. It must not accept a token whose audience it
/// cannot check.
///
/// It may be called many times at once. A verifier that panics, or that does not answer within 10
/// seconds, could not decide. Cancel safety: the future is dropped when the client disconnects.
///
/// ```
/// use mcp_server::Principal;
/// use mcp_server::auth::{TokenVerifier, VerifiedToken, VerifyError};
///
/// /// Accepts the API keys of a small team.
/// struct ApiKeys;
///
/// #[async_trait::async_trait]
/// impl TokenVerifier for ApiKeys {
///     async fn verify(&self, token: &str, _resource: &str) -> Result<VerifiedToken, VerifyError> {
///         match token {
///             "s3cr3t" => Ok(VerifiedToken::new(Principal::new("ada").with_scopes(["files:read"]))),
///             _ => Err(VerifyError::invalid("this key is not known")),
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait TokenVerifier: Send + Sync + 'static {
    /// Verifies a token that was presented for `resource`, the URL of the server.
    ///
    /// # Errors
    /// [`VerifyError::Invalid`] if the token is not valid here, and [`VerifyError::Undecided`] if
    /// that could not be found out.
    async fn verify(&self, token: &str, resource: &str) -> Result<VerifiedToken, VerifyError>;

    /// Returns the issuers of the authorization servers whose tokens it accepts. Clients read them
    /// in the metadata of the server.
    fn issuers(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns whether it may accept tokens with this issuer (`iss`). [`AnyOf`](super::AnyOf) does
    /// not ask a verifier about tokens of others. By default it may.
    fn accepts_issuer(&self, issuer: &str) -> bool {
        let _ = issuer;
        true
    }
}

#[async_trait]
impl<V: TokenVerifier + ?Sized> TokenVerifier for Arc<V> {
    async fn verify(&self, token: &str, resource: &str) -> Result<VerifiedToken, VerifyError> {
        V::verify(self, token, resource).await
    }

    fn issuers(&self) -> Vec<String> {
        V::issuers(self)
    }

    fn accepts_issuer(&self, issuer: &str) -> bool {
        V::accepts_issuer(self, issuer)
    }
}

#[async_trait]
impl<V: TokenVerifier + ?Sized> TokenVerifier for Box<V> {
    async fn verify(&self, token: &str, resource: &str) -> Result<VerifiedToken, VerifyError> {
        V::verify(self, token, resource).await
    }

    fn issuers(&self) -> Vec<String> {
        V::issuers(self)
    }

    fn accepts_issuer(&self, issuer: &str) -> bool {
        V::accepts_issuer(self, issuer)
    }
}

/// A token that is valid for this server.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct VerifiedToken {
    /// The caller. [`Principal::expires_at`] is when the token expires.
    pub principal: Principal,
    /// The thumbprint (RFC 7638) of the key that the token is bound to: `cnf.jkt` (RFC 9449).
    pub key_thumbprint: Option<String>,
    /// For how long the decision may be kept, so that the next requests with the token are decided
    /// without the verifier. At most until the token expires. Zero by default.
    pub cache_for: Duration,
}

impl VerifiedToken {
    /// Creates the decision that a token is valid.
    #[must_use]
    pub const fn new(principal: Principal) -> Self {
        Self { principal, key_thumbprint: None, cache_for: Duration::ZERO }
    }

    /// Binds the token to a key: only who proves to have it may use the token.
    #[must_use]
    pub fn bound_to(mut self, key_thumbprint: impl Into<String>) -> Self {
        self.key_thumbprint = Some(key_thumbprint.into());
        self
    }

    /// Sets for how long the decision may be kept.
    #[must_use]
    pub const fn cached_for(mut self, duration: Duration) -> Self {
        self.cache_for = duration;
        self
    }
}

/// Why a token is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The token is not valid for this server: 401. The reason is logged, and never sent.
    Invalid(String),
    /// Whether the token is valid could not be found out: 503. A client keeps its token.
    Undecided {
        /// Logged, and never sent.
        reason: String,
        /// When the client may try again.
        retry_after: Duration,
    },
}

impl VerifyError {
    /// The token is not valid for this server.
    pub fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }

    /// Whether the token is valid could not be found out.
    pub fn undecided(reason: impl Into<String>, retry_after: Duration) -> Self {
        Self::Undecided { reason: reason.into(), retry_after }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(reason) => write!(f, "the token is not valid: {reason}"),
            Self::Undecided { reason, .. } => {
                write!(f, "it could not be found out whether the token is valid: {reason}")
            }
        }
    }
}

impl std::error::Error for VerifyError {}
