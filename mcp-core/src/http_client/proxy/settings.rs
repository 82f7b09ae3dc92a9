//! Which requests go through a proxy.

use std::fmt;

use http::Uri;
use http::uri::{Authority, Scheme};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use crate::http_client::url::is_loopback;

/// The proxies of a client of HTTP, as the environment or the application names them.
///
/// A proxy is a URL, such as `http://user:password@proxy.example:3128`; without a scheme it is
/// `http`. Requests to `https` URLs go through a tunnel (`CONNECT`), so that the proxy sees the
/// host only. Other kinds of proxies (`https`, `socks5`) are not supported: requests through one
/// fail, and so do those through a proxy that is not a URL. Requests to this machine never go
/// through a proxy.
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
    http: Proxy,
    https: Proxy,
    except: String,
}

#[derive(Clone, Default, PartialEq, Eq)]
struct Proxy {
    /// Empty if there is none.
    url: String,
    /// Where it was set.
    name: &'static str,
}

impl Proxy {
    /// The URL for the matcher, and what is wrong with it. Another one takes the place of a wrong
    /// one, so that the matcher finds the requests that would go through it.
    fn checked(&self) -> (String, Option<String>) {
        if self.url.is_empty() {
            return (String::new(), None);
        }
        let matcher = Matcher::builder().http(self.url.clone()).build();
        let found = matcher.intercept(&Uri::from_static("http://host"));
        let name = self.name;
        // Without the value, which may hold a password.
        let message = match found.as_ref().map(Intercept::uri) {
            Some(url) if has_valid_port(url) && url.scheme() == Some(&Scheme::HTTP) => {
                return (self.url.clone(), None);
            }
            Some(url) if has_valid_port(url) => format!(
                "the proxy of {name} has the scheme {}, which is not supported; use one with http, \
                 or replace the network (`HttpStack`)",
                url.scheme_str().unwrap_or_default()
            ),
            _ => format!("the proxy of {name} is not a URL; write http://host:port"),
        };
        ("http://host".to_owned(), Some(message))
    }
}

/// Whether a URL has no port, or a number: the parser takes any text for one.
fn has_valid_port(url: &Uri) -> bool {
    let authority = url.authority().map(Authority::as_str);
    url.port_u16().is_some() || authority == url.host()
}

/// What decides for each request.
pub(super) struct Proxies {
    pub(super) matcher: Matcher,
    /// Why requests to `http` URLs cannot be sent, if their proxy is wrong.
    http: Option<String>,
    /// The same for `https` URLs.
    https: Option<String>,
}

impl Proxies {
    /// Why requests that go through the proxy of a URL cannot be sent.
    pub(super) fn mistake(&self, target: &Uri) -> Option<&str> {
        let is_https = target.scheme() == Some(&Scheme::HTTPS);
        if is_https { self.https.as_deref() } else { self.http.as_deref() }
    }
}

impl ProxySettings {
    /// No proxy.
    ///
    /// ```
    /// use mcp_core::http_client::ProxySettings;
    ///
    /// let direct = ProxySettings::none();
    /// ```
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Those of the environment, as other programs read them: `HTTP_PROXY`, `HTTPS_PROXY`,
    /// `ALL_PROXY` for both, and `NO_PROXY`; where one is not set, the same in lower case. In a CGI
    /// program there is none, because a header field of the request sets `HTTP_PROXY` there.
    ///
    /// ```
    /// use mcp_core::http_client::ProxySettings;
    ///
    /// // Those of the environment, and the host of a test beside what `NO_PROXY` names.
    /// let proxies = ProxySettings::from_env().except("mcp.test");
    /// ```
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
        let proxy = |name| {
            let set = |name| read(name).map(|url| Proxy { url, name });
            set(name).or_else(|| set("ALL_PROXY")).unwrap_or_default()
        };
        Self {
            http: proxy("HTTP_PROXY"),
            https: proxy("HTTPS_PROXY"),
            except: read("NO_PROXY").unwrap_or_default(),
        }
    }

    /// The proxy for requests to `http` URLs.
    ///
    /// ```
    /// use mcp_core::http_client::ProxySettings;
    ///
    /// let proxies = ProxySettings::none().http("proxy.example:3128");
    /// ```
    #[must_use]
    pub fn http(mut self, proxy: impl Into<String>) -> Self {
        self.http = Proxy { url: proxy.into(), name: "ProxySettings::http" };
        self
    }

    /// The proxy for requests to `https` URLs.
    ///
    /// ```
    /// use mcp_core::http_client::ProxySettings;
    ///
    /// let proxies = ProxySettings::none().https("http://user:password@proxy.example:3128");
    /// ```
    #[must_use]
    pub fn https(mut self, proxy: impl Into<String>) -> Self {
        self.https = Proxy { url: proxy.into(), name: "ProxySettings::https" };
        self
    }

    /// What is reached without a proxy, separated by commas: host names, which include everything
    /// below them, addresses, networks such as `10.0.0.0/8`, or `*` for everything.
    ///
    /// ```
    /// use mcp_core::http_client::ProxySettings;
    ///
    /// let proxies = ProxySettings::from_env().except("corp.example, 10.0.0.0/8, fd00::/8");
    /// ```
    #[must_use]
    pub fn except(mut self, hosts: impl Into<String>) -> Self {
        self.except = hosts.into();
        self
    }

    /// What decides for each request; `None` if there is no proxy.
    pub(super) fn proxies(&self) -> Option<Proxies> {
        if self.http.url.is_empty() && self.https.url.is_empty() {
            return None;
        }
        let ((http_url, http), (https_url, https)) = (self.http.checked(), self.https.checked());
        let builder = Matcher::builder().http(http_url).https(https_url);
        Some(Proxies { matcher: builder.no(self.except.clone()).build(), http, https })
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
            .field("http", &!self.http.url.is_empty())
            .field("https", &!self.https.url.is_empty())
            .field("except", &self.except)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(settings: &ProxySettings, target: &str) -> Option<String> {
        let found = proxy_of(&settings.proxies()?.matcher, &target.parse().unwrap())?;
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
    fn a_proxy_that_is_no_url_is_a_mistake_of_its_scheme() {
        let targets = ["http://mcp.example/x", "https://mcp.example/x"];
        let wrong =
            |name: &str| Some(format!("the proxy of {name} is not a URL; write http://host:port"));
        for url in ["http:/p:1", "htp://p:1", "http://p:port", "p 1", "http://"] {
            for (variables, expected) in [
                (&[("HTTPS_PROXY", url), ("HTTP_PROXY", "p:1")][..], [None, wrong("HTTPS_PROXY")]),
                (&[("HTTP_PROXY", url)], [wrong("HTTP_PROXY"), None]),
                (&[("all_proxy", url)], [wrong("ALL_PROXY"), wrong("ALL_PROXY")]),
            ] {
                let settings = from(variables);
                let proxies = settings.proxies().unwrap();
                let found = targets.map(|it| proxies.mistake(&it.parse().unwrap()));
                assert_eq!(found.map(|it| it.map(str::to_owned)), expected, "{variables:?}");
                // Such a request does not go directly to its host.
                for (target, mistake) in targets.iter().zip(expected) {
                    assert!(mistake.is_none() || proxy(&settings, target).is_some(), "{target}");
                }
            }
        }
        let settings = from(&[("HTTPS_PROXY", "p 1"), ("NO_PROXY", "mcp.example")]);
        assert_eq!(proxy(&settings, targets[1]), None, "it is an exception");
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
