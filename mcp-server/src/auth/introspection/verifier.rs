//! The verifier that asks the authorization server.

use std::fmt;

use async_trait::async_trait;
use http::{HeaderMap, StatusCode};
use mcp_core::fetch::{FORM, Fetched, Fetcher, Form};
use mcp_core::http_client::retry_after;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::answer::{Answer, TokenRules};
use super::breaker::Breaker;
use super::credentials::Credentials;
use super::limits::IntrospectionLimits;
use super::rejected::{self, Rejected};
use crate::auth::verifier::{TokenVerifier, VerifiedToken, VerifyError};

/// Verifies tokens by asking the authorization server that issued them (RFC 7662): for opaque
/// tokens, and where a revoked token must stop working within a minute.
///
/// A token must be active, have this server in its audience (`aud`), and not be expired. A token
/// whose audience the authorization server does not tell is refused. The caller is the `sub`, else
/// the `username`, else the `client_id`; an authorization server that leaves `sub` out for some
/// users must not let one choose a username that is the `sub` of another.
///
/// An authorization server that fails says nothing about a token. Requests are then answered with
/// 503, and the endpoint is left alone for a while.
///
/// ```
/// use mcp_server::auth::{IntrospectionVerifier, Protection};
///
/// # fn example(secret: String) -> Result<(), mcp_server::BuildError> {
/// let issuer = "https://login.example.com";
/// let tokens = IntrospectionVerifier::builder(issuer, "https://login.example.com/introspect")
///     .client_secret_basic("files-server", secret)
///     .build()?;
/// let protection = Protection::new("https://mcp.example.com/mcp", tokens);
/// # Ok(())
/// # }
/// ```
pub struct IntrospectionVerifier {
    endpoint: String,
    fetcher: Fetcher,
    credentials: Credentials,
    rules: TokenRules,
    limits: IntrospectionLimits,
    permits: Semaphore,
    breaker: Breaker,
    rejected: Rejected,
}

impl IntrospectionVerifier {
    pub(super) fn new(
        endpoint: String,
        fetcher: Fetcher,
        credentials: Credentials,
        rules: TokenRules,
        limits: IntrospectionLimits,
    ) -> Self {
        let permits = limits.max_concurrent_requests.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            endpoint,
            fetcher,
            credentials,
            rules,
            permits: Semaphore::new(permits),
            breaker: Breaker::new(limits.max_failures, limits.failure_pause),
            rejected: Rejected::new(limits.rejected_ttl, limits.max_rejected_tokens),
            limits,
        }
    }

    /// What the authorization server says about a token.
    ///
    /// # Errors
    /// [`VerifyError::Undecided`].
    async fn ask(&self, token: &str) -> Result<Answer, VerifyError> {
        let (limit, most) = (self.limits.queue_timeout, self.limits.max_concurrent_requests);
        let permit = timeout(limit, self.permits.acquire()).await.map_err(|_| {
            let reason = format!(
                "{most} other tokens are being introspected \
                 (`IntrospectionLimits::max_concurrent_requests`)"
            );
            VerifyError::undecided(reason, limit)
        })?;
        let _permit =
            permit.map_err(|_| VerifyError::undecided("the verifier is closed", limit))?;
        let attempt = self.breaker.begin().map_err(|rest| {
            VerifyError::undecided("the introspection endpoint failed a moment ago", rest)
        })?;
        match self.request(token).await {
            Ok(answer) => {
                attempt.succeed();
                Ok(answer)
            }
            Err(Failure { reason, asked }) => {
                let asked = asked.map(|asked| asked.min(self.limits.max_retry_delay));
                let retry_after = attempt.fail(asked);
                tracing::warn!(reason, "a token could not be introspected");
                Err(VerifyError::undecided(reason, retry_after))
            }
        }
    }

    async fn request(&self, token: &str) -> Result<Answer, Failure> {
        let mut headers = HeaderMap::new();
        let mut form = Form::new().with("token", token).with("token_type_hint", "access_token");
        self.credentials.add(&self.rules.issuer, &mut headers, &mut form).map_err(|error| {
            Failure::new(format!("this server could not authenticate itself: {error}"))
        })?;
        let response = self
            .fetcher
            .post(&self.endpoint, headers, FORM, form.finish())
            .await
            .map_err(|error| Failure::new(error.to_string()))?;
        match response.status {
            StatusCode::OK => Answer::read(&response.body).map_err(|reason| {
                Failure::new(format!("the answer of the introspection endpoint {reason}"))
            }),
            _ => Err(Failure::of_status(&response)),
        }
    }
}

/// Why there is no answer.
struct Failure {
    reason: String,
    /// The pause that the endpoint asks for.
    asked: Option<std::time::Duration>,
}

impl Failure {
    fn new(reason: String) -> Self {
        Self { reason, asked: None }
    }

    fn of_status(response: &Fetched) -> Self {
        let status = response.status;
        let reason = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => format!(
                "the introspection endpoint answered {status}: it does not accept the credentials \
                 of this server"
            ),
            status => format!("the introspection endpoint answered {status}"),
        };
        let may_ask =
            matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        Self { reason, asked: retry_after(&response.headers).filter(|_| may_ask) }
    }
}

#[async_trait]
impl TokenVerifier for IntrospectionVerifier {
    async fn verify(&self, token: &str, resource: &str) -> Result<VerifiedToken, VerifyError> {
        let key = rejected::key(token, resource);
        if let Some(reason) = self.rejected.get(&key) {
            return Err(VerifyError::Invalid(reason));
        }
        let answer = self.ask(token).await?;
        match self.rules.check(answer, resource, crate::clock::wall()) {
            Ok(verified) => Ok(verified.cached_for(self.limits.max_cache_ttl)),
            Err(reason) => {
                self.rejected.insert(key, &reason);
                Err(VerifyError::Invalid(reason))
            }
        }
    }

    fn issuers(&self) -> Vec<String> {
        vec![self.rules.issuer.clone()]
    }
}

impl fmt::Debug for IntrospectionVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntrospectionVerifier")
            .field("issuer", &self.rules.issuer)
            .finish_non_exhaustive()
    }
}
