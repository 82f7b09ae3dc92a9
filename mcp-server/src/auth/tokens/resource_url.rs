//! The URL of a server as a protected resource, and where its metadata is. Spec: RFC 9728 §3;
//! basic/authorization, "Protected Resource Metadata Discovery Requirements".

use http::Uri;
use mcp_core::http_client::url::is_loopback;

/// The place of the metadata of a whole origin. That of a resource has the path of the resource
/// behind it.
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The URL of a server, byte for byte as it was configured: clients and authorization servers
/// compare it.
#[derive(Debug, Clone)]
pub(crate) struct ResourceUrl {
    text: String,
    uri: Uri,
}

impl ResourceUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// The reason why it cannot be the URL of a server.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.contains('#') {
            return Err("it has a fragment");
        }
        let uri: Uri = text.parse().map_err(|_| "it is not a URL")?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err("it is not an absolute URL");
        };
        if authority.as_str().contains('@') {
            return Err("it has user information (user@host)");
        }
        match scheme {
            "https" => {}
            "http" if is_loopback(&uri) => {}
            "http" => return Err("it must be an https URL, unless its host is this machine"),
            _ => return Err("it must be an https URL"),
        }
        Ok(Self { text: text.to_owned(), uri })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Returns the host with its port, if it is not this machine.
    pub(crate) fn public_host(&self) -> Option<&str> {
        let authority = self.uri.authority()?;
        (!is_loopback(&self.uri)).then_some(authority.as_str())
    }

    /// Returns the URL of the metadata.
    pub(crate) fn metadata_url(&self) -> String {
        let scheme = self.uri.scheme_str().unwrap_or("https");
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        let query = self.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{scheme}://{authority}{}{query}", self.metadata_path())
    }

    /// Returns the path of the metadata of this server.
    pub(crate) fn metadata_path(&self) -> String {
        match self.uri.path() {
            "/" => WELL_KNOWN.to_owned(),
            path => format!("{WELL_KNOWN}{path}"),
        }
    }

    /// Whether the metadata is read at a path: at that of the server, or of the whole origin.
    pub(crate) fn is_metadata_path(&self, path: &str) -> bool {
        path.strip_prefix(WELL_KNOWN)
            .is_some_and(|rest| rest.is_empty() || (rest == self.uri.path() && rest != "/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metadata_is_where_the_path_and_the_query_say() {
        for (resource, metadata) in [
            ("https://a.example", "https://a.example/.well-known/oauth-protected-resource"),
            ("https://a.example/", "https://a.example/.well-known/oauth-protected-resource"),
            ("https://a.example/mcp", "https://a.example/.well-known/oauth-protected-resource/mcp"),
            (
                "https://a.example:8443/a/b?tenant=1",
                "https://a.example:8443/.well-known/oauth-protected-resource/a/b?tenant=1",
            ),
            (
                "http://127.0.0.1:3000/mcp",
                "http://127.0.0.1:3000/.well-known/oauth-protected-resource/mcp",
            ),
        ] {
            let resource = ResourceUrl::parse(resource).unwrap();
            assert_eq!(resource.metadata_url(), metadata);
            assert!(resource.is_metadata_path("/.well-known/oauth-protected-resource"));
            assert!(resource.is_metadata_path(&resource.metadata_path()));
            for other in ["/", "/mcp", "/.well-known/oauth-protected-resource/other"] {
                assert!(!resource.is_metadata_path(other), "{other}");
            }
        }
    }

    #[test]
    fn what_cannot_be_a_resource_is_refused() {
        for bad in [
            "",
            "/mcp",
            "mcp.example.com",
            "http://mcp.example.com/mcp",
            "https://user@mcp.example.com/mcp",
            "https://mcp.example.com/mcp#x",
            "ftp://mcp.example.com/mcp",
        ] {
            assert!(ResourceUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
