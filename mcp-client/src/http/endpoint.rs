//! The URL of a server, exactly as the user gave it.

use std::fmt;

use http::Uri;

use mcp_core::http_client::url::{ShownUrl, is_loopback, is_same_origin, origin};
use mcp_core::transport::TransportError;

use crate::error::Error;

/// The URL of an MCP server. The text is kept as it was given, since authorization compares it byte
/// by byte.
///
/// `Display` and `Debug` leave out the query, which may hold a secret; [`Endpoint::as_str`] is the
/// whole URL.
///
/// ```
/// use mcp_client::http::Endpoint;
///
/// let endpoint = Endpoint::parse("https://mcp.example.com/mcp?key=s3cret")?;
/// assert_eq!(endpoint.to_string(), "https://mcp.example.com/mcp?…");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    text: String,
    uri: Uri,
}

/// A text that cannot be the URL of an MCP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadEndpoint {
    reason: &'static str,
}

impl Endpoint {
    /// Reads a URL: `http` or `https`, with a host, without user information and fragment.
    ///
    /// ```
    /// use mcp_client::http::Endpoint;
    ///
    /// assert!(Endpoint::parse("https://mcp.example.com/mcp").is_ok());
    /// let error = Endpoint::parse("mcp.example.com/mcp").expect_err("no scheme");
    /// println!("{error}");
    /// ```
    ///
    /// # Errors
    /// [`BadEndpoint`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, BadEndpoint> {
        let bad = |reason| Err(BadEndpoint { reason });
        if text.contains('#') {
            return bad("it has a fragment (#...), which no server sees; remove it");
        }
        if !["http://", "https://"].iter().any(|scheme| {
            text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        }) {
            return bad("it must begin with http:// or https://");
        }
        let Ok(uri) = text.parse::<Uri>() else { return bad("it is not a valid URL") };
        match uri.authority() {
            None => bad("it has no host"),
            Some(authority) if authority.as_str().contains('@') => bad(
                "it has user information (user@host); give credentials to an authorizer instead",
            ),
            Some(_) => Ok(Self { text: text.to_owned(), uri }),
        }
    }

    /// The URL as it was given.
    ///
    /// ```
    /// use mcp_client::http::Endpoint;
    ///
    /// let endpoint = Endpoint::parse("https://MCP.example.com/mcp")?;
    /// assert_eq!(endpoint.as_str(), "https://MCP.example.com/mcp");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The parsed URL.
    ///
    /// ```
    /// use mcp_client::http::Endpoint;
    ///
    /// assert_eq!(Endpoint::parse("https://mcp.example.com/mcp")?.uri().path(), "/mcp");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Whether its host is this machine, by name or address.
    ///
    /// ```
    /// use mcp_client::http::Endpoint;
    ///
    /// assert!(Endpoint::parse("http://127.0.0.1:8080/mcp")?.is_loopback());
    /// assert!(!Endpoint::parse("https://mcp.example.com/mcp")?.is_loopback());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.uri)
    }

    /// Adds the URL to the error of a request to it, without its query, which may hold a secret. A
    /// usual path is proposed if there is none and the server knows nothing there.
    pub(crate) fn explain(&self, error: Error) -> Error {
        let status = error.transport().and_then(TransportError::status);
        let error = error.with_note(format_args!(" ({self})"));
        if status != Some(404) || self.uri.path() != "/" {
            return error;
        }
        let origin = origin(&self.text);
        error.with_note(format_args!("; the URL has no path, and many servers are at {origin}/mcp"))
    }

    /// Whether another URL has the same scheme, host and port.
    ///
    /// ```
    /// use mcp_client::http::Endpoint;
    ///
    /// let endpoint = Endpoint::parse("https://mcp.example.com/mcp")?;
    /// assert!(endpoint.is_same_origin(&"https://mcp.example.com:443/other".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_same_origin(&self, other: &Uri) -> bool {
        is_same_origin(&self.uri, other)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ShownUrl(&self.text).fmt(f)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

impl fmt::Display for BadEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the URL of the server cannot be used: {}", self.reason)
    }
}

impl std::error::Error for BadEndpoint {}
