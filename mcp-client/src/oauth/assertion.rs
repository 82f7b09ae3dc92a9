//! Statements of others about who a client or its user is: the token of a platform, the id token of a log-in.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use mcp_core::service::BoxFuture;
use tokio::time::timeout;

use super::error::{Error, ErrorKind};
use super::secret::Secret;
use crate::http::BoxError;

/// How long a source may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Gives a statement each time that one is needed, since they do not live long.
///
/// A [`Secret`] is a source that gives the same one always; so is a function that fetches one:
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
pub trait AssertionSource: Send + Sync + 'static {
    /// A statement for a server.
    ///
    /// # Errors
    /// Why there is none. The authorization fails with it.
    fn assertion(&self, request: AssertionRequest) -> BoxFuture<'_, Result<Secret, BoxError>>;
}

/// Who wants a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AssertionRequest {
    /// The issuer of the server that it is for.
    pub issuer: String,
    /// That server's token endpoint: the audience that platforms are asked for.
    pub token_endpoint: String,
    /// The MCP server that a token is wanted for.
    pub resource: String,
}

impl AssertionSource for Secret {
    fn assertion(&self, _: AssertionRequest) -> BoxFuture<'_, Result<Secret, BoxError>> {
        Box::pin(std::future::ready(Ok(self.clone())))
    }
}

impl<F, Fut> AssertionSource for F
where
    F: Fn(AssertionRequest) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Secret, BoxError>> + Send + 'static,
{
    fn assertion(&self, request: AssertionRequest) -> BoxFuture<'_, Result<Secret, BoxError>> {
        Box::pin(self(request))
    }
}

/// Asks a source, which is code of the host: it may panic, and may never answer.
pub(crate) async fn ask(
    source: &dyn AssertionSource,
    what: &str,
    request: AssertionRequest,
) -> Result<Secret, Error> {
    let failed =
        |kind, why: fmt::Arguments<'_>| Error::new(kind, format!("the source of the {what} {why}"));
    let asked = AssertUnwindSafe(async { source.assertion(request).await }).catch_unwind();
    match timeout(TIMEOUT, asked).await {
        Ok(Ok(Ok(assertion))) => Ok(assertion),
        Ok(Ok(Err(error))) => {
            Err(failed(ErrorKind::Denied, format_args!("gave none")).because(error))
        }
        Ok(Err(_)) => Err(failed(ErrorKind::Configuration, format_args!("panicked"))),
        Err(_) => Err(failed(
            ErrorKind::TimedOut,
            format_args!("gave none within {} s", TIMEOUT.as_secs()),
        )),
    }
}
