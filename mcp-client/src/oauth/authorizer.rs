//! The authorizer: what a connection knows of its token, and one flight for all who need another.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::Shared;
use http::{HeaderMap, Request, StatusCode};
use mcp_core::oauth::Challenge;
use mcp_core::service::BoxFuture;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use super::acquire::{Held, Need, Refused};
use super::authorization_code::AuthorizationCode;
use super::builder::{OAuthBuilder, Options};
use super::environment::Environment;
use super::error::{Error, ErrorKind};
use super::fetch::Fetch;
use super::grant::Grant;
use super::guard::Guard;
use super::step_up::{Attempts, Operation};
use crate::http::{Authorizer, BoxError, Endpoint, Refusal, Verdict};

/// How long it may take to get a token, whatever happens; the user's part has a time of its own, which is shorter
/// unless the host says otherwise.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(3_600);
/// How long after a renewal that failed the next one is tried, while the token is still good.
const RENEW_AGAIN: Duration = Duration::from_secs(30);
/// How long a token must have worked, so that the authorization for it is not counted any more.
const WORKED_FOR: Duration = Duration::from_secs(60);

/// Authorization the way the server asks for: OAuth 2.1.
///
/// Nothing happens until a server refuses a request. Then its authorization server is looked for, the client
/// registered if need be, a token got and kept, and the request sent again; later the token is refreshed, and replaced
/// when the server wants more scopes or has moved to another authorization server. Calls that need a token at the same
/// time wait for one and the same.
///
/// An authorizer is for one connection. Where several share a [store](super::CredentialStore), they share their tokens.
///
/// ```no_run
/// use mcp_client::Client;
/// use mcp_client::oauth::OAuth;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let oauth = OAuth::authorization_code().client_name("Notes").build();
/// let client = Client::builder().authorizer(oauth).connect_http("https://mcp.example.com/mcp").await?;
/// # Ok(())
/// # }
/// ```
pub struct OAuth {
    inner: Arc<Inner>,
    /// Dropped with the authorizer, which ends a log-in that nobody waits for any more.
    _open: watch::Sender<()>,
}

/// What flights share with the authorizer.
pub(crate) struct Inner {
    pub(crate) grant: Box<dyn Grant>,
    pub(crate) scope: Option<String>,
    pub(crate) fallback: bool,
    options: Options,
    /// Made when the server is known.
    environment: OnceLock<Environment>,
    state: Mutex<State>,
    closed: watch::Receiver<()>,
}

/// What is known of the token.
#[derive(Default)]
pub(crate) struct State {
    /// The token in use.
    pub(crate) held: Option<Arc<Held>>,
    /// Whether the server has taken it.
    pub(crate) works: bool,
    pub(crate) attempts: Attempts,
    /// What gets another token just now.
    flight: Option<Flight>,
    /// When a renewal is tried again.
    renew_at: Option<Instant>,
}

type Flight = Shared<BoxFuture<'static, Result<(), Error>>>;

impl State {
    /// Holds no token any more.
    pub(crate) fn let_go(&mut self) {
        self.held = None;
        self.works = false;
    }
}

impl OAuth {
    /// A user logs in with a browser: for desktop programs, command lines and web applications.
    pub fn authorization_code() -> OAuthBuilder<AuthorizationCode> {
        OAuthBuilder::new(AuthorizationCode::new())
    }

    pub(crate) fn new(grant: impl Grant, mut options: Options) -> Self {
        let (open, closed) = watch::channel(());
        let inner = Inner {
            grant: Box::new(grant),
            scope: options.scope.take(),
            fallback: options.fallback,
            options,
            environment: OnceLock::new(),
            state: Mutex::default(),
            closed,
        };
        Self { inner: Arc::new(inner), _open: open }
    }
}

impl Authorizer for OAuth {
    fn bind(&self, endpoint: &Endpoint) -> Result<(), BoxError> {
        let options = &self.inner.options;
        let environment = self.inner.environment.get_or_init(|| {
            let guard = Guard::new(endpoint, options.private_networks);
            Environment {
                endpoint: endpoint.clone(),
                fetch: match &options.stack {
                    Some(stack) => Fetch::new(Arc::clone(stack), guard),
                    None => Fetch::over_network(guard),
                },
                presentation: Arc::clone(&options.presentation),
                store: Arc::clone(&options.store),
                bound_issuer: OnceLock::new(),
            }
        });
        let wrong = |message: String| Err(Error::new(ErrorKind::Configuration, message).into());
        if environment.endpoint != *endpoint {
            return wrong(format!(
                "this authorizer has credentials for {}; make another one for {endpoint}",
                environment.endpoint
            ));
        }
        let is_plain = endpoint.uri().scheme_str() == Some("http");
        if is_plain
            && !endpoint.is_loopback()
            && !environment.fetch.guard().is_plain_server(endpoint.uri())
        {
            return wrong(format!(
                "a token for {endpoint} could be read by anybody on the way: use https (http is for this machine, and \
                 for private networks where the authorizer allows them)"
            ));
        }
        Ok(())
    }

    fn authorize<'a>(
        &'a self,
        request: &'a mut Request<Bytes>,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let environment = self.inner.environment()?;
            if !environment.endpoint.is_same_origin(request.uri()) {
                let message = format!("a token for {} must not go elsewhere", environment.endpoint);
                return Err(Error::new(ErrorKind::Configuration, message).into());
            }
            if let Some(flight) = self.inner.renewal()
                && let Err(error) = flight.await
            {
                // The old token may still do; if not, the server says so.
                tracing::debug!(%error, "the token could not be renewed in time");
            }
            match self.inner.state(|state| state.held.clone()) {
                Some(held) => Ok(environment.presentation.present(&held.token, request)?),
                None => Ok(()),
            }
        })
    }

    fn refused<'a>(&'a self, refusal: &'a Refusal) -> BoxFuture<'a, Result<Verdict, BoxError>> {
        Box::pin(async move {
            let environment = self.inner.environment()?;
            // The bound on how often is the transport's, as for every refusal.
            if refusal.authorization.is_some()
                && environment.presentation.wants_new_proof(refusal.status, &refusal.headers)
            {
                return Ok(Verdict::Retry);
            }
            match self.inner.answer_to(refusal)? {
                Some(flight) => {
                    flight.await?;
                    Ok(Verdict::Retry)
                }
                None => Ok(Verdict::GiveUp),
            }
        })
    }

    fn answered(&self, status: StatusCode, headers: &HeaderMap) {
        if let Some(environment) = self.inner.environment.get() {
            environment.presentation.server_answered(status, headers);
        }
        if !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
            && !status.is_server_error()
        {
            self.inner.state(|state| state.works = state.held.is_some());
        }
    }
}

impl Inner {
    /// What flows need.
    pub(crate) fn environment(&self) -> Result<&Environment, Error> {
        let unbound = || {
            Error::new(ErrorKind::Configuration, "the authorizer was not told its server (bind)")
        };
        self.environment.get().ok_or_else(unbound)
    }

    /// Looks at the state, for a moment.
    pub(crate) fn state<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Holds a token from now on.
    pub(crate) fn hold(&self, held: Held) {
        self.state(|state| {
            state.held = Some(Arc::new(held));
            state.works = false;
            state.renew_at = None;
        });
    }

    /// What gets the next token, if it is time.
    fn renewal(self: &Arc<Self>) -> Option<Flight> {
        let now = self.environment.get()?.now();
        self.state(|state| {
            let held = state.held.as_ref()?;
            let can = held.token.refresh.is_some() || !self.grant.is_interactive();
            if !can || !held.token.is_due(now) {
                return None;
            }
            if let Some(flight) = &state.flight {
                // It may wait for a user; while the token is good, nobody has to wait with it.
                return held.token.is_over(now).then(|| flight.clone());
            }
            if state.renew_at.is_some_and(|at| Instant::now() < at) {
                return None;
            }
            state.renew_at = Some(Instant::now() + RENEW_AGAIN);
            Some(self.join(state, Need::Renewal))
        })
    }

    /// What gets a token that the server does not refuse, or `None` if there is none to be had.
    fn answer_to(self: &Arc<Self>, refusal: &Refusal) -> Result<Option<Flight>, Error> {
        let challenges = Challenge::of(&refusal.headers);
        let ours = |challenge: &&Challenge| challenge.is("Bearer") || challenge.is("DPoP");
        let wants_scope = |challenge: &&Challenge| {
            ours(challenge) && challenge.get("error") == Some("insufficient_scope")
        };
        let refused = |challenge: Option<&Challenge>| Refused {
            authorization: refusal.authorization.clone(),
            operation: Operation { method: refusal.method.clone(), name: refusal.name.clone() },
            challenge: challenge.cloned(),
        };
        let need = match refusal.status {
            StatusCode::UNAUTHORIZED => {
                let challenge = challenges.iter().find(ours);
                if let (None, Some(other)) = (challenge, challenges.first()) {
                    let message = format!(
                        "the server wants authorization by {}, not by OAuth",
                        super::error::printable(other.scheme())
                    );
                    return Err(Error::new(ErrorKind::Configuration, message));
                }
                Need::Token(refused(challenge))
            }
            StatusCode::FORBIDDEN => {
                let Some(challenge) = challenges.iter().find(wants_scope) else { return Ok(None) };
                let wanted = super::scope::union(challenge.get("scope"));
                if wanted.is_empty() {
                    return Ok(None);
                }
                Need::Scope(refused(Some(challenge)), wanted)
            }
            _ => return Ok(None),
        };
        Ok(Some(self.state(|state| {
            if let Some(held) = &state.held {
                if held.token.header().ok() != refusal.authorization {
                    // Another call has got another token since.
                    return std::future::ready(Ok(())).boxed().shared();
                }
                // A token that has worked for a while does not count as an attempt that failed.
                let age = self
                    .environment
                    .get()
                    .and_then(|it| it.now().duration_since(held.token.issued).ok());
                let worked = state.works && age.is_some_and(|age| age >= WORKED_FOR);
                if worked && let Need::Token(refused) = &need {
                    state.attempts.forget(&refused.operation);
                }
            }
            self.join(state, need)
        })))
    }

    /// Joins the flight that is under way, or starts one. It is a task of its own: the call that needed it first may
    /// be given up, but a refresh token that is used once must not be lost with it.
    fn join(self: &Arc<Self>, state: &mut State, need: Need) -> Flight {
        // One that ended and is still here was a task of a runtime that is gone.
        if let Some(flight) = state.flight.as_ref().filter(|flight| flight.peek().is_none()) {
            return flight.clone();
        }
        let inner = Arc::clone(self);
        let work = async move {
            let result = inner.fly(&need).await;
            inner.state(|state| state.flight = None);
            result
        };
        let task = tokio::spawn(work.in_current_span());
        let flight = async move {
            let ended = |_| {
                Err(Error::new(
                    ErrorKind::Unreachable,
                    "the runtime ended before there was a token",
                ))
            };
            task.await.unwrap_or_else(ended)
        };
        let flight = flight.boxed().shared();
        state.flight = Some(flight.clone());
        flight
    }

    async fn fly(&self, need: &Need) -> Result<(), Error> {
        let mut closed = self.closed.clone();
        let work = timeout(TOTAL_TIMEOUT, AssertUnwindSafe(self.acquire(need)).catch_unwind());
        let result = if self.grant.is_interactive() && !matches!(need, Need::Renewal) {
            tokio::select! {
                result = work => result,
                _ = closed.changed() => return Err(Error::new(ErrorKind::Denied, "the client was closed")),
            }
        } else {
            work.await
        };
        match result {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Error::new(
                ErrorKind::Configuration,
                "what the host gave the authorizer has panicked",
            )),
            Err(_) => Err(Error::new(ErrorKind::TimedOut, "there was no token after an hour")),
        }
    }
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = self.inner.environment.get().map(|environment| environment.endpoint.as_str());
        let token = self.inner.state(|state| state.held.is_some());
        f.debug_struct("OAuth")
            .field("server", &server)
            .field("token", &token)
            .finish_non_exhaustive()
    }
}
