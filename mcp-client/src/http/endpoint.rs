//! The URL of a server, exactly as the user gave it.

use std::fmt;
use std::net::IpAddr;

use http::Uri;

/// The URL of an MCP server. The text is kept as it was given, since authorization compares it byte by byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    text: String,
    uri: Uri,
}

/// A text that is no URL of an MCP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadEndpoint {
    reason: &'static str,
}

impl Endpoint {
    /// Reads a URL: `http` or `https`, with a host, without user information and fragment.
    ///
    /// # Errors
    /// [`BadEndpoint`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, BadEndpoint> {
        let bad = |reason| Err(BadEndpoint { reason });
        if text.contains('#') {
            return bad("it has a fragment (#...), which no server sees");
        }
        if !["http://", "https://"].iter().any(|scheme| {
            text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        }) {
            return bad("it must begin with http:// or https://");
        }
        let Ok(uri) = text.parse::<Uri>() else { return bad("it is no URL") };
        match uri.authority() {
            None => bad("it has no host"),
            Some(authority) if authority.as_str().contains('@') => bad(
                "it has user information (user@host); give credentials to an authorizer instead",
            ),
            Some(_) => Ok(Self { text: text.to_owned(), uri }),
        }
    }

    /// The URL as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL, read.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Whether its host is this machine, by name or address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.uri)
    }

    /// Whether another URL has the same scheme, host and port.
    #[must_use]
    pub fn is_same_origin(&self, other: &Uri) -> bool {
        let origin = |uri: &Uri| {
            let scheme = uri.scheme_str()?.to_ascii_lowercase();
            let port = uri.port_u16().or(match scheme.as_str() {
                "http" => Some(80),
                "https" => Some(443),
                _ => None,
            });
            Some((scheme, uri.host()?.to_ascii_lowercase(), port))
        };
        origin(&self.uri).is_some_and(|ours| origin(other) == Some(ours))
    }
}

/// Where a reference leads that a server gave at a URL: to another URL, or a path on the same origin.
pub(super) fn resolve(from: &Uri, reference: &str) -> Option<Uri> {
    if reference.starts_with("http://") || reference.starts_with("https://") {
        return reference.parse().ok();
    }
    let path = match reference.as_bytes() {
        [b'/', b'/', ..] | [] => return None,
        [b'/', ..] => reference.to_owned(),
        [b'?', ..] => format!("{}{reference}", from.path()),
        _ if reference.contains(':') => return None,
        _ => {
            let (folder, _) = from.path().rsplit_once('/')?;
            format!("{folder}/{reference}")
        }
    };
    let mut parts = from.clone().into_parts();
    parts.path_and_query = Some(path.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// Whether the host of a URL is this machine.
pub(crate) fn is_loopback(uri: &Uri) -> bool {
    let Some(host) = uri.host() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for BadEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the URL of the server cannot be used: {}", self.reason)
    }
}

impl std::error::Error for BadEndpoint {}
