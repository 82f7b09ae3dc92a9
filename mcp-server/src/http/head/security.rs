//! Who may call: decided by the head of a request, before anything else of it is read (HTTP-2,
//! TRAP-24, THREAT-1, THREAT-2 and THREAT-9).
//!
//! A page in a browser can send requests here from any site. It is recognized by its `Origin`, by
//! the `Host` of a name that was made to point here (DNS rebinding), by `Sec-Fetch-Site`, and
//! because it cannot send `application/json` without a preflight.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderName, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};

use super::fields::{Field, Fields};
use crate::http::HttpOptions;

/// The status and the reason.
pub(in crate::http) type Refusal = (StatusCode, &'static str);

/// Checks the head of a request.
pub(in crate::http) fn check(
    parts: &Parts,
    fields: &Fields<'_>,
    options: &HttpOptions,
) -> Result<(), Refusal> {
    if is_usual(parts, fields, options) { Ok(()) } else { check_fields(parts, options) }
}

/// Whether this is a POST with the header fields that nearly every client sends, so that all checks
/// pass. It only saves time: [`check_fields`] accepts these heads too, and decides all others.
fn is_usual(parts: &Parts, fields: &Fields<'_>, options: &HttpOptions) -> bool {
    let Field::Once(host) = fields.host else { return false };
    parts.method == Method::POST
        && parts.uri.authority().is_none()
        && is_usual_host(host.as_bytes(), options)
        && fields.origin == Field::Absent
        && fields.sec_fetch_site == Field::Absent
        && fields.content_type.is("application/json")
        && fields.content_encoding == Field::Absent
}

/// Whether a `Host` is a name that is served, as it is listed, alone or with a port.
fn is_usual_host(host: &[u8], options: &HttpOptions) -> bool {
    let name = match host.iter().position(|byte| *byte == b':') {
        Some(at) if is_port(&host[at + 1..]) => &host[..at],
        Some(_) => return false,
        None => host,
    };
    if name.is_empty() || !name.iter().copied().all(is_name_byte) {
        return false;
    }
    let is_listed = |listed: &String| listed.as_bytes() == name || listed.as_bytes() == host;
    match options.hosts.as_slice() {
        _ if options.any_host => true,
        [] => name == b"localhost" || name == b"127.0.0.1",
        hosts => hosts.iter().any(is_listed),
    }
}

/// Whether this is a number from 1 to 65535 without zeros in front.
fn is_port(digits: &[u8]) -> bool {
    let fits = digits.len() < 5 || (digits.len() == 5 && digits <= &b"65535"[..]);
    fits && matches!(digits, [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

/// Checks all that decides.
fn check_fields(parts: &Parts, options: &HttpOptions) -> Result<(), Refusal> {
    let checked = host(parts, options)
        .and_then(|host| origin(&parts.headers, host, options))
        .and_then(|()| if parts.method == Method::POST { content(&parts.headers) } else { Ok(()) });
    if let Err((status, reason)) = checked {
        tracing::debug!(%status, reason, "a request was refused");
    }
    checked
}

/// A host name or address, and a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Authority<'a> {
    host: &'a str,
    port: Option<u16>,
}

fn host<'a>(parts: &'a Parts, options: &HttpOptions) -> Result<Authority<'a>, Refusal> {
    const MALFORMED: Refusal =
        (StatusCode::BAD_REQUEST, "the Host is missing, doubled or malformed");
    let mut fields = parts.headers.get_all(HOST).iter();
    let field = match (fields.next(), fields.next()) {
        (_, Some(_)) => return Err(MALFORMED),
        (Some(field), None) => {
            Some(field.to_str().ok().and_then(Authority::parse).ok_or(MALFORMED)?)
        }
        (None, None) => None,
    };
    // HTTP/2 sends `:authority`; so does HTTP/1 with a URI in absolute form.
    let target = match parts.uri.authority() {
        Some(target) => Some(Authority::parse(target.as_str()).ok_or(MALFORMED)?),
        None => None,
    };
    let host = match (field, target) {
        (Some(field), Some(target)) if !field.is_same(target) => return Err(MALFORMED),
        (Some(host), _) | (None, Some(host)) => host,
        (None, None) => return Err(MALFORMED),
    };
    let allowed = if options.any_host {
        true
    } else if options.hosts.is_empty() {
        host.is_loopback()
    } else {
        options.hosts.iter().any(|allowed| host.is_allowed_by(allowed))
    };
    if allowed { Ok(host) } else { Err((StatusCode::FORBIDDEN, "this Host is not served here")) }
}

fn origin(headers: &HeaderMap, host: Authority<'_>, options: &HttpOptions) -> Result<(), Refusal> {
    const FOREIGN: Refusal = (StatusCode::FORBIDDEN, "pages of this Origin may not call");
    let mut fields = headers.get_all(ORIGIN).iter();
    match (fields.next(), fields.next()) {
        (_, Some(_)) => return Err(FOREIGN),
        (None, None) => {}
        (Some(field), None) => {
            let origin = field.to_str().map_err(|_| FOREIGN)?;
            let listed = options.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin));
            if listed || (options.any_origin && origin != "null" && !origin.is_empty()) {
                return Ok(()); // Another site on purpose, so `Sec-Fetch-Site` may say so.
            }
            if !is_own(origin, host, options) {
                return Err(FOREIGN);
            }
        }
    }
    let sites = headers.get_all(HeaderName::from_static("sec-fetch-site"));
    if sites.iter().any(|site| site.as_bytes().eq_ignore_ascii_case(b"cross-site")) {
        return Err((StatusCode::FORBIDDEN, "pages of other sites may not call"));
    }
    Ok(())
}

/// Whether a page is the server's own, or one of this machine while the server is, too.
fn is_own(origin: &str, host: Authority<'_>, options: &HttpOptions) -> bool {
    let Some((scheme, rest)) = origin.split_once("://") else { return false };
    let default_port = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return false,
    };
    let Some(origin) = Authority::parse(rest) else { return false };
    if options.hosts.is_empty() && !options.any_host {
        return origin.is_loopback();
    }
    // Where any `Host` is allowed, being equal to it proves nothing.
    let port = |authority: Authority<'_>| authority.port.unwrap_or(default_port);
    !options.any_host && origin.host.eq_ignore_ascii_case(host.host) && port(origin) == port(host)
}

fn content(headers: &HeaderMap) -> Result<(), Refusal> {
    const NOT_JSON: Refusal =
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, "the Content-Type must be application/json");
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(media), None) = (types.next(), types.next()) else { return Err(NOT_JSON) };
    if !is_json(media.as_bytes()) {
        return Err(NOT_JSON);
    }
    let is_identity =
        |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(CONTENT_ENCODING).iter().all(is_identity) {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "compressed requests are not accepted"));
    }
    Ok(())
}

/// `application/json`, in UTF-8 if it names a charset.
fn is_json(media: &[u8]) -> bool {
    let mut parts = media.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    if !parts.next().is_some_and(|media| media.eq_ignore_ascii_case(b"application/json")) {
        return false;
    }
    parts.all(|parameter| {
        let lower = parameter.to_ascii_lowercase();
        match lower.strip_prefix(b"charset=") {
            Some(charset) => matches!(charset, b"utf-8" | b"\"utf-8\"" | b"utf8"),
            None => true,
        }
    })
}

impl<'a> Authority<'a> {
    /// `host`, `host:port`, `[v6]`, `[v6]:port`, and nothing more: no user, no path, no empty port.
    fn parse(text: &'a str) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let end = rest.find(']')?;
                let (inside, after) = (&rest[..end], &rest[end + 1..]);
                inside.parse::<Ipv6Addr>().ok()?;
                (
                    &text[..end + 2],
                    if after.is_empty() { None } else { Some(after.strip_prefix(':')?) },
                )
            }
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        if host.is_empty() || (!host.starts_with('[') && !host.bytes().all(is_name_byte)) {
            return None;
        }
        let port = match port {
            None => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok().filter(|port| *port != 0)?)
            }
            Some(_) => return None,
        };
        Some(Self { host, port })
    }

    fn is_same(self, other: Self) -> bool {
        self.host.eq_ignore_ascii_case(other.host) && self.port == other.port
    }

    /// `localhost`, `127.0.0.0/8` and `::1`, in the forms that browsers send.
    fn is_loopback(self) -> bool {
        if let Some(address) = self.host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return address.parse() == Ok(Ipv6Addr::LOCALHOST);
        }
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
    }

    fn is_allowed_by(self, allowed: &str) -> bool {
        Authority::parse(allowed).is_some_and(|allowed| {
            allowed.host.eq_ignore_ascii_case(self.host)
                && (allowed.port.is_none() || allowed.port == self.port)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways of checking a POST with these header fields.
    fn both(fields: &[(&str, &str)], options: &HttpOptions) -> (bool, bool) {
        let mut request = http::Request::post("/");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        (
            is_usual(&parts, &Fields::read(&parts.headers), options),
            check_fields(&parts, options).is_ok(),
        )
    }

    #[test]
    fn what_passes_as_usual_passes_all_checks() {
        let hosts = [
            "localhost",
            "localhost:1",
            "localhost:8080",
            "localhost:65535",
            "localhost:65536",
            "localhost:0",
            "localhost:080",
            "localhost:",
            "localhost:+1",
            "LOCALHOST",
            "127.0.0.1",
            "127.0.0.1:80",
            "127.0.0.2",
            "[::1]",
            "[::1]:80",
            "example.com",
            "example.com:80",
            "example.com:8443",
            "example.com:8444",
            "Example.com",
            "a b",
            "",
            ":80",
            "user@localhost",
            "localhost/x",
            "bad host",
            "http://x",
        ];
        let options = [
            HttpOptions::new(),
            HttpOptions::new().allow_any_host(),
            HttpOptions::new().allow_host("example.com"),
            HttpOptions::new().allow_host("Example.com:8443").allow_host("bad host"),
            HttpOptions::new().allow_host("http://x").allow_host("[::1]").allow_host(""),
        ];
        let json = ("content-type", "application/json");
        let mut usual = 0;
        for options in &options {
            for host in hosts {
                let host = ("host", host);
                for fields in [
                    &[host, json][..],
                    &[host, host, json],
                    &[host],
                    &[host, json, json],
                    &[host, ("content-type", "text/plain")],
                    &[host, json, ("origin", "https://evil.example")],
                    &[host, json, ("sec-fetch-site", "cross-site")],
                    &[host, json, ("content-encoding", "gzip")],
                ] {
                    let (is_usual, is_allowed) = both(fields, options);
                    assert!(is_allowed || !is_usual, "{fields:?} {options:?}");
                    usual += usize::from(is_usual);
                }
            }
        }
        assert_eq!(usual, 24);
    }
}
