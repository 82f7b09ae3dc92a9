//! How documents of authorization servers are fetched.

use async_trait::async_trait;
use bytes::Bytes;
use mcp_core::fetch::Fetcher;
use mcp_core::http_client::BoxError;

/// Fetches the documents of authorization servers: their metadata and their keys.
///
/// The default goes over the network, through a guard against private addresses. Another one may
/// use a proxy, or read files. Which URLs it is asked for is decided by the configuration of the
/// verifier, and by the metadata of a trusted issuer; tokens never decide it.
#[async_trait]
pub trait FetchDocument: Send + Sync + 'static {
    /// Fetches a document. `None` if there is none at this URL.
    ///
    /// Cancel safety: the future is dropped after
    /// [`JwtLimits::refresh_timeout`](super::JwtLimits::refresh_timeout).
    ///
    /// # Errors
    /// If it could not be found out whether there is one. It is fetched again later.
    async fn fetch(&self, url: &str) -> Result<Option<Bytes>, BoxError>;
}

#[async_trait]
impl FetchDocument for Fetcher {
    async fn fetch(&self, url: &str) -> Result<Option<Bytes>, BoxError> {
        let answer = self.get(url).await?;
        if answer.is_transient_failure() {
            return Err(format!("{url} answered {}", answer.status).into());
        }
        // Some sites answer every URL with a page for people.
        let media_type = answer.headers.get(http::header::CONTENT_TYPE);
        let is_page = media_type.is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
        Ok((answer.status.is_success() && !is_page).then_some(answer.body))
    }
}
