//! The limits of introspection.

use std::time::Duration;

use mcp_core::fetch::FetchLimits;

/// How often, for how long and about how much an authorization server is asked by an
/// [`IntrospectionVerifier`](super::IntrospectionVerifier).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IntrospectionLimits {
    /// Maximum length of a token, in bytes. A longer one is refused without a request, because
    /// endpoints answer it with an error. 4 KiB.
    pub max_token_bytes: usize,
    /// Maximum number of requests at a time. 32.
    pub max_concurrent_requests: usize,
    /// Time that a token may wait for its request to begin. 2 s.
    pub queue_timeout: Duration,
    /// Time that one request may take, with the body of its response. 5 s.
    pub request_timeout: Duration,
    /// Maximum length of a response, in bytes. 64 KiB.
    pub max_response_bytes: usize,
    /// Maximum time for which a valid token is accepted without another request; at most until it
    /// expires. A token that is revoked is valid for so long. 1 minute.
    pub max_cache_ttl: Duration,
    /// Time for which a token that is not valid is refused without another request. 5 s.
    pub rejected_ttl: Duration,
    /// Maximum number of tokens that are not valid and are remembered; the oldest are forgotten
    /// first. 10,000.
    pub max_rejected_tokens: usize,
    /// Maximum number of failed requests in a row; then none is sent for
    /// [`failure_pause`](Self::failure_pause). 5.
    pub max_failures: u32,
    /// Time for which an endpoint that fails is left alone. Then one request finds out whether it
    /// works again. 10 s.
    pub failure_pause: Duration,
    /// Maximum pause that an endpoint may ask for with `Retry-After`. Before
    /// [`max_failures`](Self::max_failures) are reached, it gets at most
    /// [`failure_pause`](Self::failure_pause). 1 minute.
    pub max_retry_delay: Duration,
}

impl IntrospectionLimits {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_token_bytes: 4 << 10,
            max_concurrent_requests: 32,
            queue_timeout: Duration::from_secs(2),
            request_timeout: Duration::from_secs(5),
            max_response_bytes: 64 << 10,
            max_cache_ttl: Duration::from_secs(60),
            rejected_ttl: Duration::from_secs(5),
            max_rejected_tokens: 10_000,
            max_failures: 5,
            failure_pause: Duration::from_secs(10),
            max_retry_delay: Duration::from_secs(60),
        }
    }

    pub(super) fn of_requests(&self) -> FetchLimits {
        let mut limits = FetchLimits::new();
        limits.request_timeout = self.request_timeout;
        limits.max_document_bytes = self.max_response_bytes;
        limits
    }
}

impl Default for IntrospectionLimits {
    fn default() -> Self {
        Self::new()
    }
}
