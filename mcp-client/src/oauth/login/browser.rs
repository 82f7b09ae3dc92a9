//! The URL at which the user logs in, and the program that opens it. Spec: security best practices,
//! "Authorization URLs".
//!
//! The URL comes from a server and goes to a program of the user's system: only a plain `https` URL
//! is opened, and no shell takes part.

use std::fmt;
use std::io;
use std::path::Path;

use mcp_core::fetch::Form;
use mcp_core::text::PeerText;
use tokio::sync::oneshot;
use webbrowser::{Browser, BrowserOptions, open_browser_with_options};

use crate::http::{ShownUrl, origin};
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::fetch::Guard;

/// Where the user logs in: an `https` URL (`http` on this machine alone) of plain URL characters.
///
/// It is valid for one log-in and must not be written to logs; `Debug` shows its beginning.
///
/// ```no_run
/// # async fn example(
/// #     oauth: mcp_client::oauth::OAuth,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// let login = oauth.begin_login().await?;
/// println!("You are about to log in at {}.", login.url().origin());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationUrl(String);

impl AuthorizationUrl {
    /// An authorization endpoint, which the guard must allow, with the fields of a request.
    pub(crate) fn new(
        guard: &Guard,
        endpoint: &str,
        request: Form,
        max_bytes: usize,
    ) -> Result<Self, Error> {
        let uri = guard.check(endpoint)?;
        let invalid = |what: String| {
            let message = format!("the authorization endpoint {} {what}", ShownUrl(endpoint));
            Err(Error::new(ErrorKind::InvalidMetadata, message))
        };
        // Of two fields with one name, the server may read the one that it put there itself.
        if let Some(name) = uri.query().and_then(|query| request.first_in(query)) {
            return invalid(format!("has the field {} already", PeerText::new(&name)));
        }
        let separator = match uri.query() {
            None => "?",
            Some("") => "",
            Some(_) => "&",
        };
        let url = format!("{endpoint}{separator}{}", request.finish());
        if url.len() > max_bytes {
            return invalid(format!(
                "and its request have {} bytes; `OAuthLimits::max_authorization_url_bytes` is \
                 {max_bytes}",
                url.len()
            ));
        }
        Ok(Self(url))
    }

    /// One that was checked, and stored since.
    pub(crate) fn restore(url: String) -> Self {
        Self(url)
    }

    /// The URL.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     oauth: mcp_client::oauth::OAuth,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// let login = oauth.begin_login().await?;
    /// let link = format!("<a href=\"{}\">Log in</a>", login.url().as_str().replace('&', "&amp;"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its scheme, host and port: to show the user where they are about to log in.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     oauth: mcp_client::oauth::OAuth,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// let login = oauth.begin_login().await?;
    /// println!("Log in at {}", login.url().origin()); // "https://login.example.com"
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn origin(&self) -> &str {
        origin(&self.0)
    }
}

impl fmt::Debug for AuthorizationUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthorizationUrl({}/...)", self.origin())
    }
}

/// Browsers of terminals. `webbrowser` runs those that it knows on the standard streams of this
/// process, which may be the transport of a server.
const TEXT_BROWSERS: [&str; 9] =
    ["lynx", "links", "links2", "elinks", "w3m", "eww", "netrik", "retawq", "curl"];

/// Opens a URL in the user's browser. Completes when the browser has started.
pub(crate) async fn open_in_browser(url: &AuthorizationUrl) -> io::Result<()> {
    // It names programs on systems without one way to open URLs.
    if cfg!(all(unix, not(target_os = "macos")))
        && let Ok(browsers) = std::env::var("BROWSER")
    {
        check_browsers(&browsers)?;
    }
    let url = url.as_str().to_owned();
    let (opened, is_opened) = oneshot::channel();
    // Not a thread of the runtime, whose shutdown would wait for it.
    std::thread::Builder::new().name("mcp-open-browser".to_owned()).spawn(move || {
        // The standard streams may be the transport of a server.
        let mut options = BrowserOptions::new();
        let options = options.with_suppress_output(true);
        // An error means that no one waits any more.
        let _ = opened.send(open_browser_with_options(Browser::Default, &url, options));
    })?;
    is_opened.await.unwrap_or_else(|_| Err(io::Error::other("the browser was not opened")))
}

/// Refuses browsers of terminals in `BROWSER`, which has command lines between colons.
fn check_browsers(browsers: &str) -> io::Result<()> {
    let programs = browsers.split(':').filter_map(|it| it.split_ascii_whitespace().next());
    let mut names = programs.filter_map(|program| Path::new(program).file_name()?.to_str());
    let Some(name) = names.find(|name| TEXT_BROWSERS.contains(name)) else { return Ok(()) };
    let message = format!(
        "the browser {name}, which BROWSER names, runs in a terminal; name another one, or open \
         the URL with `OAuthBuilder::open_browser`"
    );
    Err(io::Error::new(io::ErrorKind::Unsupported, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Endpoint;
    use crate::oauth::fetch::{PrivateHosts, guard};
    use crate::oauth::limits::OAuthLimits;

    fn url(endpoint: &str) -> Result<AuthorizationUrl, Error> {
        let server = Endpoint::parse("https://mcp.example").unwrap();
        let guard = guard(&server, PrivateHosts::default(), &OAuthLimits::new());
        let request = Form::new().with("client_id", "b c&d").with("state", "s");
        AuthorizationUrl::new(&guard, endpoint, request, 200)
    }

    #[test]
    fn a_request_follows_the_query_of_the_endpoint() {
        let request = "client_id=b+c%26d&state=s";
        for (endpoint, expected) in [
            ("https://a.example", "https://a.example?"),
            ("https://a.example/x", "https://a.example/x?"),
            ("https://a.example/x?", "https://a.example/x?"),
            ("https://a.example/x?t=1", "https://a.example/x?t=1&"),
        ] {
            assert_eq!(url(endpoint).unwrap().as_str(), format!("{expected}{request}"));
        }
        assert_eq!(url("https://a.example:8/x").unwrap().origin(), "https://a.example:8");
        let shown = format!("{:?}", url("https://a.example/x").unwrap());
        assert_eq!(shown, "AuthorizationUrl(https://a.example/...)");
    }

    #[test]
    fn an_endpoint_that_has_a_field_of_the_request_is_refused() {
        for query in ["client_id=evil", "t=1&client%5Fid=evil", "state", "t=1&state=", "client_id"]
        {
            let error = url(&format!("https://a.example/x?{query}")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidMetadata, "{query}");
            assert!(!error.to_string().contains("evil"), "{error}");
        }
        assert!(url("https://a.example/x?client=1&client_id2=x").is_ok());
    }

    #[test]
    fn a_url_is_as_long_as_the_limit_at_most() {
        let long = format!("https://a.example/{}", "x".repeat(200));
        let error = url(&long).unwrap_err();
        assert!(error.to_string().contains("max_authorization_url_bytes"), "{error}");
    }

    #[test]
    fn only_plain_https_urls_are_opened() {
        // The rules have their own tests; these show that they are applied.
        for bad in [
            "javascript:alert(1)",
            "file:///etc/passwd",
            "http://a.example/",
            "https://a.example/`id`",
            "",
        ] {
            assert_eq!(url(bad).unwrap_err().kind(), ErrorKind::ForbiddenUrl, "{bad}");
        }
    }

    #[test]
    fn a_browser_that_needs_the_terminal_is_refused() {
        for (browsers, refused) in [
            ("", None),
            ("firefox", None),
            ("/usr/bin/firefox --new-window %s:chromium", None),
            ("links-wrapper:/opt/w3m/firefox", None),
            ("w3m", Some("w3m")),
            ("/usr/bin/w3m -o x=y %s", Some("w3m")),
            ("firefox: lynx", Some("lynx")),
            ("elinks:firefox", Some("elinks")),
        ] {
            let error = check_browsers(browsers).err().map(|error| error.to_string());
            assert_eq!(error.is_some(), refused.is_some(), "{browsers}");
            for (error, name) in error.into_iter().zip(refused) {
                assert!(error.contains(&format!("the browser {name},")), "{error}");
                assert!(error.contains("OAuthBuilder::open_browser"), "{error}");
            }
        }
    }
}
