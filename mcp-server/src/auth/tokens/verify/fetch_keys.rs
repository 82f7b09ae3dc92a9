//! Fetches the keys of an authorization server. Spec: RFC 8414 §3, OpenID Connect Discovery 1.0 §4,
//! RFC 7517 §5.

use std::sync::Arc;

use mcp_core::jose::JwkSet;
use mcp_core::json::has_reserved_name;
use mcp_core::oauth::{AuthorizationServerMetadata, server_metadata_urls};
use mcp_core::sync::Mutex;
use mcp_core::text::PeerText;
use tokio::time::Instant;

use super::fetch_document::FetchDocument;
use super::limits::JwtLimits;

/// Where the keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum KeyLocation {
    /// At a URL.
    Url(String),
    /// Where the metadata of the issuer says.
    Metadata { issuer: String },
}

/// Fetches keys.
pub(super) struct KeyFetcher {
    location: KeyLocation,
    documents: Arc<dyn FetchDocument>,
    /// The URL that the metadata named, and since when it is known.
    named: Mutex<Option<(String, Instant)>>,
}

impl KeyFetcher {
    pub(super) fn new(location: KeyLocation, documents: Arc<dyn FetchDocument>) -> Self {
        Self { location, documents, named: Mutex::new(None) }
    }

    /// Fetches the keys. The error is for the log.
    pub(super) async fn fetch(&self, limits: &JwtLimits) -> Result<JwkSet, String> {
        let url = match &self.location {
            KeyLocation::Url(url) => url.clone(),
            KeyLocation::Metadata { issuer } => {
                let named = self.named.lock().clone();
                match named {
                    Some((url, since)) if since.elapsed() < limits.max_metadata_age => url,
                    _ => self.read_metadata(issuer).await?,
                }
            }
        };
        let keys = self.fetch_set(&url).await;
        if keys.is_err() {
            *self.named.lock() = None; // They may have moved.
        }
        keys
    }

    async fn fetch_set(&self, url: &str) -> Result<JwkSet, String> {
        let document = self.documents.fetch(url).await.map_err(|error| error.to_string())?;
        let document = document.ok_or_else(|| format!("there are no keys at {url}"))?;
        let set =
            JwkSet::parse(&document).map_err(|error| format!("the keys at {url}: {error}"))?;
        for skipped in set.skipped() {
            tracing::debug!(url, reason = %skipped, "a key of an authorization server is not used");
        }
        Ok(set)
    }

    async fn read_metadata(&self, issuer: &str) -> Result<String, String> {
        let urls = server_metadata_urls(issuer).ok_or_else(|| {
            format!("the issuer {issuer} is not a URL without query and fragment")
        })?;
        let mut failure = None;
        for url in urls {
            let document = match self.documents.fetch(&url).await {
                Ok(Some(document)) => document,
                Ok(None) => continue,
                Err(error) => {
                    failure.get_or_insert_with(|| error.to_string());
                    continue;
                }
            };
            let keys =
                keys_url(issuer, &document).map_err(|e| format!("the metadata at {url} {e}"))?;
            *self.named.lock() = Some((keys.clone(), Instant::now()));
            return Ok(keys);
        }
        Err(failure.unwrap_or_else(|| format!("the issuer {issuer} has no metadata")))
    }
}

/// Returns the URL of the keys that the metadata of an issuer names.
fn keys_url(issuer: &str, metadata: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(metadata).map_err(|_| "is not UTF-8".to_owned())?;
    if has_reserved_name(text) {
        return Err("has a member whose name is reserved".to_owned());
    }
    let metadata: AuthorizationServerMetadata =
        serde_json::from_str(text).map_err(|error| format!("cannot be read: {error}"))?;
    if metadata.issuer != issuer {
        let found = PeerText::new(&metadata.issuer).to_string();
        return Err(format!("has the issuer {found:?} instead of {issuer:?} (RFC 8414 §3.3)"));
    }
    let keys = metadata.jwks_uri.ok_or_else(|| "names no jwks_uri".to_owned())?;
    if !keys.starts_with("https://") && !issuer.starts_with("http://") {
        let keys = PeerText::new(&keys).to_string();
        return Err(format!("has the jwks_uri {keys:?}, which is not an https URL"));
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metadata_of_another_issuer_or_without_tls_is_refused() {
        let url = |issuer: &str, metadata: &str| keys_url(issuer, metadata.as_bytes());
        let issuer = "https://a.example";
        let good = r#"{"issuer":"https://a.example","jwks_uri":"https://b.example/keys"}"#;
        assert_eq!(url(issuer, good).unwrap(), "https://b.example/keys");
        let local = r#"{"issuer":"http://127.0.0.1:1","jwks_uri":"http://127.0.0.1:1/keys"}"#;
        assert_eq!(url("http://127.0.0.1:1", local).unwrap(), "http://127.0.0.1:1/keys");
        for (metadata, reason) in [
            (r#"{"issuer":"https://a.example/","jwks_uri":"https://a.example/k"}"#, "RFC 8414"),
            (r#"{"issuer":"https://a.example","jwks_uri":"http://a.example/k"}"#, "not an https"),
            (r#"{"issuer":"https://a.example","jwks_uri":"file:///etc/passwd"}"#, "not an https"),
            (r#"{"issuer":"https://a.example"}"#, "names no jwks_uri"),
            (r#"{"jwks_uri":"https://a.example/k"}"#, "cannot be read"),
            ("[", "cannot be read"),
        ] {
            let error = url(issuer, metadata).unwrap_err();
            assert!(error.contains(reason), "{metadata}: {error}");
        }
    }
}
