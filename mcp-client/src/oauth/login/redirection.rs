//! How the user gets to the authorization server and back: a browser and a listener, or the
//! application's own way.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use mcp_core::service::BoxFuture;

use super::browser::{AuthorizationUrl, open_in_browser};
use super::loopback::{Listener, Loopback};
use super::request::AuthorizationRequest;
use crate::http::{BoxError, Endpoint, scheme};
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::limits::OAuthLimits;

/// What opens a URL in the user's browser.
#[derive(Clone)]
pub(crate) enum Open {
    /// The browser that the system names.
    System,
    /// A function of the application.
    Application(Arc<OpenFn>),
}

type OpenFn = dyn Fn(&AuthorizationUrl) -> io::Result<()> + Send + Sync;

impl Open {
    async fn open(&self, url: &AuthorizationUrl) -> io::Result<()> {
        match self {
            Self::System => open_in_browser(url).await,
            Self::Application(open) => open(url),
        }
    }
}

/// Takes the user to a URL, and returns the URL that the user was redirected to.
pub(crate) type Visit =
    Arc<dyn Fn(AuthorizationUrl) -> BoxFuture<'static, Result<String, BoxError>> + Send + Sync>;

/// How the user gets there and back.
#[derive(Clone)]
pub(crate) enum Redirection {
    /// The browser goes there and returns to a listener.
    Loopback { loopback: Loopback, open: Open },
    /// The application does both.
    Application { uri: String, visit: Visit },
    /// The application does both, when its user wants to and not for a call.
    Host { uri: String },
}

/// A redirection that is ready: its URI is known.
pub(crate) enum ReadyRedirection {
    Loopback { listener: Listener, open: Open },
    Application { uri: String, visit: Visit },
}

impl Redirection {
    /// Gets ready, with a redirect URI that was registered before if that is possible.
    pub(crate) async fn prepare(
        &self,
        registered: Option<&str>,
        limits: &OAuthLimits,
    ) -> Result<ReadyRedirection, Error> {
        match self {
            Self::Loopback { loopback, open } => {
                let listener = loopback.listen(registered, limits).await.map_err(|error| {
                    let message = "no port on 127.0.0.1 is available for the browser to return to";
                    Error::new(ErrorKind::Configuration, message).with_source(error)
                })?;
                Ok(ReadyRedirection::Loopback { listener, open: open.clone() })
            }
            Self::Application { uri, visit } => {
                check_redirect_uri(uri)?;
                let (uri, visit) = (uri.clone(), Arc::clone(visit));
                Ok(ReadyRedirection::Application { uri, visit })
            }
            Self::Host { .. } => Err(login_required()),
        }
    }

    /// The redirect URI of a log-in that the application takes its user through.
    pub(crate) fn host_uri(&self) -> Result<&str, Error> {
        match self {
            Self::Application { uri, .. } | Self::Host { uri } => {
                check_redirect_uri(uri)?;
                Ok(uri)
            }
            Self::Loopback { .. } => {
                let message = "a log-in of the application's own interface needs a redirect URI: \
                               set `OAuthBuilder::host_login`";
                Err(Error::new(ErrorKind::Configuration, message))
            }
        }
    }
}

fn listener_failed(error: io::Error) -> Error {
    let message = "the listener that the browser returns to failed";
    Error::new(ErrorKind::Configuration, message).with_source(error)
}

/// The error of a call that cannot go on without the user.
fn login_required() -> Error {
    let message = "the user has to log in; begin that with `OAuth::begin_login`";
    Error::new(ErrorKind::LoginRequired, message)
}

fn check_redirect_uri(uri: &str) -> Result<(), Error> {
    if is_redirect_uri(uri) {
        return Ok(());
    }
    let message = format!(
        "{uri:?} cannot be a redirect URI: one on another machine must begin with https://, so \
         that the code is not sent unencrypted"
    );
    Err(Error::new(ErrorKind::Configuration, message))
}

/// The query of the URL that a user was redirected to.
pub(crate) fn query_of(url: &str) -> Result<&str, Error> {
    let url = url.split('#').next().unwrap_or_default();
    url.split_once('?').map(|(_, query)| query).ok_or_else(|| {
        let message = "the redirect URL from the application has no query";
        Error::new(ErrorKind::Forged, message)
    })
}

/// Whether a URI has a scheme of its own, or `https`, or `http` on this machine, and no fragment.
fn is_redirect_uri(uri: &str) -> bool {
    let Some(scheme) = scheme(uri) else { return false };
    let is_loopback = || Endpoint::parse(uri).is_ok_and(|uri| uri.is_loopback());
    !uri.contains('#') && (!scheme.eq_ignore_ascii_case("http") || is_loopback())
}

impl ReadyRedirection {
    /// The redirect URI.
    pub(crate) fn uri(&self) -> &str {
        match self {
            Self::Loopback { listener, .. } => listener.uri(),
            Self::Application { uri, .. } => uri,
        }
    }

    /// Takes the user to the authorization server and waits for the answer: the query of the
    /// redirect URI.
    pub(crate) async fn answer(self, request: &AuthorizationRequest) -> Result<String, Error> {
        match self {
            Self::Loopback { listener, open } => {
                let state = request.state();
                let mut query = pin!(listener.query(move |query| state.matches(query)));
                let opened = tokio::select! {
                    query = &mut query => return query.map_err(listener_failed),
                    opened = open.open(request.url()) => opened,
                };
                opened.map_err(|error| {
                    let message = "the browser could not be opened; `OAuthBuilder::open_browser` \
                                   can show the URL instead";
                    Error::new(ErrorKind::Configuration, message).with_source(error)
                })?;
                query.await.map_err(listener_failed)
            }
            Self::Application { visit, .. } => {
                let url = visit(request.url().clone()).await.map_err(|error| {
                    let message = "the application did not take the user to the log-in";
                    Error::new(ErrorKind::Denied, message).with_source(error)
                })?;
                query_of(&url).map(str::to_owned)
            }
        }
    }
}
