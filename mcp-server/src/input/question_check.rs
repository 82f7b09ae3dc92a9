//! What the protocol demands of a question, whatever the client can do: a valid URL (EL-5, EL-10),
//! results for uses of tools (SAM-4).

use mcp_core::types::{ElicitParams, InputRequest};

use crate::questions::{AskError, AskErrorKind};

/// Refuses a question that no client may be asked.
pub(super) fn check(request: &InputRequest, max_uri_bytes: usize) -> Result<(), AskError> {
    let malformed = |problem: String| Err(AskError::new(AskErrorKind::Malformed, problem));
    match request {
        InputRequest::Elicit(params) => match &**params {
            ElicitParams::Url(visit) => match url_problem(&visit.url, max_uri_bytes) {
                Some(problem) => malformed(format!("the URL to visit {problem}")),
                None => Ok(()),
            },
            _ => Ok(()),
        },
        InputRequest::CreateMessage(params) => match params.check_tool_results() {
            Err(problem) => malformed(problem.to_string()),
            Ok(()) => Ok(()),
        },
        _ => Ok(()),
    }
}

/// What is wrong with a URL that a user is sent to. It has to be absolute, of the scheme `http` or
/// `https`, and to hold no credentials.
fn url_problem(url: &str, max_bytes: usize) -> Option<String> {
    if url.len() > max_bytes {
        let length = url.len();
        return Some(format!("has {length} bytes; the limit is {max_bytes} (max_uri_bytes)"));
    }
    let is_scheme =
        |name: &&str| url.get(..name.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(name));
    let Some(scheme) = ["https://", "http://"].iter().find(|name| is_scheme(name)) else {
        return Some("is not absolute; it begins with https:// or http://".to_owned());
    };
    let is_in_a_url =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    if let Some(stranger) = url.chars().find(|c| !u8::try_from(*c).is_ok_and(is_in_a_url)) {
        let stranger = stranger.escape_default();
        return Some(format!("contains `{stranger}`; percent-encode it"));
    }
    let rest = url.get(scheme.len()..).unwrap_or_default();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Some("holds credentials before an @; a site asks for them itself".to_owned());
    }
    // A colon in brackets belongs to an IPv6 address.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, ""),
    };
    if host.is_empty() {
        return Some("has no host".to_owned());
    }
    let is_address = host.starts_with('[') && host.ends_with(']');
    if !is_address && host.contains([':', '[', ']']) {
        return Some("has no valid host".to_owned());
    }
    if !(port.is_empty() || port.parse::<u16>().is_ok()) {
        return Some("has no valid port".to_owned());
    }
    let mut escapes = url.split('%').skip(1);
    let is_escape =
        |text: &str| text.get(..2).is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
    if !escapes.all(is_escape) {
        return Some("has a % without two hexadecimal digits".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_to_visit_is_absolute_and_whole() {
        for good in [
            "https://example.com",
            "https://example.com/a?b=c#d",
            "HTTP://localhost:8080/%20",
            "http://[::1]:8080/",
            "https://[2001:db8::1]",
            "https://example.com/@me",
        ] {
            assert_eq!(url_problem(good, 100), None, "{good}");
        }
        for (bad, problem) in [
            ("", "not absolute"),
            ("/login", "not absolute"),
            ("example.com", "not absolute"),
            ("javascript:alert(1)", "not absolute"),
            ("file:///etc/passwd", "not absolute"),
            ("https:/example.com", "not absolute"),
            ("https://", "no host"),
            ("https:///path", "no host"),
            ("https://:80", "no host"),
            ("https://a b.example", "contains ` `"),
            ("https://example.com/\n", "contains `\\n`"),
            ("https://bücher.example", "percent-encode"),
            ("https://user:pass@example.com", "credentials"),
            ("https://example.com:99999", "port"),
            ("https://example.com:x", "port"),
            ("https://a:b:1", "valid host"),
            ("https://example.com/%zz", "hexadecimal"),
            ("https://example.com/%", "hexadecimal"),
        ] {
            let found = url_problem(bad, 100).unwrap_or_default();
            assert!(found.contains(problem), "{bad}: {found}");
        }
        let long = format!("https://example.com/{}", "a".repeat(100));
        assert!(url_problem(&long, 100).unwrap().contains("max_uri_bytes"));
    }
}
