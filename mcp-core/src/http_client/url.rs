//! URLs: what an origin is, where a reference leads, and how a URL is shown. Spec: RFC 3986,
//! RFC 6454.

use std::fmt;
use std::net::IpAddr;

use http::Uri;
use http::uri::PathAndQuery;

use crate::text::PeerText;

/// Longest part of a URL that is shown, in characters.
const MAX_SHOWN_CHARS: usize = 200;

/// The beginning of a URL up to its path, as it is written.
#[must_use]
pub fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let length = url[host..].find(['/', '?', '#']).unwrap_or(url.len() - host);
    &url[..host + length]
}

/// Whether two URLs have the same scheme, host and port.
#[must_use]
pub fn is_same_origin(one: &Uri, other: &Uri) -> bool {
    let is_same = |one: Option<&str>, other: Option<&str>| {
        one.zip(other).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
    };
    is_same(one.scheme_str(), other.scheme_str())
        && is_same(one.host(), other.host())
        && port(one) == port(other)
}

/// The port of a URL, or the default port of its scheme.
pub fn port(uri: &Uri) -> Option<u16> {
    uri.port_u16().or_else(|| match uri.scheme_str()? {
        scheme if scheme.eq_ignore_ascii_case("http") => Some(80),
        scheme if scheme.eq_ignore_ascii_case("https") => Some(443),
        _ => None,
    })
}

/// Whether the host of a URL is this machine, by name or by address.
#[must_use]
pub fn is_loopback(uri: &Uri) -> bool {
    let Some(host) = uri.host() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The scheme of a URI, without the colon; `None` of a relative reference (RFC 3986 §3.1).
#[must_use]
pub fn scheme(uri: &str) -> Option<&str> {
    let (scheme, _) = uri.split_once(':')?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme.then_some(scheme)
}

/// The URL that a reference means in a document or an answer of `base` (RFC 3986 §5.2), without
/// its fragment. `None` if that is not an `http` or `https` URL.
///
/// The URL may be on any origin: what a caller may do with it is the caller's to check.
#[must_use]
pub fn resolve(base: &Uri, reference: &str) -> Option<Uri> {
    let reference = reference.split('#').next().unwrap_or_default();
    if reference.is_empty() {
        return None;
    }
    let absolute = match scheme(reference) {
        Some(scheme) if !is_web(scheme) => return None,
        Some(_) => reference.parse::<Uri>().ok()?,
        None if reference.starts_with("//") => {
            format!("{}:{reference}", base.scheme_str()?).parse().ok()?
        }
        None => {
            let (path, query) =
                reference.find('?').map_or((reference, ""), |at| reference.split_at(at));
            let path = match path {
                "" => base.path().to_owned(),
                path if path.starts_with('/') => without_dots(path),
                path => {
                    let folder = base.path().rsplit_once('/').map_or("", |(folder, _)| folder);
                    without_dots(&format!("{folder}/{path}"))
                }
            };
            let mut parts = base.clone().into_parts();
            parts.path_and_query = Some(format!("{path}{query}").parse::<PathAndQuery>().ok()?);
            Uri::from_parts(parts).ok()?
        }
    };
    (absolute.scheme_str().is_some_and(is_web) && absolute.host().is_some()).then_some(absolute)
}

fn is_web(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// A path without `.` and `..` (RFC 3986 §5.2.4). It never leads above the root.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.strip_prefix('/').unwrap_or(path).split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            segment => {
                kept.push(segment);
                continue;
            }
        }
        if is_last {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

/// A URL for an error message or a log line: without its query and user information, which may hold
/// secrets, and as [`PeerText`].
#[derive(Debug, Clone, Copy)]
pub struct ShownUrl<'a>(pub &'a str);

impl fmt::Display for ShownUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.0;
        let end = url.find(['?', '#']).unwrap_or(url.len());
        let start = url[..end].find("://").map_or(0, |at| at + 3);
        let authority = url[start..end].find('/').map_or(end, |at| start + at);
        match url[start..authority].rfind('@') {
            None => write!(f, "{}", PeerText::with_max(&url[..end], MAX_SHOWN_CHARS))?,
            Some(at) => {
                let host = &url[start + at..end];
                let shown = format!("{}***{host}", &url[..start]);
                write!(f, "{}", PeerText::with_max(&shown, MAX_SHOWN_CHARS))?;
            }
        }
        if end < url.len() { f.write_str("?…") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_leads_where_the_rfc_says() {
        let base: Uri = "http://a/b/c/d;p?q".parse().unwrap();
        // RFC 3986 §5.4, without the references that are not of the web or are fragments alone.
        for (reference, expected) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g/"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("g#s", "http://a/b/c/g"),
            (";x", "http://a/b/c/;x"),
            ("g;x", "http://a/b/c/g;x"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("../../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("b?y=2:3", "http://a/b/c/b?y=2:3"),
            ("https://x/y", "https://x/y"),
            ("HTTPS://x", "https://x/"),
            ("http://x/a/../b", "http://x/a/../b"),
        ] {
            let resolved = resolve(&base, reference).unwrap_or_else(|| panic!("{reference}"));
            assert_eq!(resolved.to_string(), expected, "{reference}");
        }
        for bad in [
            "",
            "#s",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "data:text/html,x",
            "g:h",
            "a b",
        ] {
            assert_eq!(resolve(&base, bad), None, "{bad}");
        }
    }

    #[test]
    fn origins_are_compared_without_case_and_with_the_default_port() {
        let same =
            |one: &str, other: &str| is_same_origin(&one.parse().unwrap(), &other.parse().unwrap());
        assert!(same("https://a.example/x", "https://A.example:443/y"));
        assert!(same("http://a.example", "http://a.example:80"));
        assert!(!same("http://a.example", "https://a.example"));
        assert!(!same("https://a.example", "https://a.example:8443"));
        assert!(!same("https://a.example", "https://a.example.evil.example"));
    }

    #[test]
    fn a_shown_url_has_no_secrets() {
        for (url, shown) in [
            ("https://a.example/mcp", "https://a.example/mcp"),
            ("https://a.example/mcp?key=s3cret", "https://a.example/mcp?…"),
            ("https://a.example#s3cret", "https://a.example?…"),
            ("https://me:s3cret@a.example/x", "https://***@a.example/x"),
            ("https://a.example/@b", "https://a.example/@b"),
            ("https://a.example/\n\u{1b}[2J", "https://a.example/\\n\\u{1b}[2J"),
            ("", ""),
        ] {
            assert_eq!(ShownUrl(url).to_string(), shown);
        }
        let long = format!("https://a.example/{}", "x".repeat(5_000));
        assert!(ShownUrl(&long).to_string().chars().count() <= MAX_SHOWN_CHARS + 1);
    }
}
