//! The bounds of authorization.

use std::time::Duration;

/// What an [`OAuth`](super::OAuth) authorizer reads, asks for, waits for and remembers: the field
/// `oauth` of [`Limits`](crate::Limits).
///
/// ```
/// use std::time::Duration;
/// use mcp_client::{Client, Limits};
///
/// let mut limits = Limits::default();
/// limits.oauth.request_timeout = Duration::from_secs(30);
/// let builder = Client::builder().limits(limits);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OAuthLimits {
    /// Maximum length of a document or response of an authorization server, in bytes. 256 KiB.
    pub max_document_bytes: usize,
    /// Time that one request to an authorization server may take, with its redirects and the body
    /// of its response. 10 s.
    pub request_timeout: Duration,
    /// Maximum number of redirects of one document; all must stay on its origin. 3.
    pub max_redirects: u32,
    /// Maximum length of a URL of a server that is used, in bytes. 4 KiB.
    pub max_url_bytes: usize,
    /// Maximum length of a URL that is opened in a browser, in bytes. 16 KiB.
    pub max_authorization_url_bytes: usize,
    /// Maximum number of authorization servers of one MCP server that are considered. 16.
    pub max_authorization_servers: usize,
    /// Maximum number of scopes of one request; of a longer list the first ones are requested. 128.
    pub max_scopes: usize,
    /// Maximum length of a scope, in bytes; longer ones are not requested. 256 bytes.
    pub max_scope_bytes: usize,
    /// Time that it may take to obtain a token, the user's part included. 1 hour.
    pub authorization_timeout: Duration,
    /// Maximum number of times that the user is asked to log in for one operation (a method and the
    /// tool, prompt or resource that it names) within
    /// [`authorization_period`](Self::authorization_period). 3.
    pub max_authorizations: u32,
    /// Time after which the authorizations for an operation are no longer counted. 10 minutes.
    pub authorization_period: Duration,
    /// Maximum number of operations whose authorizations are counted; the oldest is forgotten
    /// first. 256.
    pub max_counted_operations: usize,
    /// Time before its expiry at which a token is renewed; a quarter of its lifetime if that is
    /// shorter. 30 s.
    pub renew_before_expiry: Duration,
    /// Time after a failed renewal until the next one is tried, while the token is still valid. 30
    /// s.
    pub renewal_retry_interval: Duration,
    /// Time that one operation of the credential store may take. A keychain may ask the user, and
    /// another process may hold the lock. 90 s.
    pub store_timeout: Duration,
    /// Time that an [`AssertionSource`](super::AssertionSource) may take. 1 minute.
    pub assertion_timeout: Duration,
    /// Maximum number of connections to the listener that the browser is redirected to; the oldest
    /// is closed for a new one. 16.
    pub max_loopback_connections: usize,
    /// Time that a connection to that listener has to send its request. 2 s.
    pub loopback_request_timeout: Duration,
    /// Time that a connection to that listener may last. 10 s.
    pub loopback_connection_timeout: Duration,
}

impl OAuthLimits {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_document_bytes: 256 << 10,
            request_timeout: Duration::from_secs(10),
            max_redirects: 3,
            max_url_bytes: 4_096,
            max_authorization_url_bytes: 16 << 10,
            max_authorization_servers: 16,
            max_scopes: 128,
            max_scope_bytes: 256,
            authorization_timeout: Duration::from_secs(3_600),
            max_authorizations: 3,
            authorization_period: Duration::from_secs(600),
            max_counted_operations: 256,
            renew_before_expiry: Duration::from_secs(30),
            renewal_retry_interval: Duration::from_secs(30),
            store_timeout: Duration::from_secs(90),
            assertion_timeout: Duration::from_secs(60),
            max_loopback_connections: 16,
            loopback_request_timeout: Duration::from_secs(2),
            loopback_connection_timeout: Duration::from_secs(10),
        }
    }
}

impl Default for OAuthLimits {
    fn default() -> Self {
        Self::new()
    }
}
