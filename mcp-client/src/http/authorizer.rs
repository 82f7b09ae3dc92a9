//! What puts credentials on requests, and what happens when the server refuses them.
//! Spec: basic/authorization.

use std::fmt;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue};
use http::uri::Scheme;
use http::{HeaderMap, Request, StatusCode};
use mcp_core::service::BoxFuture;

use super::endpoint::Endpoint;

/// Any error.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Puts credentials on every request to one MCP server, and gets other ones when they are refused.
///
/// `oauth::OAuth` (feature `oauth`) authorizes the way the specification says; [`BearerToken`] has one token for
/// good.
pub trait Authorizer: Send + Sync + 'static {
    /// Called once, before the first request to a server. An authorizer whose credentials are for another server
    /// must refuse: a token never goes to a server that it was not made for.
    ///
    /// # Errors
    /// Why it does not serve this server; the connection is not begun.
    fn bind(&self, endpoint: &Endpoint) -> Result<(), BoxError>;

    /// Puts credentials on a request, whose method, URI, header fields and body are final. Called anew each time
    /// that a request is sent.
    ///
    /// # Errors
    /// Why there are none; the request is not sent.
    fn authorize<'a>(
        &'a self,
        request: &'a mut Request<Bytes>,
    ) -> BoxFuture<'a, Result<(), BoxError>>;

    /// The server refused a request with 401 or 403. May take as long as the user takes to log in.
    ///
    /// # Errors
    /// Why there are no other credentials; the call fails with it.
    fn refused<'a>(&'a self, refusal: &'a Refusal) -> BoxFuture<'a, Result<Verdict, BoxError>>;

    /// Sees the head of every answer, such as for a `DPoP-Nonce`.
    fn answered(&self, status: StatusCode, headers: &HeaderMap) {
        let _ = (status, headers);
    }
}

/// What to do with a refused request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Send it again, with other credentials.
    Retry,
    /// The refusal is the answer.
    GiveUp,
}

/// A request that the server refused.
#[non_exhaustive]
pub struct Refusal {
    /// 401 or 403.
    pub status: StatusCode,
    /// The header fields of the answer.
    pub headers: HeaderMap,
    /// The credentials that were refused, as they were sent.
    pub authorization: Option<HeaderValue>,
    /// The method of the refused message, such as `tools/call`; nothing for a stream that was to be opened.
    pub method: Option<String>,
    /// What the method was about: the name of the tool or prompt, the URI of the resource.
    pub name: Option<String>,
    /// How often this message was refused before. 0 for the first time.
    pub attempt: u32,
}

impl Refusal {
    /// A refusal by its status and header fields.
    #[must_use]
    pub fn new(status: StatusCode, headers: HeaderMap) -> Self {
        Self { status, headers, authorization: None, method: None, name: None, attempt: 0 }
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The credentials stay out.
        f.debug_struct("Refusal")
            .field("status", &self.status)
            .field("method", &self.method)
            .field("name", &self.name)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// One token, for good: for servers whose tokens come from elsewhere, such as an environment variable.
///
/// It goes to the server over TLS alone, or within this machine.
#[derive(Clone)]
pub struct BearerToken {
    value: HeaderValue,
    over_plain_http: bool,
}

impl BearerToken {
    /// A token. `None` when it holds characters that a header field cannot.
    #[must_use]
    pub fn new(token: &str) -> Option<Self> {
        let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
        value.set_sensitive(true);
        Some(Self { value, over_plain_http: false })
    }

    /// Lets the token be read by whoever is on the way to a server without TLS, such as one behind the same proxy.
    #[must_use]
    pub fn over_plain_http(mut self) -> Self {
        self.over_plain_http = true;
        self
    }
}

impl Authorizer for BearerToken {
    fn bind(&self, endpoint: &Endpoint) -> Result<(), BoxError> {
        let is_safe = endpoint.uri().scheme() == Some(&Scheme::HTTPS) || endpoint.is_loopback();
        if is_safe || self.over_plain_http {
            return Ok(());
        }
        let message = "the token would cross the network in plain text: use an https URL, or allow it with \
                       `BearerToken::over_plain_http`";
        Err(message.into())
    }

    fn authorize<'a>(
        &'a self,
        request: &'a mut Request<Bytes>,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        request.headers_mut().insert(AUTHORIZATION, self.value.clone());
        Box::pin(std::future::ready(Ok(())))
    }

    fn refused<'a>(&'a self, _: &'a Refusal) -> BoxFuture<'a, Result<Verdict, BoxError>> {
        Box::pin(std::future::ready(Ok(Verdict::GiveUp)))
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(***)")
    }
}
