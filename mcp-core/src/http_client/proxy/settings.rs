//! Which requests go through a proxy.

use std::fmt;

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use crate::http_client::url::is_loopback;

/// The proxies of a client of HTTP, as the environment or the application names them.
///
/// A proxy is a URL, such as `http://user:password@proxy.example:3128`; without a scheme it is
/// `http`. Requests to `https` URLs go through a tunnel (`CONNECT`), so that the proxy sees the
/// host only. Other kinds of proxies (`https`, `socks5`) are not supported: requests through one
/// fail. Requests to this machine never go through a proxy.
///
/// ```
/// use mcp_core::http_client::{Network, ProxySettings};
///
/// let proxies =
///     ProxySettings::none().https("http://proxy.example:3128").except("corp.example, 10.0.0.0/8");
/// let network = Network::new().with_proxies(&proxies);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ProxySettings {
    http: String,
    https: String,
    except: String,
}

impl ProxySettings {
    /// No proxy.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Those of the environment, as other programs read them: `HTTP_PROXY`, `HTTPS_PROXY`,
    /// `ALL_PROXY` for both, and `NO_PROXY`; where one is not set, the same in lower case. In a CGI
    /// program there is none, because a header field of the request sets `HTTP_PROXY` there.
    #[must_use]
    pub fn from_env() -> Self {
        Self::of(|name| std::env::var(name).ok())
    }

    fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        if variable("REQUEST_METHOD").is_some() {
            return Self::none();
        }
        let read = |name: &str| {
            let value = variable(name).or_else(|| variable(&name.to_ascii_lowercase()));
            value.filter(|value| !value.is_empty())
        };
        let all = read("ALL_PROXY").unwrap_or_default();
        Self {
            http: read("HTTP_PROXY").unwrap_or_else(|| all.clone()),
            https: read("HTTPS_PROXY").unwrap_or(all),
            except: read("NO_PROXY").unwrap_or_default(),
        }
    }

    /// The proxy for requests to `http` URLs.
    #[must_use]
    pub fn http(mut self, proxy: impl Into<String>) -> Self {
        self.http = proxy.into();
        self
    }

    /// The proxy for requests to `https` URLs.
    #[must_use]
    pub fn https(mut self, proxy: impl Into<String>) -> Self {
        self.https = proxy.into();
        self
    }

    /// What is reached without a proxy, separated by commas: host names, which include everything
    /// below them, addresses, networks such as `10.0.0.0/8`, or `*` for everything.
    #[must_use]
    pub fn except(mut self, hosts: impl Into<String>) -> Self {
        self.except = hosts.into();
        self
    }

    /// What decides for each request; `None` if there is no proxy.
    pub(super) fn matcher(&self) -> Option<Matcher> {
        if self.http.is_empty() && self.https.is_empty() {
            return None;
        }
        let builder = Matcher::builder().http(self.http.clone()).https(self.https.clone());
        Some(builder.no(self.except.clone()).build())
    }
}

/// The proxy of a request.
pub(super) fn proxy_of(matcher: &Matcher, target: &Uri) -> Option<Intercept> {
    if is_loopback(target) { None } else { matcher.intercept(target) }
}

impl fmt::Debug for ProxySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A URL may hold a password.
        f.debug_struct("ProxySettings")
            .field("http", &!self.http.is_empty())
            .field("https", &!self.https.is_empty())
            .field("except", &self.except)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(settings: &ProxySettings, target: &str) -> Option<String> {
        let found = proxy_of(&settings.matcher()?, &target.parse().unwrap())?;
        Some(found.uri().to_string())
    }

    fn from(variables: &[(&str, &str)]) -> ProxySettings {
        ProxySettings::of(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_is_read_as_other_programs_read_it() {
        let (plain, tls) = ("http://mcp.example/x", "https://mcp.example/x");
        for (variables, expected) in [
            (&[][..], [None, None]),
            (&[("HTTP_PROXY", "http://p:1")], [Some("http://p:1/"), None]),
            (&[("https_proxy", "p:2")], [None, Some("http://p:2/")]),
            (&[("HTTPS_PROXY", ""), ("https_proxy", "p:2")], [None, None]),
            (&[("ALL_PROXY", "p:3")], [Some("http://p:3/"), Some("http://p:3/")]),
            (
                &[("ALL_PROXY", "p:3"), ("HTTP_PROXY", "p:1")],
                [Some("http://p:1/"), Some("http://p:3/")],
            ),
            (&[("ALL_PROXY", "p:3"), ("NO_PROXY", "example")], [None, None]),
            (&[("ALL_PROXY", "p:3"), ("NO_PROXY", "*")], [None, None]),
            (&[("ALL_PROXY", "p:3"), ("REQUEST_METHOD", "GET")], [None, None]),
        ] {
            let settings = from(variables);
            let found = [proxy(&settings, plain), proxy(&settings, tls)];
            assert_eq!(found, expected.map(|url| url.map(str::to_owned)), "{variables:?}");
        }
    }

    #[test]
    fn this_machine_is_reached_without_a_proxy() {
        let settings = ProxySettings::none().http("p:1").https("p:1");
        for target in ["http://localhost:3000/", "https://127.0.0.1/", "http://[::1]:1/"] {
            assert_eq!(proxy(&settings, target), None, "{target}");
        }
        assert!(proxy(&settings, "http://localhost.example/").is_some());
    }

    #[test]
    fn a_password_is_not_shown() {
        let settings = ProxySettings::none().http("http://user:CANARY@p:1");
        assert!(!format!("{settings:?}").contains("CANARY"), "{settings:?}");
    }
}
