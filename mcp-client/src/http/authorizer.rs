//! What puts credentials on requests, and what happens when the server refuses them.
//! Spec: basic/authorization.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::HeaderValue;
use http::{HeaderMap, Request, StatusCode};
use mcp_core::http_client::BoxError;

use super::binding::Binding;

/// Puts credentials on every request to one MCP server, and gets other ones when they are refused.
///
/// `oauth::OAuth` (feature `oauth`) authorizes the way the specification says; [`BearerToken`](super::BearerToken)
/// always sends the same token.
///
/// ```
/// use mcp_client::http::{
///     Authorizer, Binding, BoxError, Bytes, Refusal, Request, Verdict, async_trait,
/// };
///
/// /// Signs each request with a key of the host.
/// struct Signed;
///
/// #[async_trait]
/// impl Authorizer for Signed {
///     fn bind(&self, binding: &Binding) -> Result<(), BoxError> {
///         if binding.endpoint().as_str() == "https://mcp.example.com/mcp" {
///             return Ok(());
///         }
///         Err("the key is for another server".into())
///     }
///
///     async fn authorize(&self, request: &mut Request<Bytes>) -> Result<(), BoxError> {
///         request.headers_mut().insert("x-signature", "…".parse()?);
///         Ok(())
///     }
///
///     async fn refused(&self, _: &Refusal) -> Result<Verdict, BoxError> {
///         Ok(Verdict::GiveUp)
///     }
/// }
/// ```
#[async_trait]
pub trait Authorizer: Send + Sync + 'static {
    /// Called once for each connection, before its first request. An authorizer whose credentials
    /// are for another server must refuse: a token never goes to a server that it was not made for.
    ///
    /// # Errors
    /// Why it does not serve this server; the connection is not opened.
    fn bind(&self, binding: &Binding) -> Result<(), BoxError>;

    /// Puts credentials on a request, whose method, URI, header fields and body are final. Called
    /// each time that a request is sent.
    ///
    /// # Errors
    /// Why there are none; the request is not sent.
    async fn authorize(&self, request: &mut Request<Bytes>) -> Result<(), BoxError>;

    /// The server refused a request with 401 or 403. May take as long as the user takes to log in.
    ///
    /// # Errors
    /// Why there are no other credentials; the call fails with it.
    async fn refused(&self, refusal: &Refusal) -> Result<Verdict, BoxError>;

    /// Sees the head of every response, such as for a `DPoP-Nonce`.
    fn answered(&self, status: StatusCode, headers: &HeaderMap) {
        let _ = (status, headers);
    }
}

/// What to do with a refused request.
///
/// ```
/// use mcp_client::http::{Refusal, Verdict};
///
/// /// In `Authorizer::refused`, with a token that was renewed.
/// fn verdict(refusal: &Refusal) -> Verdict {
///     if refusal.attempt == 0 { Verdict::Retry } else { Verdict::GiveUp }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Send it again, with other credentials.
    Retry,
    /// The refusal is the answer.
    GiveUp,
}

/// A request that the server refused.
///
/// ```
/// use mcp_client::http::{HeaderMap, Refusal, StatusCode};
///
/// // In the test of an authorizer.
/// let mut headers = HeaderMap::new();
/// headers.insert("www-authenticate", "Bearer error=\"invalid_token\"".parse().expect("a value"));
/// let refusal = Refusal::new(StatusCode::UNAUTHORIZED, headers);
/// assert_eq!(refusal.attempt, 0);
/// ```
#[non_exhaustive]
pub struct Refusal {
    /// 401 or 403.
    pub status: StatusCode,
    /// The header fields of the response.
    pub headers: HeaderMap,
    /// The credentials that were refused, as they were sent.
    pub authorization: Option<HeaderValue>,
    /// The method of the refused message, such as `tools/call`; `None` for a stream that was to be
    /// opened.
    pub method: Option<String>,
    /// What the message names: the tool or prompt, or the URI of the resource.
    pub name: Option<String>,
    /// How often this message was refused before. 0 for the first time.
    pub attempt: u32,
}

impl Refusal {
    /// A refusal by its status and header fields.
    ///
    /// ```
    /// use mcp_client::http::{HeaderMap, Refusal, StatusCode};
    ///
    /// let mut again = Refusal::new(StatusCode::FORBIDDEN, HeaderMap::new());
    /// again.attempt = 1; // In the test of an authorizer: does it give up?
    /// ```
    #[must_use]
    pub fn new(status: StatusCode, headers: HeaderMap) -> Self {
        Self { status, headers, authorization: None, method: None, name: None, attempt: 0 }
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the credentials.
        f.debug_struct("Refusal")
            .field("status", &self.status)
            .field("method", &self.method)
            .field("name", &self.name)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
