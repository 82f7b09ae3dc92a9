//! Statements of other parties about a client or its user: the token of a platform, the ID token of
//! a log-in.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;
use mcp_core::fetch::Secret;
use tokio::time::timeout;

use crate::http::BoxError;
use crate::oauth::error::{Error, ErrorKind};

/// Provides a statement each time that one is needed, since statements expire soon.
///
/// A [`Secret`] is a source that always provides the same one; so is a function that fetches one:
///
/// ```
/// use mcp_client::http::BoxError;
/// use mcp_client::oauth::{AssertionRequest, AssertionSource, Secret};
///
/// fn is_source(_: impl AssertionSource) {}
///
/// is_source(|_: AssertionRequest| async {
///     let path = "/var/run/secrets/tokens/mcp";
///     Ok::<_, BoxError>(Secret::from(std::fs::read_to_string(path)?.trim().to_owned()))
/// });
/// ```
#[async_trait]
pub trait AssertionSource: Send + Sync + 'static {
    /// A statement for a server. Limited by `OAuthLimits::assertion_timeout`.
    ///
    /// # Errors
    /// Why there is none. The authorization fails with it.
    async fn assertion(&self, request: AssertionRequest) -> Result<Secret, BoxError>;
}

/// The server that a statement is for.
///
/// ```
/// use mcp_client::http::BoxError;
/// use mcp_client::oauth::{AssertionRequest, Secret};
///
/// # async fn platform_token(_: &str) -> Result<Secret, BoxError> { Ok(Secret::new("")) }
/// /// A platform makes tokens for the audience that it is asked for.
/// async fn assertion(request: AssertionRequest) -> Result<Secret, BoxError> {
///     platform_token(&request.token_endpoint).await
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AssertionRequest {
    /// The issuer of the server.
    pub issuer: String,
    /// The server's token endpoint: the audience that platforms are asked for.
    pub token_endpoint: String,
    /// The MCP server that a token is needed for.
    pub resource: String,
}

#[async_trait]
impl AssertionSource for Secret {
    async fn assertion(&self, _: AssertionRequest) -> Result<Secret, BoxError> {
        Ok(self.clone())
    }
}

#[async_trait]
impl<F, Fut> AssertionSource for F
where
    F: Fn(AssertionRequest) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Secret, BoxError>> + Send + 'static,
{
    async fn assertion(&self, request: AssertionRequest) -> Result<Secret, BoxError> {
        self(request).await
    }
}

/// Asks a source, which is code of the application: it may panic, and may never answer.
pub(crate) async fn obtain_assertion(
    source: &dyn AssertionSource,
    what: &str,
    request: AssertionRequest,
    limit: Duration,
) -> Result<Secret, Error> {
    let failed = |kind, why: &str| Error::new(kind, format!("the source of the {what} {why}"));
    let assertion = AssertUnwindSafe(async { source.assertion(request).await }).catch_unwind();
    match timeout(limit, assertion).await {
        Ok(Ok(Ok(assertion))) => Ok(assertion),
        Ok(Ok(Err(error))) => Err(failed(ErrorKind::Denied, "failed").with_source(error)),
        Ok(Err(_)) => Err(failed(ErrorKind::Configuration, "panicked")),
        Err(_) => {
            let why = format!("took longer than {limit:?} (`OAuthLimits::assertion_timeout`)");
            Err(failed(ErrorKind::TimedOut, &why))
        }
    }
}
