//! The verifier that asks the authorization server.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderMap, StatusCode};
use mcp_core::fetch::{FORM, Fetched, Fetcher, Form};
use mcp_core::http_client::retry_after;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::answer::{Answer, TokenRules};
use super::breaker::Breaker;
use super::credentials::Credentials;
use super::flights::{Decision, Flights};
use super::limits::IntrospectionLimits;
use super::rejected::{self, Key, Rejected};
use crate::auth::tokens::token_cache::TokenCache;
use crate::auth::tokens::verifier::{TokenVerifier, VerifiedToken, VerifyError};

/// Verifies tokens by asking the authorization server that issued them (RFC 7662): for opaque
/// tokens, and where a revoked token must stop working within a minute.
///
/// A token must be active, have this server in its audience (`aud`), and not be expired. A token
/// whose audience the authorization server does not tell is refused.
///
/// The caller is the `sub`, else the `username`, else the `client_id`. A `sub` that equals the
/// `client_id` is the application. An authorization server that leaves `sub` out for some users
/// must not let one choose a username that is the `sub` of another.
///
/// An authorization server that fails says nothing about a token. Requests are then answered with
/// 503, and the endpoint is left alone for a while. One that refuses to answer about a single
/// token, with 400 for example, says nothing about that one only.
///
/// Requests with the same token at the same time share one introspection, which goes on when their
/// clients disconnect. It runs on the tokio runtime of the caller.
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
pub struct IntrospectionVerifier(Arc<Inner>);

struct Inner {
    endpoint: String,
    fetcher: Fetcher,
    credentials: Credentials,
    rules: TokenRules,
    limits: IntrospectionLimits,
    permits: Arc<Semaphore>,
    breaker: Breaker,
    rejected: Rejected,
    /// Tokens that were valid a moment ago: the server does not keep those whose client left.
    accepted: TokenCache,
    flights: Flights,
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
        Self(Arc::new(Inner {
            endpoint,
            fetcher,
            credentials,
            rules,
            permits: Arc::new(Semaphore::new(permits)),
            breaker: Breaker::new(limits.max_failures, limits.failure_pause),
            rejected: Rejected::new(limits.rejected_ttl, limits.max_rejected_tokens),
            accepted: TokenCache::default(),
            flights: Flights::default(),
            limits,
        }))
    }
}

impl Inner {
    /// What was found out about a token a moment ago.
    fn remembered(&self, key: &Key) -> Option<Decision> {
        if let Some(reason) = self.rejected.get(key) {
            return Some(Err(VerifyError::Invalid(reason)));
        }
        self.accepted.get(key).map(Ok)
    }

    /// Waits until a request may be sent.
    async fn permit(&self) -> Result<OwnedSemaphorePermit, VerifyError> {
        let (limit, most) = (self.limits.queue_timeout, self.limits.max_concurrent_requests);
        let permit = Arc::clone(&self.permits).acquire_owned();
        let permit = timeout(limit, permit).await.map_err(|_| {
            let reason = format!(
                "{most} other tokens are being introspected \
                 (`IntrospectionLimits::max_concurrent_requests`)"
            );
            VerifyError::undecided(reason, limit)
        })?;
        permit.map_err(|_| VerifyError::undecided("the verifier is closed", limit))
    }

    /// Asks about a token, and remembers what was found out.
    async fn decide(&self, token: &str, resource: &str, key: Key) -> Decision {
        let answer = self.ask(token).await?;
        match self.rules.check(answer, resource, crate::clock::wall()) {
            Ok(verified) => {
                let verified = verified.cached_for(self.limits.max_cache_ttl);
                self.accepted.insert(key, &verified);
                Ok(verified)
            }
            Err(reason) => {
                self.rejected.insert(key, &reason);
                Err(VerifyError::Invalid(reason.into_owned()))
            }
        }
    }

    /// What the authorization server says about a token.
    ///
    /// # Errors
    /// [`VerifyError::Undecided`].
    async fn ask(&self, token: &str) -> Result<Answer, VerifyError> {
        let attempt = self.breaker.begin().map_err(|rest| {
            VerifyError::undecided("the introspection endpoint failed a moment ago", rest)
        })?;
        match self.request(token).await {
            Ok(answer) => {
                attempt.succeed();
                Ok(answer)
            }
            Err(failure) => {
                let retry_after = match failure.blames {
                    Blames::Endpoint(asked) => {
                        attempt.fail(asked.map(|asked| asked.min(self.limits.max_retry_delay)))
                    }
                    Blames::Token => {
                        attempt.refused();
                        self.limits.failure_pause
                    }
                };
                let reason = failure.reason;
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
    blames: Blames,
}

/// What a failure is probably due to.
enum Blames {
    /// The endpoint, which may ask for a pause.
    Endpoint(Option<Duration>),
    /// Something in this token that the endpoint cannot process.
    Token,
}

impl Failure {
    fn new(reason: String) -> Self {
        Self { reason, blames: Blames::Endpoint(None) }
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
        let blames = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Blames::Endpoint(None),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Blames::Endpoint(retry_after(&response.headers))
            }
            status if status.is_client_error() => Blames::Token,
            _ => Blames::Endpoint(None),
        };
        Self { reason, blames }
    }
}

#[async_trait]
impl TokenVerifier for IntrospectionVerifier {
    async fn verify(&self, token: &str, resource: &str) -> Result<VerifiedToken, VerifyError> {
        let (found, max) = (token.len(), self.0.limits.max_token_bytes);
        if found > max {
            return Err(VerifyError::Invalid(format!(
                "it has {found} bytes, more than {max} (`IntrospectionLimits::max_token_bytes`)"
            )));
        }
        let key = rejected::key(token, resource);
        let inner = &self.0;
        if let Some(decision) = inner.remembered(&key) {
            return decision;
        }
        if let Some(flight) = inner.flights.get(&key) {
            return flight.decision().await;
        }
        let permit = inner.permit().await?;
        // Another request may have asked in the meantime.
        if let Some(decision) = inner.remembered(&key) {
            return decision;
        }
        let (flight, landing) = inner.flights.begin(key);
        if let Some(landing) = landing {
            let (inner, token) = (Arc::clone(inner), token.to_owned());
            let resource = resource.to_owned();
            // It goes on when the client disconnects. Otherwise a client that repeats that would
            // cause one request each time.
            tokio::spawn(async move {
                let decision = inner.decide(&token, &resource, key).await;
                drop(permit);
                landing.land(decision);
            });
        } else {
            drop(permit);
        }
        flight.decision().await
    }

    fn issuers(&self) -> Vec<String> {
        vec![self.0.rules.issuer.clone()]
    }

    fn accepts_issuer(&self, issuer: &str) -> bool {
        self.0.rules.issuer == issuer
    }
}

impl fmt::Debug for IntrospectionVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntrospectionVerifier")
            .field("issuer", &self.0.rules.issuer)
            .finish_non_exhaustive()
    }
}
