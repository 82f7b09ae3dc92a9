//! The protected resource metadata of an MCP server, and the authorization server that it names.
//! Spec: RFC 9728 §3; 2025-03-26 basic/authorization, "Server Metadata Discovery".

use http::Uri;
use mcp_core::oauth::{AuthorizationServerMetadata, ProtectedResourceMetadata};
use mcp_core::text::PeerText;

use super::authorization_server::{named_server, server_metadata};
use super::discovered::Discovered;
use super::document::first_document;
use super::well_known::{resource_metadata_urls, root_document, shown};
use crate::http::{Endpoint, ShownUrl, origin};
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::fetch::Fetcher;

/// Looks for the authorization server of an MCP server.
pub(crate) struct Discovery<'a> {
    pub(crate) fetcher: &'a Fetcher,
    pub(crate) endpoint: &'a Endpoint,
    /// The resource identifier of the MCP server, where the application set one.
    pub(crate) resource: Option<&'a str>,
    /// `resource_metadata` of the challenge.
    pub(crate) resource_metadata: Option<&'a str>,
    /// Whether a server without protected resource metadata may be its own authorization server.
    pub(crate) allows_own_server: bool,
    /// Most authorization servers that are considered.
    pub(crate) max_authorization_servers: usize,
}

impl Discovery<'_> {
    /// Finds it; `select` chooses among several.
    pub(crate) async fn run(
        &self,
        select: impl FnOnce(&[String]) -> Option<String>,
    ) -> Result<Discovered, Error> {
        match self.protected_resource().await? {
            Some(found) => self.named_by(found, select).await,
            None => self.own_authorization_server().await,
        }
    }

    /// As [`Discovery::run`]; `None` where the server publishes nothing about authorization.
    pub(crate) async fn find(
        &self,
        select: impl FnOnce(&[String]) -> Option<String>,
    ) -> Result<Option<Discovered>, Error> {
        match self.protected_resource().await? {
            Some(found) => self.named_by(found, select).await.map(Some),
            None if self.allows_own_server => self.own_authorization_server().await.map(Some),
            None => Ok(None),
        }
    }

    async fn named_by(
        &self,
        found: ProtectedResourceMetadata,
        select: impl FnOnce(&[String]) -> Option<String>,
    ) -> Result<Discovered, Error> {
        let mut issuers = found.authorization_servers.unwrap_or_default();
        issuers.truncate(self.max_authorization_servers);
        let Some(issuer) = select(&issuers) else {
            let message = format!(
                "the protected resource metadata of {} names no authorization server",
                self.endpoint
            );
            return Err(Error::new(ErrorKind::InvalidMetadata, message));
        };
        let server = named_server(self.fetcher, &issuer).await?;
        Ok(Discovered {
            resource: found.resource,
            scopes_supported: found.scopes_supported,
            needs_bound_tokens: found.dpop_bound_access_tokens_required == Some(true),
            server,
            is_assumed: false,
        })
    }

    async fn protected_resource(&self) -> Result<Option<ProtectedResourceMetadata>, Error> {
        let mut urls = resource_metadata_urls(self.endpoint);
        if let Some(named) = self.resource_metadata {
            urls.retain(|url| url != named);
            urls.insert(0, named.to_owned());
        }
        first_document(self.fetcher, &urls, |found, url| self.check_resource(found, url)).await
    }

    /// A server may describe itself alone: otherwise it could have tokens issued that are valid at
    /// another one (RFC 9728 §3.3).
    fn check_resource(&self, found: &ProtectedResourceMetadata, url: &str) -> Result<(), Error> {
        let is_right = match self.resource {
            Some(resource) => found.resource == resource,
            None => {
                is_url_of(&found.resource, self.endpoint)
                    || (url == root_document(self.endpoint)
                        && is_origin_of(&found.resource, self.endpoint))
            }
        };
        if is_right {
            return Ok(());
        }
        let message = format!(
            "{} is about the resource {:?} instead of {} (RFC 9728 §3.3); connect to that URL, or, \
             if you trust the server, set `OAuthBuilder::resource`",
            ShownUrl(url),
            PeerText::new(&found.resource).to_string(),
            self.resource.map_or_else(|| self.endpoint.to_string(), str::to_owned)
        );
        Err(Error::new(ErrorKind::InvalidMetadata, message))
    }

    /// In 2025-03-26 an MCP server was its own authorization server.
    async fn own_authorization_server(&self) -> Result<Discovered, Error> {
        if !self.allows_own_server || self.resource_metadata.is_some() {
            let message = format!(
                "{} wants a token but has no protected resource metadata at {}; if it is a server \
                 of 2025-03-26, allow `OAuthBuilder::fallback_2025_03_26`",
                self.endpoint,
                shown(&resource_metadata_urls(self.endpoint))
            );
            return Err(Error::new(ErrorKind::InvalidMetadata, message));
        }
        let origin = origin(self.endpoint.as_str());
        let found = server_metadata(self.fetcher, origin).await?;
        let is_assumed = found.is_none();
        let server = found.unwrap_or_else(|| {
            AuthorizationServerMetadata::new(origin)
                .authorization_endpoint(format!("{origin}/authorize"))
                .token_endpoint(format!("{origin}/token"))
                .registration_endpoint(format!("{origin}/register"))
                // PKCE was required then too.
                .code_challenge_methods_supported(vec!["S256".to_owned()])
        });
        Ok(Discovered {
            resource: self.resource.unwrap_or(self.endpoint.as_str()).to_owned(),
            scopes_supported: None,
            needs_bound_tokens: false,
            server,
            is_assumed,
        })
    }
}

/// Whether a resource identifier is the URL of a server. Only the parts of a URL that have no case
/// are compared without it, and no path is the same as `/`.
fn is_url_of(resource: &str, endpoint: &Endpoint) -> bool {
    resource == endpoint.as_str()
        || on_origin(resource, endpoint)
            .is_some_and(|uri| uri.path_and_query() == endpoint.uri().path_and_query())
}

/// Whether a resource identifier is the origin of a server.
fn is_origin_of(resource: &str, endpoint: &Endpoint) -> bool {
    on_origin(resource, endpoint).is_some_and(|uri| uri.path() == "/" && uri.query().is_none())
}

fn on_origin(resource: &str, endpoint: &Endpoint) -> Option<Uri> {
    let uri: Uri = resource.parse().ok()?;
    (!resource.contains(['#', '@']) && endpoint.is_same_origin(&uri)).then_some(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_exactly_the_server() {
        let endpoint = Endpoint::parse("https://mcp.example/a/mcp").unwrap();
        for good in [
            "https://mcp.example/a/mcp",
            "https://mcp.example:443/a/mcp",
            "HTTPS://MCP.Example/a/mcp",
        ] {
            assert!(is_url_of(good, &endpoint), "{good}");
            assert!(!is_origin_of(good, &endpoint), "{good}");
        }
        for origin in ["https://mcp.example", "https://mcp.example/", "https://MCP.example:443"] {
            assert!(is_origin_of(origin, &endpoint), "{origin}");
            assert!(!is_url_of(origin, &endpoint), "{origin}");
        }
        for bad in [
            "https://evil.example/a/mcp",
            "https://mcp.example.evil/a/mcp",
            "https://mcp.example/a",
            "https://mcp.example/a/",
            "https://mcp.example/a/m",
            "https://mcp.example/a/mcp/",
            "https://mcp.example/a/mcp/x",
            "https://mcp.example/A/mcp",
            "https://mcp.example/b",
            "https://mcp.example/a/mcp?x",
            "https://mcp.example/?x",
            "https://mcp.example/a/mcp#",
            "https://mcp.example#",
            "https://mcp.example@evil.example/a/mcp",
            "https://x@mcp.example/a/mcp",
            "https://mcp.example:8443/a/mcp",
            "http://mcp.example/a/mcp",
            "https://mcp.example/a/../a/mcp",
            "https://mcp.example/%61/mcp",
            "/a/mcp",
            "mcp.example",
            "",
        ] {
            assert!(!is_url_of(bad, &endpoint) && !is_origin_of(bad, &endpoint), "{bad}");
        }
        let endpoint = Endpoint::parse("https://mcp.example/mcp?t=1").unwrap();
        assert!(is_url_of("https://mcp.example/mcp?t=1", &endpoint));
        assert!(!is_url_of("https://mcp.example/mcp", &endpoint));
        assert!(!is_url_of("https://mcp.example/mcp?t=2", &endpoint));
        let endpoint = Endpoint::parse("https://mcp.example").unwrap();
        assert!(is_url_of("https://mcp.example/", &endpoint));
    }
}
