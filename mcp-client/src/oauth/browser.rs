//! The URL at which the user logs in, and what opens it. Spec: security best practices, "Authorization URLs".
//!
//! The URL comes from a server and goes to a program of the user's system: it is a plain `https` URL, or nothing is
//! opened, and there is no shell on the way.

use std::fmt;
use std::io;
use std::process::Stdio;

use tokio::process::Command;

use super::discovery::origin;
use super::error::{Error, ErrorKind};
use super::form::Form;
use super::guard::Guard;

/// The longest URL that is opened, in bytes.
const LONGEST: usize = 16 << 10;

/// Where the user logs in: an `https` URL (`http` on this machine alone) of plain URL characters.
///
/// It is good for one log-in and is not to be written to logs; `Debug` shows its beginning.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationUrl(String);

impl AuthorizationUrl {
    /// An authorization endpoint, which the rules for URLs of servers must allow, with the fields of a request.
    pub(crate) fn new(guard: &Guard, endpoint: &str, request: Form) -> Result<Self, Error> {
        let uri = guard.check(endpoint)?;
        let separator = match uri.query() {
            None => "?",
            Some("") => "",
            Some(_) => "&",
        };
        let url = format!("{endpoint}{separator}{}", request.finish());
        if url.len() > LONGEST {
            let message = format!("the request for {} is too long for a browser", origin(endpoint));
            return Err(Error::new(ErrorKind::InvalidMetadata, message));
        }
        Ok(Self(url))
    }

    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its scheme, host and port: to show the user where they are about to log in.
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

/// Opens a URL with the program that the user's system has for it.
pub(crate) fn open(url: &AuthorizationUrl) -> io::Result<()> {
    let mut command = if cfg!(target_os = "macos") {
        Command::new("/usr/bin/open")
    } else if cfg!(windows) {
        let mut command = Command::new("rundll32.exe");
        command.arg("url.dll,FileProtocolHandler");
        command
    } else {
        Command::new("xdg-open")
    };
    // The standard streams may be the transport of a server.
    command.arg(url.as_str()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut opener = command.spawn()?;
    // It may run as long as the browser does. Where there is none it says so soon, and the user waits for nothing.
    tokio::spawn(async move {
        if let Ok(status) = opener.wait().await
            && !status.success()
        {
            tracing::warn!(%status, "no browser was opened; OAuthBuilder::open_browser can show the URL instead");
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Endpoint;

    fn url(endpoint: &str) -> Result<AuthorizationUrl, Error> {
        let guard = Guard::new(&Endpoint::parse("https://mcp.example").unwrap(), false);
        AuthorizationUrl::new(&guard, endpoint, Form::new().with("a", "b c&d"))
    }

    #[test]
    fn requests_go_behind_what_is_there() {
        assert_eq!(url("https://a.example").unwrap().as_str(), "https://a.example?a=b+c%26d");
        assert_eq!(url("https://a.example/x").unwrap().as_str(), "https://a.example/x?a=b+c%26d");
        assert_eq!(url("https://a.example/x?").unwrap().as_str(), "https://a.example/x?a=b+c%26d");
        assert_eq!(
            url("https://a.example/x?t=1").unwrap().as_str(),
            "https://a.example/x?t=1&a=b+c%26d"
        );
        assert_eq!(url("https://a.example:8/x").unwrap().origin(), "https://a.example:8");
        assert_eq!(
            format!("{:?}", url("https://a.example/x").unwrap()),
            "AuthorizationUrl(https://a.example/...)"
        );
    }

    #[test]
    fn nothing_else_is_opened() {
        // The rules have their own tests; these show that they are asked.
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
}
