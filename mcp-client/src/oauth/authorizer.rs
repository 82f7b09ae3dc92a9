//! The authorizer of one connection.

use std::fmt;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use tokio::sync::watch;

use super::acquire::{Acquirer, Flights};
use super::environment::Environment;
use super::error::{Error, ErrorKind};
use super::fetch::{Fetcher, guard};
use super::grant::AuthorizationGrant;
use super::options::Options;
use super::proof::Dpop;
use super::token::{Bearer, Presentation};
use crate::http::{Authorizer, Binding, BoxError, Endpoint, Refusal, Verdict};

/// Authorization the way the server asks for: OAuth 2.1.
///
/// Nothing happens until a server refuses a request. Then its authorization server is discovered,
/// the client registered if need be, a token obtained and stored, and the request sent again; later
/// the token is refreshed, and replaced when the server wants more scopes or has moved to another
/// authorization server. Calls that need a token at the same time wait for the same one.
///
/// An authorizer is for one connection. Authorizers that share a
/// [store](super::CredentialStore) share the tokens for the same server and
/// [principal](super::OAuthBuilder::principal).
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
pub struct OAuth {
    grant: Arc<dyn AuthorizationGrant>,
    options: Options,
    /// Made when the server is known.
    flights: OnceLock<Flights>,
    closed: watch::Receiver<()>,
    /// Dropped with the authorizer, which ends a log-in that no call waits for any more.
    _open: watch::Sender<()>,
}

impl OAuth {
    pub(super) fn new(grant: impl AuthorizationGrant, options: Options) -> Self {
        let (open, closed) = watch::channel(());
        Self { grant: Arc::new(grant), options, flights: OnceLock::new(), closed, _open: open }
    }

    fn flights(&self) -> Result<&Flights, Error> {
        self.flights.get().ok_or_else(|| {
            let message = "the authorizer was not bound to a server (`Authorizer::bind`)";
            Error::new(ErrorKind::Configuration, message)
        })
    }

    fn bound_to(&self, binding: &Binding) -> Flights {
        let options = &self.options;
        let limits = binding.limits().oauth.clone();
        let (hosts, endpoint) = (options.private_hosts.clone(), binding.endpoint());
        let guard = guard(endpoint, hosts, &limits);
        let fetcher = match &options.stack {
            Some(stack) => Fetcher::new(Arc::clone(stack), guard, &(&limits).into()),
            None => Fetcher::over_network(guard, &(&limits).into()),
        };
        let presentation: Arc<dyn Presentation> = match &options.dpop {
            Some(key) => Arc::new(Dpop::new(key.clone(), options.dpop_content_digest)),
            None => Arc::new(Bearer),
        };
        let environment = Environment {
            binding: binding.clone(),
            limits,
            fetcher,
            presentation,
            store: Arc::clone(&options.store),
            principal: options.principal.clone(),
            bound_issuer: OnceLock::new(),
        };
        let acquirer = Acquirer::new(
            environment,
            Arc::clone(&self.grant),
            options.scopes.clone(),
            options.resource.clone(),
            options.fallback,
        );
        Flights::new(acquirer, self.closed.clone())
    }
}

#[async_trait]
impl Authorizer for OAuth {
    fn bind(&self, binding: &Binding) -> Result<(), BoxError> {
        let flights = self.flights.get_or_init(|| self.bound_to(binding));
        let environment = &flights.acquirer().environment;
        check_endpoint(environment, binding.endpoint())
            .map_err(|message| Error::new(ErrorKind::Configuration, message).into())
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
        let Some(flights) = self.flights.get() else { return };
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
             this machine, and for private hosts in `OAuthBuilder::allow_private_hosts`)"
        ));
    }
    Ok(())
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let acquirer = self.flights.get().map(Flights::acquirer);
        f.debug_struct("OAuth")
            .field("server", &acquirer.map(|it| it.environment.endpoint()))
            .field("token", &acquirer.is_some_and(|it| it.held().is_some()))
            .finish_non_exhaustive()
    }
}
