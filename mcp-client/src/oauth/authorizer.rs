//! The authorizer of one connection.

use std::fmt;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use tokio::sync::watch;

use super::acquire::{Acquirer, Flights};
use super::bindings::Bindings;
use super::environment::Environment;
use super::error::{Error, ErrorKind};
use super::fetch::{Fetcher, guard};
use super::grant::AuthorizationGrant;
use super::limits::OAuthLimits;
use super::options::Options;
use super::proof::Dpop;
use super::token::{Bearer, Presentation};
use crate::Limits;
use crate::http::{Authorizer, Binding, BoxError, Endpoint, ProxySettings, Refusal, Verdict};

/// Authorization the way the server asks for: OAuth 2.1.
///
/// Nothing happens until a server refuses a request. Then its authorization server is discovered,
/// the client registered if need be, a token obtained and stored, and the request sent again; later
/// the token is refreshed, and replaced when the server wants more scopes or has moved to another
/// authorization server. Calls that need a token at the same time wait for the same one.
///
/// An authorizer is for one server and one user; a clone is another handle of the same one, such as
/// for the next connection or for the interface of an application, which asks for
/// [`OAuth::status`], begins a log-in ([`OAuth::begin_login`]) and ends it ([`OAuth::logout`]).
/// Authorizers that share a [store](super::CredentialStore) share the tokens for the same server
/// and [principal](super::OAuthBuilder::principal).
///
/// ```no_run
/// use mcp_client::Client;
/// use mcp_client::oauth::OAuth;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let oauth = OAuth::authorization_code().client_name("Notes").build();
/// let client =
///     Client::builder().authorizer(oauth).connect_http("https://mcp.example.com/mcp").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct OAuth(Arc<Inner>);

struct Inner {
    grant: Arc<dyn AuthorizationGrant>,
    options: Options,
    /// Made when the server is known.
    flights: OnceLock<Flights>,
    closed: watch::Receiver<()>,
    /// Dropped with the last handle, which ends a log-in that no call waits for any more.
    _open: watch::Sender<()>,
}

impl OAuth {
    pub(super) fn new(grant: impl AuthorizationGrant, options: Options) -> Self {
        let (open, closed) = watch::channel(());
        let (grant, flights) = (Arc::new(grant), OnceLock::new());
        Self(Arc::new(Inner { grant, options, flights, closed, _open: open }))
    }

    fn flights(&self) -> Result<&Flights, Error> {
        self.0.flights.get().ok_or_else(|| {
            let message = "the authorizer does not know its server yet: connect with it, or build \
                           it with `OAuthBuilder::build_for`";
            Error::new(ErrorKind::Configuration, message)
        })
    }

    pub(super) fn acquirer(&self) -> Result<&Arc<Acquirer>, Error> {
        self.flights().map(Flights::acquirer)
    }

    /// Serves a server that there is no connection to yet.
    pub(super) fn bind_to(&self, url: &str) -> Result<(), Error> {
        let endpoint = Endpoint::parse(url)
            .map_err(|error| Error::new(ErrorKind::Configuration, error.to_string()))?;
        self.bind_endpoint(&endpoint, &Limits::new().oauth).map(drop)
    }

    fn bind_endpoint(&self, endpoint: &Endpoint, limits: &OAuthLimits) -> Result<&Flights, Error> {
        let check = |flights: &Flights| {
            check_endpoint(&flights.acquirer().environment, endpoint)
                .map_err(|message| Error::new(ErrorKind::Configuration, message))
        };
        if self.0.flights.get().is_none() {
            // A server that is refused leaves the authorizer free for another one.
            let flights = self.bound_to(endpoint, limits);
            check(&flights)?;
            let _ = self.0.flights.set(flights); // Another thread may have been quicker.
        }
        let flights = self.flights()?;
        check(flights)?;
        Ok(flights)
    }

    fn bound_to(&self, endpoint: &Endpoint, limits: &OAuthLimits) -> Flights {
        let options = &self.0.options;
        let limits = options.limits.as_ref().unwrap_or(limits).clone();
        let guard = guard(endpoint, options.private_hosts.clone(), &limits);
        let fetcher = match &options.stack {
            Some(stack) => Fetcher::new(Arc::clone(stack), guard, &(&limits).into()),
            None => {
                let proxies = options.proxies.clone().unwrap_or_else(ProxySettings::from_env);
                Fetcher::over_proxies(guard, &(&limits).into(), &proxies)
            }
        };
        let presentation: Arc<dyn Presentation> = match &options.dpop {
            Some(key) => Arc::new(Dpop::new(key.clone(), options.dpop_content_digest)),
            None => Arc::new(Bearer),
        };
        let environment = Environment {
            bindings: Bindings::new(endpoint.clone()),
            limits,
            fetcher,
            presentation,
            store: Arc::clone(&options.store),
            principal: options.principal.clone(),
            bound_issuer: OnceLock::new(),
        };
        let (grant, closed) = (Arc::clone(&self.0.grant), self.0.closed.clone());
        Flights::new(Acquirer::new(environment, grant, options, closed))
    }
}

#[async_trait]
impl Authorizer for OAuth {
    fn bind(&self, binding: &Binding) -> Result<(), BoxError> {
        let flights = self.bind_endpoint(binding.endpoint(), &binding.limits().oauth)?;
        flights.acquirer().environment.bindings.add(binding);
        Ok(())
    }

    async fn authorize(&self, request: &mut Request<Bytes>) -> Result<(), BoxError> {
        let flights = self.flights()?;
        let acquirer = flights.acquirer();
        let environment = &acquirer.environment;
        if !environment.endpoint().is_same_origin(request.uri()) {
            let endpoint = environment.endpoint();
            let message = format!("a token for {endpoint} must not be sent to another origin");
            return Err(Error::new(ErrorKind::Configuration, message).into());
        }
        if let Some(flight) = flights.renewal()
            && let Err(error) = flight.await
        {
            // The server may still accept the old token; otherwise it refuses the request.
            tracing::debug!(%error, "the token could not be renewed in time");
        }
        match acquirer.held() {
            Some(held) => Ok(environment.presentation.present(&held.token, request)?),
            None => Ok(()),
        }
    }

    async fn refused(&self, refusal: &Refusal) -> Result<Verdict, BoxError> {
        let flights = self.flights()?;
        // The transport bounds how often, as for every refusal.
        let presentation = &flights.acquirer().environment.presentation;
        if refusal.authorization.is_some()
            && presentation.needs_new_proof(refusal.status, &refusal.headers)
        {
            return Ok(Verdict::Retry);
        }
        match flights.after_refusal(refusal)? {
            Some(flight) => {
                flight.await?;
                Ok(Verdict::Retry)
            }
            None => Ok(Verdict::GiveUp),
        }
    }

    fn answered(&self, status: StatusCode, headers: &HeaderMap) {
        let Some(flights) = self.0.flights.get() else { return };
        flights.acquirer().environment.presentation.server_answered(status, headers);
        let is_refusal = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        if !is_refusal && !status.is_server_error() {
            flights.acquirer().accepted();
        }
    }
}

/// Whether the credentials of an environment are for a server, and may be sent to it.
fn check_endpoint(environment: &Environment, endpoint: &Endpoint) -> Result<(), String> {
    if environment.endpoint() != endpoint {
        return Err(format!(
            "this authorizer has credentials for {}; build another one for {endpoint}",
            environment.endpoint()
        ));
    }
    let is_plain = endpoint.uri().scheme_str() == Some("http");
    if is_plain && !endpoint.is_loopback() && !environment.fetcher.guard().is_plain(endpoint.uri())
    {
        return Err(format!(
            "a token for {endpoint} would cross the network unencrypted: use https (http is for \
             this machine, and for hosts in `OAuthBuilder::allow_private_hosts` whose name or \
             address is private, such as notes.internal)"
        ));
    }
    Ok(())
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let acquirer = self.0.flights.get().map(Flights::acquirer);
        f.debug_struct("OAuth")
            .field("server", &acquirer.map(|it| it.environment.endpoint()))
            .field("token", &acquirer.is_some_and(|it| it.held().is_some()))
            .finish_non_exhaustive()
    }
}
