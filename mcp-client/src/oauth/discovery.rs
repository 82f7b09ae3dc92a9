//! Which authorization server belongs to an MCP server. Spec: basic/authorization, "Authorization Server Discovery";
//! RFC 9728 §3, RFC 8414 §3; 2025-03-26 basic/authorization, "Server Metadata Discovery".
//!
//! ```text
//! 401 ─▶ protected resource metadata ─▶ issuer ─▶ authorization server metadata
//!          1. URL of the challenge                  1. /.well-known/oauth-authorization-server<path>
//!          2. /.well-known/…<path>                  2. /.well-known/openid-configuration<path>
//!          3. /.well-known/…                        3. <path>/.well-known/openid-configuration
//!          none: a server of 2025-03-26 ─▶ its own origin is the issuer, with or without metadata
//! ```
//!
//! A document that does not belong to who was asked ends the discovery: nothing of it is used.

use http::header::CONTENT_TYPE;
use http::{StatusCode, Uri};
use mcp_core::oauth::{AuthorizationServerMetadata, ProtectedResourceMetadata};
use serde::de::DeserializeOwned;

use super::error::{Error, ErrorKind, printable};
use super::fetch::{Fetch, Fetched};
use super::token_endpoint::TokenEndpoint;
use crate::http::Endpoint;

const PROTECTED_RESOURCE: &str = "/.well-known/oauth-protected-resource";
const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

/// Most authorization servers of a resource that are looked at.
const MOST_ISSUERS: usize = 16;

/// An MCP server's authorization, as it was found.
#[derive(Debug, Clone)]
pub(crate) struct Discovered {
    /// What tokens are asked for (RFC 8707 `resource`), byte for byte as the server calls itself.
    pub(crate) resource: String,
    /// Scopes that are used with the MCP server.
    pub(crate) scopes_supported: Option<Vec<String>>,
    /// Whether the MCP server takes only tokens that are bound to a key.
    pub(crate) wants_bound_tokens: bool,
    /// Its authorization server.
    pub(crate) server: AuthorizationServerMetadata,
    /// Nobody says any of this: it is how servers of 2025-03-26 are.
    pub(crate) assumed: bool,
}

impl Discovered {
    /// The authorization server.
    pub(crate) fn issuer(&self) -> &str {
        &self.server.issuer
    }

    /// Its token endpoint.
    pub(crate) fn token_endpoint(&self) -> Result<TokenEndpoint<'_>, Error> {
        match &self.server.token_endpoint {
            Some(url) => Ok(TokenEndpoint { issuer: &self.server.issuer, url }),
            None => Err(self.lacks("token_endpoint")),
        }
    }

    /// The metadata lacks something that is needed.
    pub(crate) fn lacks(&self, member: &str) -> Error {
        Error::new(
            ErrorKind::InvalidMetadata,
            format!("the metadata of {} has no {member}", self.issuer()),
        )
    }
}

/// Looks for the authorization server of an MCP server.
pub(crate) struct Discovery<'a> {
    pub(crate) fetch: &'a Fetch,
    pub(crate) endpoint: &'a Endpoint,
    /// `resource_metadata` of the challenge.
    pub(crate) resource_metadata: Option<&'a str>,
    /// Whether a server without protected resource metadata is taken for one of 2025-03-26.
    pub(crate) fallback: bool,
}

impl Discovery<'_> {
    /// Finds it; `select` chooses among several.
    pub(crate) async fn run(
        &self,
        select: impl FnOnce(&[String]) -> Option<String>,
    ) -> Result<Discovered, Error> {
        let Some(resource) = self.protected_resource().await? else {
            return self.without_resource_metadata().await;
        };
        let mut issuers = resource.authorization_servers.unwrap_or_default();
        issuers.truncate(MOST_ISSUERS);
        let Some(issuer) = select(&issuers) else {
            return Err(Error::new(
                ErrorKind::InvalidMetadata,
                format!(
                    "the protected resource metadata of {} names no authorization server",
                    self.endpoint
                ),
            ));
        };
        let server = named_server(self.fetch, &issuer).await?;
        Ok(Discovered {
            resource: resource.resource,
            scopes_supported: resource.scopes_supported,
            wants_bound_tokens: resource.dpop_bound_access_tokens_required == Some(true),
            server,
            assumed: false,
        })
    }

    async fn protected_resource(&self) -> Result<Option<ProtectedResourceMetadata>, Error> {
        let mut urls = resource_metadata_urls(self.endpoint);
        if let Some(named) = self.resource_metadata {
            urls.retain(|url| url != named);
            urls.insert(0, named.to_owned());
        }
        let mut failure = None;
        for url in &urls {
            match document::<ProtectedResourceMetadata>(self.fetch, url).await {
                Ok(Some(found)) => return self.check_resource(found, url).map(Some),
                Ok(None) => {}
                Err(error) if error.kind() == ErrorKind::InvalidMetadata => return Err(error),
                // Another place may have it; if none has, this is the reason.
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match failure {
            Some(error) => Err(error),
            None => Ok(None),
        }
    }

    /// A server may speak for itself alone: else it could have tokens issued that are good at another one.
    fn check_resource(
        &self,
        found: ProtectedResourceMetadata,
        url: &str,
    ) -> Result<ProtectedResourceMetadata, Error> {
        if covers(&found.resource, self.endpoint) {
            return Ok(found);
        }
        let message = format!(
            "{} says that it is about {}, which is not {} (RFC 9728 §3.3)",
            printable(url),
            printable(&found.resource),
            self.endpoint
        );
        Err(Error::new(ErrorKind::InvalidMetadata, message))
    }

    /// Before 2025-06-18 an MCP server was its own authorization server.
    async fn without_resource_metadata(&self) -> Result<Discovered, Error> {
        if !self.fallback || self.resource_metadata.is_some() {
            let urls = resource_metadata_urls(self.endpoint).join(" or ");
            let message = format!(
                "{} wants a token but has no protected resource metadata at {urls}",
                self.endpoint
            );
            return Err(Error::new(ErrorKind::InvalidMetadata, message));
        }
        let origin = origin(self.endpoint.as_str());
        let urls = server_metadata_urls(origin)?;
        let found = authorization_server(self.fetch, origin, &urls).await?;
        let assumed = found.is_none();
        let server = found.unwrap_or_else(|| {
            AuthorizationServerMetadata::new(origin)
                .authorization_endpoint(format!("{origin}/authorize"))
                .token_endpoint(format!("{origin}/token"))
                .registration_endpoint(format!("{origin}/register"))
                // There is nobody to say so; PKCE was required then too.
                .code_challenge_methods_supported(vec!["S256".to_owned()])
        });
        Ok(Discovered {
            resource: self.endpoint.as_str().to_owned(),
            scopes_supported: None,
            wants_bound_tokens: false,
            server,
            assumed,
        })
    }
}

/// The metadata of an authorization server by its issuer.
pub(crate) async fn named_server(
    fetch: &Fetch,
    issuer: &str,
) -> Result<AuthorizationServerMetadata, Error> {
    let urls = server_metadata_urls(issuer)?;
    authorization_server(fetch, issuer, &urls).await?.ok_or_else(|| {
        let message = format!("{} has no metadata at {}", printable(issuer), urls.join(" or "));
        Error::new(ErrorKind::InvalidMetadata, message)
    })
}

async fn authorization_server(
    fetch: &Fetch,
    issuer: &str,
    urls: &[String],
) -> Result<Option<AuthorizationServerMetadata>, Error> {
    let mut failure = None;
    for url in urls {
        match document::<AuthorizationServerMetadata>(fetch, url).await {
            Ok(Some(found)) if found.issuer == issuer => return Ok(Some(found)),
            Ok(Some(found)) => {
                let message = format!(
                    "the metadata at {} is that of {:?}, not of {:?} (RFC 8414 §3.3): they must be the same \
                     text, to the last slash",
                    printable(url),
                    printable(&found.issuer),
                    printable(issuer)
                );
                return Err(Error::new(ErrorKind::InvalidMetadata, message));
            }
            Ok(None) => {}
            Err(error) if error.kind() == ErrorKind::InvalidMetadata => return Err(error),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    failure.map_or(Ok(None), Err)
}

/// A document, or `None` where there is none.
async fn document<T: DeserializeOwned>(fetch: &Fetch, url: &str) -> Result<Option<T>, Error> {
    let answer = fetch.get(url).await?;
    if answer.status.is_server_error()
        || matches!(answer.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
    {
        let message = format!("{} answered {}", printable(url), answer.status);
        return Err(Error::new(ErrorKind::Unreachable, message));
    }
    if !answer.status.is_success() || is_page(&answer) {
        return Ok(None);
    }
    serde_json::from_slice(&answer.body).map(Some).map_err(|error| {
        let message = format!("the document at {} cannot be used", printable(url));
        Error::new(ErrorKind::InvalidMetadata, message).because(error)
    })
}

/// Whether it is a page for people, with which some sites answer every URL.
fn is_page(answer: &Fetched) -> bool {
    let media_type = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media_type.is_some_and(|media_type| {
        media_type.trim_start().to_ascii_lowercase().starts_with("text/html")
    })
}

/// Where protected resource metadata may be, without a challenge that says so.
fn resource_metadata_urls(endpoint: &Endpoint) -> Vec<String> {
    let text = endpoint.as_str();
    let origin = origin(text);
    let rest = &text[origin.len()..];
    let (path, query) = rest.find('?').map_or((rest, ""), |at| rest.split_at(at));
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut urls = vec![format!("{origin}{PROTECTED_RESOURCE}{path}{query}")];
    if !path.is_empty() || !query.is_empty() {
        urls.push(format!("{origin}{PROTECTED_RESOURCE}"));
    }
    urls
}

/// Where the metadata of an authorization server may be.
fn server_metadata_urls(issuer: &str) -> Result<Vec<String>, Error> {
    let origin = origin(issuer);
    let path = &issuer[origin.len()..];
    if issuer.contains(['?', '#']) || !issuer.contains("://") {
        let message = format!(
            "{:?} is no issuer: it must be a URL without query and fragment",
            printable(issuer)
        );
        return Err(Error::new(ErrorKind::InvalidMetadata, message));
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut urls =
        vec![format!("{origin}{AUTHORIZATION_SERVER}{path}"), format!("{origin}{OPENID}{path}")];
    if !path.is_empty() {
        urls.push(format!("{origin}{path}{OPENID}"));
    }
    Ok(urls)
}

/// The beginning of a URL up to its path, as it is written.
pub(crate) fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let length = url[host..].find(['/', '?', '#']).unwrap_or(url.len() - host);
    &url[..host + length]
}

/// Whether a resource identifier is that of a server: its URL, or on the same origin a prefix of it that ends where a
/// segment of the path ends.
fn covers(resource: &str, endpoint: &Endpoint) -> bool {
    if resource == endpoint.as_str() {
        return true;
    }
    let Ok(uri) = resource.parse::<Uri>() else { return false };
    if resource.contains(['?', '#', '@']) || !endpoint.is_same_origin(&uri) {
        return false;
    }
    let prefix = uri.path();
    let rest = endpoint.uri().path().strip_prefix(prefix.strip_suffix('/').unwrap_or(prefix));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_documents() {
        let urls = |url| resource_metadata_urls(&Endpoint::parse(url).unwrap());
        let root = "https://a.example/.well-known/oauth-protected-resource";
        assert_eq!(urls("https://a.example"), [root]);
        assert_eq!(urls("https://a.example/"), [root]);
        assert_eq!(urls("https://a.example/mcp"), [format!("{root}/mcp"), root.to_owned()]);
        assert_eq!(urls("https://a.example/x/mcp/"), [format!("{root}/x/mcp"), root.to_owned()]);
        assert_eq!(urls("https://a.example/mcp?t=1"), [format!("{root}/mcp?t=1"), root.to_owned()]);

        let urls = |issuer| server_metadata_urls(issuer).unwrap();
        let oauth = "https://a.example/.well-known/oauth-authorization-server";
        let openid = "https://a.example/.well-known/openid-configuration";
        assert_eq!(urls("https://a.example"), [oauth, openid]);
        assert_eq!(urls("https://a.example/"), [oauth, openid]);
        let tenant = "https://a.example/t/1/.well-known/openid-configuration";
        let expected = [format!("{oauth}/t/1"), format!("{openid}/t/1"), tenant.to_owned()];
        assert_eq!(urls("https://a.example/t/1"), expected);
        assert_eq!(urls("https://a.example/t/1/"), expected);
        for bad in ["https://a.example?x", "https://a.example/#x", "a.example", ""] {
            assert_eq!(
                server_metadata_urls(bad).unwrap_err().kind(),
                ErrorKind::InvalidMetadata,
                "{bad}"
            );
        }
    }

    #[test]
    fn a_resource_is_the_server_or_a_prefix() {
        let endpoint = Endpoint::parse("https://mcp.example/a/mcp").unwrap();
        for good in [
            "https://mcp.example/a/mcp",
            "https://mcp.example/a/mcp/",
            "https://mcp.example/a",
            "https://mcp.example/a/",
            "https://mcp.example",
            "https://mcp.example/",
            "https://mcp.example:443/a",
            "HTTPS://MCP.Example/a",
        ] {
            assert!(covers(good, &endpoint), "{good}");
        }
        for bad in [
            "https://evil.example/a/mcp",
            "https://mcp.example.evil/a/mcp",
            "https://mcp.example/a/m",
            "https://mcp.example/a/mcp/x",
            "https://mcp.example/A/mcp",
            "https://mcp.example/b",
            "https://mcp.example/a?x",
            "https://mcp.example/a/mcp#",
            "https://mcp.example@evil.example/a/mcp",
            "https://x@mcp.example/a/mcp",
            "https://mcp.example:8443/a/mcp",
            "http://mcp.example/a/mcp",
            "https://mcp.example/a/../b",
            "https://mcp.example/%61/mcp",
            "/a/mcp",
            "mcp.example",
            "",
        ] {
            assert!(!covers(bad, &endpoint), "{bad}");
        }
        let endpoint = Endpoint::parse("https://mcp.example/mcp?t=1").unwrap();
        assert!(covers("https://mcp.example/mcp?t=1", &endpoint));
        assert!(covers("https://mcp.example/mcp", &endpoint));
        assert!(!covers("https://mcp.example/mcp?t=2", &endpoint));
    }
}
