//! Requests of authorization. A server chose the URLs, so they go through [`mcp_core::fetch`]; here
//! its limits and errors become those of authorization.

use mcp_core::fetch::{FetchError, FetchErrorKind, FetchLimits, SettingNames};
use mcp_core::oauth::ErrorResponse;
use mcp_core::text::PeerText;

pub(crate) use mcp_core::fetch::{Fetched, Fetcher, Guard, PrivateHosts};

use super::error::{Error, ErrorKind};
use super::limits::OAuthLimits;
use crate::http::{Endpoint, ShownUrl};

/// What the documents of an MCP server may name.
pub(crate) fn guard(endpoint: &Endpoint, hosts: PrivateHosts, limits: &OAuthLimits) -> Guard {
    const NAMES: SettingNames =
        SettingNames::new("OAuthLimits", "OAuthBuilder::allow_private_hosts");
    Guard::for_server(endpoint.uri(), hosts, &limits.into()).with_names(NAMES)
}

impl From<&OAuthLimits> for FetchLimits {
    fn from(limits: &OAuthLimits) -> Self {
        let mut fetch = Self::new();
        fetch.max_document_bytes = limits.max_document_bytes;
        fetch.request_timeout = limits.request_timeout;
        fetch.max_redirects = limits.max_redirects;
        fetch.max_url_bytes = limits.max_url_bytes;
        fetch
    }
}

impl From<FetchError> for Error {
    fn from(error: FetchError) -> Self {
        let kind = match error.kind() {
            FetchErrorKind::Forbidden => ErrorKind::ForbiddenUrl,
            _ => ErrorKind::Unreachable,
        };
        let converted = Self::new(kind, error.to_string());
        match error.into_source() {
            Some(source) => converted.with_source(source),
            None => converted,
        }
    }
}

/// The error of a token or registration endpoint that did not do what it was asked.
pub(crate) fn refusal(answer: &Fetched, url: &str) -> Error {
    let (url, status) = (ShownUrl(url), answer.status);
    if answer.is_transient_failure() {
        return Error::new(ErrorKind::Unreachable, format!("{url} answered {status}"));
    }
    let Ok(answer) = serde_json::from_slice::<ErrorResponse>(&answer.body) else {
        return Error::new(ErrorKind::Refused, format!("{url} answered {status}"));
    };
    let mut message = format!("{url} refused: {}", PeerText::new(&answer.error));
    if let Some(description) = &answer.error_description {
        message = format!("{message}: {}", PeerText::new(description));
    }
    Error::new(ErrorKind::Refused, message).with_code(&answer.error)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_error_names_the_settings_of_authorization_and_keeps_its_kind() {
        let mut limits = OAuthLimits::new();
        limits.max_url_bytes = 40;
        let endpoint = Endpoint::parse("https://mcp.example.com/mcp").unwrap();
        let guard = guard(&endpoint, PrivateHosts::default(), &limits);
        let error = |url: &str| Error::from(guard.check(url).unwrap_err());
        assert_eq!(
            format!("{:?}", error("https://10.0.0.1/x?token=s3cret")),
            "ForbiddenUrl: the URL https://10.0.0.1/x?… must not be used: its host is on a private \
             network; if that is intended, name the host in `OAuthBuilder::allow_private_hosts`"
        );
        let long = error("https://as.example.com/00000000000000000000").to_string();
        assert!(
            long.ends_with("it has 43 bytes, and `OAuthLimits::max_url_bytes` is 40"),
            "{long}"
        );
    }

    #[test]
    fn the_limits_of_authorization_are_those_of_its_requests() {
        let mut limits = OAuthLimits::new();
        assert_eq!(FetchLimits::from(&limits), FetchLimits::new());
        limits.max_document_bytes = 1;
        limits.request_timeout = Duration::from_secs(2);
        limits.max_redirects = 3;
        limits.max_url_bytes = 4;
        let mut expected = FetchLimits::new();
        expected.max_document_bytes = 1;
        expected.request_timeout = Duration::from_secs(2);
        expected.max_redirects = 3;
        expected.max_url_bytes = 4;
        assert_eq!(FetchLimits::from(&limits), expected);
    }
}
