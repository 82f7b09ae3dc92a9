//! How the user gets to the authorization server and the answer back: a browser and a listener, or the host's own way.

use std::io;
use std::sync::Arc;

use mcp_core::service::BoxFuture;

use super::authorization_request::AuthorizationRequest;
use super::browser::AuthorizationUrl;
use super::error::{Error, ErrorKind};
use super::loopback::{Listener, Loopback};
use crate::http::{BoxError, Endpoint};

/// Opens a URL in the user's browser.
pub(crate) type Open = Arc<dyn Fn(&AuthorizationUrl) -> io::Result<()> + Send + Sync>;
/// Takes the user to a URL and gives the one to which the user was sent back.
pub(crate) type Visit =
    Arc<dyn Fn(AuthorizationUrl) -> BoxFuture<'static, Result<String, BoxError>> + Send + Sync>;

/// How the user gets there and back.
#[derive(Clone)]
pub(crate) enum Redirection {
    /// The browser goes there and comes back to a listener.
    Loopback { loopback: Loopback, open: Open },
    /// The host does it all.
    Host { uri: String, visit: Visit },
}

/// A redirection that is ready: its URI is known.
pub(crate) enum Redirect {
    Loopback { listener: Listener, open: Open },
    Host { uri: String, visit: Visit },
}

impl Redirection {
    /// Gets ready, with a redirect URI that was registered before if that can be.
    pub(crate) async fn begin(&self, registered: Option<&str>) -> Result<Redirect, Error> {
        match self {
            Self::Loopback { loopback, open } => {
                let listener = loopback.listen(registered).await.map_err(|error| {
                    let message = "there is no port on 127.0.0.1 for the browser to come back to";
                    Error::new(ErrorKind::Configuration, message).because(error)
                })?;
                Ok(Redirect::Loopback { listener, open: Arc::clone(open) })
            }
            Self::Host { uri, .. } if !is_redirect_uri(uri) => {
                let message = format!(
                    "{uri:?} can be no redirect URI: one that leaves this machine must begin with https://, so that \
                     nobody on the way gets the code"
                );
                Err(Error::new(ErrorKind::Configuration, message))
            }
            Self::Host { uri, visit } => {
                Ok(Redirect::Host { uri: uri.clone(), visit: Arc::clone(visit) })
            }
        }
    }
}

/// Whether a URI is one of a scheme of its own, of `https`, or of `http` on this machine; without a fragment.
fn is_redirect_uri(uri: &str) -> bool {
    let has_scheme = uri.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    let is_plain = uri.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:"));
    let is_here = || Endpoint::parse(uri).is_ok_and(|uri| uri.is_loopback());
    has_scheme && !uri.contains('#') && (!is_plain || is_here())
}

impl Redirect {
    /// The redirect URI.
    pub(crate) fn uri(&self) -> &str {
        match self {
            Self::Loopback { listener, .. } => listener.uri(),
            Self::Host { uri, .. } => uri,
        }
    }

    /// Takes the user to the authorization server and waits for the answer: the query of the redirect URI.
    pub(crate) async fn answer(self, request: &AuthorizationRequest) -> Result<String, Error> {
        match self {
            Self::Loopback { listener, open } => {
                open(request.url()).map_err(|error| {
                    let message = "the browser could not be opened; OAuthBuilder::open_browser can show the URL instead";
                    Error::new(ErrorKind::Configuration, message).because(error)
                })?;
                let state = request.state_check();
                listener.query(move |query| state.matches(query)).await.map_err(|error| {
                    Error::new(ErrorKind::Configuration, "the listener for the browser failed")
                        .because(error)
                })
            }
            Self::Host { visit, .. } => {
                let url = visit(request.url().clone()).await.map_err(|error| {
                    Error::new(ErrorKind::Denied, "the host did not take the user to the log-in")
                        .because(error)
                })?;
                let url = url.split('#').next().unwrap_or_default();
                match url.split_once('?') {
                    Some((_, query)) => Ok(query.to_owned()),
                    None => {
                        let message = "the redirect URL that the host gave has no query";
                        Err(Error::new(ErrorKind::Forged, message))
                    }
                }
            }
        }
    }
}
