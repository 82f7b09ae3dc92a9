//! The metadata of an authorization server. Spec: RFC 8414 §3, OpenID Connect Discovery 1.0 §4.

use mcp_core::oauth::AuthorizationServerMetadata;
use mcp_core::text::PeerText;

use super::document::first_document;
use super::well_known::{server_metadata_urls, shown};
use crate::http::ShownUrl;
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::fetch::Fetcher;

/// The metadata of the authorization server with an issuer.
pub(crate) async fn named_server(
    fetcher: &Fetcher,
    issuer: &str,
) -> Result<AuthorizationServerMetadata, Error> {
    server_metadata(fetcher, issuer).await?.ok_or_else(|| {
        let urls = server_metadata_urls(issuer).map(|urls| shown(&urls)).unwrap_or_default();
        let message = format!("{} has no metadata at {urls}", ShownUrl(issuer));
        Error::new(ErrorKind::InvalidMetadata, message)
    })
}

/// As [`named_server`]; `None` where there is no metadata.
pub(crate) async fn server_metadata(
    fetcher: &Fetcher,
    issuer: &str,
) -> Result<Option<AuthorizationServerMetadata>, Error> {
    let urls = server_metadata_urls(issuer)?;
    first_document(fetcher, &urls, |found: &AuthorizationServerMetadata, url| {
        if found.issuer == issuer {
            return Ok(());
        }
        let message = format!(
            "the metadata at {} has the issuer {:?} instead of {:?} (RFC 8414 §3.3); the two must \
             be equal to the last slash",
            ShownUrl(url),
            PeerText::new(&found.issuer).to_string(),
            PeerText::new(issuer).to_string()
        );
        Err(Error::new(ErrorKind::InvalidMetadata, message))
    })
    .await
}
