//! The steps to another token: the store, a refresh, the grant. Spec: basic/authorization,
//! "Authorization Flow", "Step-Up Authorization Flow".

use std::sync::Arc;
use std::time::Duration;

use mcp_core::sync::Mutex;
use tokio::sync::{Notify, watch};

use super::need::{Need, RefusedRequest};
use super::scope::{choose, includes, union};
use super::state::{HeldToken, LastRefusal, State, TokenSource, logged_out_meanwhile};
use crate::http::Refusal;
use crate::oauth::discovery::{Discovered, Discovery};
use crate::oauth::environment::Environment;
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::grant::AuthorizationGrant;
use crate::oauth::options::Options;
use crate::oauth::token::{Refreshed, load_token, refresh};

/// How long a token must have worked, so that the authorization for it is no longer counted. Fixed:
/// it distinguishes a token that expired from one that the server never accepted.
const WORKED_FOR: Duration = Duration::from_secs(60);

/// Obtains tokens for one MCP server, and holds the one in use.
pub(crate) struct Acquirer {
    pub(crate) environment: Environment,
    pub(super) grant: Arc<dyn AuthorizationGrant>,
    /// The scopes to request when the challenge names none.
    pub(super) scopes: Option<Vec<String>>,
    /// The resource identifier of the server, where the application set one.
    resource: Option<String>,
    /// What tokens are requested for, where that is not the resource.
    resource_parameter: Option<String>,
    /// Whether a server without metadata may be its own authorization server, whatever revision was
    /// negotiated.
    fallback: bool,
    pub(super) state: Mutex<State>,
    /// Notified of a log-out, after the state has changed.
    pub(super) logged_out: Notify,
    /// Changes when the authorizer is dropped.
    closed: watch::Receiver<()>,
}

/// Whether a token was replaced without the grant.
enum Replaced {
    Yes,
    /// With the scope that was requested before.
    NeedsGrant(Option<String>),
}

impl Acquirer {
    pub(crate) fn new(
        environment: Environment,
        grant: Arc<dyn AuthorizationGrant>,
        options: &Options,
        closed: watch::Receiver<()>,
    ) -> Self {
        Self {
            environment,
            grant,
            scopes: options.scopes.clone(),
            resource: options.resource.clone(),
            resource_parameter: options.resource_parameter.clone(),
            fallback: options.fallback,
            state: Mutex::default(),
            logged_out: Notify::new(),
            closed,
        }
    }

    /// The token in use.
    pub(crate) fn held(&self) -> Option<Arc<HeldToken>> {
        self.state.lock().held.clone()
    }

    /// The server did not refuse the request because of its credentials.
    pub(crate) fn accepted(&self) {
        let mut state = self.state.lock();
        state.works = state.held.is_some();
        state.works_without_token |= state.held.is_none();
    }

    pub(super) fn is_interactive(&self) -> bool {
        self.grant.interactive().is_some()
    }

    /// Whether a token can be renewed without a user.
    pub(super) fn can_renew(&self, held: &HeldToken) -> bool {
        held.token.refresh.is_some() || !self.is_interactive()
    }

    /// What a refused request needs; `None` if another token would not help.
    pub(super) fn need_of(&self, refusal: &Refusal) -> Result<Option<Need>, Error> {
        Need::of(refusal, &self.environment.limits)
    }

    /// Whether there is another token by now than the one that was refused.
    pub(super) fn has_other_token(&self, refusal: &Refusal) -> bool {
        self.held().is_some_and(|held| held.token.header().ok() != refusal.authorization)
    }

    /// A refused token that has worked for a while does not count as an attempt that failed.
    pub(super) fn forget_attempts_if_worked(&self, need: &Need) {
        let Need::Token(refused) = need else { return };
        let mut state = self.state.lock();
        let Some(held) = &state.held else { return };
        let age = self.environment.now().duration_since(held.token.issued).ok();
        if state.works && age.is_some_and(|age| age >= WORKED_FOR) {
            state.attempts.forget(&refused.operation);
        }
    }

    /// Obtains what is needed, and holds it.
    pub(super) async fn acquire(&self, need: &Need) -> Result<(), Error> {
        let since = {
            let mut state = self.state.lock();
            match need {
                Need::Token(refused) => state.refused = Some(refused.remembered()),
                // Its scope is what one call needs, and not what a log-in begins with.
                Need::Scope(refused, _) => {
                    let scope = state.refused.take().and_then(|last| last.scope);
                    state.refused = Some(LastRefusal { scope, ..refused.remembered() });
                }
                Need::Renewal => {}
            }
            state.logouts
        };
        match need {
            Need::Token(refused) => self.replace(refused, since).await,
            Need::Scope(refused, scope) => self.step_up(refused, scope, since).await,
            Need::Renewal => self.renew(since).await,
        }
    }

    async fn replace(&self, refused: &RefusedRequest, since: u64) -> Result<(), Error> {
        // The server may have another authorization server by now.
        let discovery = self.discovery(refused.param("resource_metadata"));
        let found = Arc::new(self.requested(discovery.run(|issuers| self.select(issuers)).await?));
        let (held, works) = {
            let state = self.state.lock();
            (state.held.clone(), state.works)
        };
        // A token of another authorization server, or for another resource, is of no use.
        let held = held.filter(|held| {
            held.found.issuer() == found.issuer() && held.found.resource == found.resource
        });
        let replaced =
            self.replace_without_grant(refused, &found, held.as_deref(), works, since).await?;
        let Replaced::NeedsGrant(previous) = replaced else { return Ok(()) };

        let limits = &self.environment.limits;
        let (challenge, supported) = (refused.param("scope"), found.scopes_supported.as_deref());
        let chosen = choose(limits, challenge, self.scopes.as_deref(), supported);
        if let Some(held) = held
            && held.source == TokenSource::Grant
            && !works
            && refused.was_sent_with(&held.token)
            && chosen
                .as_deref()
                .is_none_or(|scope| includes(held.token.requested_scope.as_deref(), scope))
        {
            let message = format!(
                "{} refuses the token that {} has just issued for it{}",
                self.environment.endpoint(),
                found.issuer(),
                refused.described()
            );
            return Err(Error::new(ErrorKind::Refused, message));
        }
        // A token for less than before would be refused by what the client did in between.
        let scope = match (chosen, previous) {
            (Some(chosen), Some(previous)) => Some(union(limits, [&*previous, &*chosen])),
            (chosen, previous) => chosen.or(previous),
        };
        self.use_grant(refused, found, scope, since).await
    }

    /// The discovery of the server's authorization, by the metadata that its challenge names.
    pub(super) fn discovery<'a>(&'a self, resource_metadata: Option<&'a str>) -> Discovery<'a> {
        let environment = &self.environment;
        let revision = environment.bindings.revision();
        Discovery {
            fetcher: &environment.fetcher,
            endpoint: environment.endpoint(),
            resource: self.resource.as_deref(),
            resource_metadata,
            allows_own_server: self.fallback
                || revision.is_some_and(|revision| revision.rules().own_authorization_server),
            max_authorization_servers: environment.limits.max_authorization_servers,
        }
    }

    /// Which of the authorization servers of the resource is used.
    pub(super) fn select(&self, issuers: &[String]) -> Option<String> {
        self.grant.select(issuers).map(str::to_owned)
    }

    /// What was found, with the resource that tokens are requested for.
    pub(super) fn requested(&self, mut found: Discovered) -> Discovered {
        if let Some(resource) = &self.resource_parameter {
            found.resource.clone_from(resource);
        }
        found
    }

    /// Gets a token from the store or by a refresh.
    async fn replace_without_grant(
        &self,
        refused: &RefusedRequest,
        found: &Arc<Discovered>,
        held: Option<&HeldToken>,
        works: bool,
        since: u64,
    ) -> Result<Replaced, Error> {
        let environment = &self.environment;
        let held_scope = held.and_then(|held| held.token.requested_scope.clone());
        // A registration that could not be saved is valid as long as the process runs.
        let known = self.grant.client(environment, found).await?;
        let Some(client) = known.or_else(|| held.map(|held| held.client.clone())) else {
            return Ok(Replaced::NeedsGrant(held_scope));
        };
        let held = held.filter(|held| held.client.id == client.id);
        let is_saved = held.is_none_or(|held| held.saved);
        let key = environment.token_key(found, &client.id);
        let stored = if is_saved { load_token(environment, &key).await? } else { None };
        if let Some(stored) = &stored
            && !refused.was_sent_with(stored)
            && !stored.is_expired(environment.now())
        {
            self.hold(stored.clone(), client, found, true, TokenSource::Store, since)?;
            return Ok(Replaced::Yes);
        }
        // If a token that was issued just now never worked, the next one would not work either.
        let is_new = held.is_some_and(|held| held.source != TokenSource::Store) && !works;
        let known = stored.or_else(|| held.map(|held| held.token.clone()));
        let scope = known.as_ref().and_then(|known| known.requested_scope.clone()).or(held_scope);
        let Some(known) = known.filter(|known| known.refresh.is_some() && !is_new) else {
            return Ok(Replaced::NeedsGrant(scope));
        };
        match refresh(environment, found, &client, known, is_saved).await {
            Ok(Refreshed::Issued { token, saved }) => {
                self.hold_refreshed(token, client, found, saved, since).await?;
                Ok(Replaced::Yes)
            }
            Ok(Refreshed::Stored(token)) => {
                self.hold(token, client, found, true, TokenSource::Refresh, since)?;
                Ok(Replaced::Yes)
            }
            Ok(Refreshed::Ended) => Ok(Replaced::NeedsGrant(scope)),
            Err(error) if error.is_unknown_client() => {
                let Some(grant) = self.grant.interactive() else { return Err(error) };
                if !grant.registration().forget(environment, found).await? {
                    return Err(error);
                }
                environment.remove(&key).await;
                Ok(Replaced::NeedsGrant(scope))
            }
            Err(error) => Err(error),
        }
    }

    async fn step_up(
        &self,
        refused: &RefusedRequest,
        needed: &str,
        since: u64,
    ) -> Result<(), Error> {
        let environment = &self.environment;
        let Some(held) = self.held() else {
            // The server names scopes before it has seen a token.
            return self.replace(refused, since).await;
        };
        let found = Arc::clone(&held.found);
        let requested = held.token.requested_scope.as_deref();
        let key = environment.token_key(&found, &held.client.id);
        if held.saved
            && let Some(stored) = load_token(environment, &key).await?
            && !stored.has_same_access(&held.token)
            && !stored.is_expired(environment.now())
            && includes(stored.requested_scope.as_deref(), needed)
        {
            return self.hold(stored, held.client.clone(), &found, true, TokenSource::Store, since);
        }
        if held.source == TokenSource::Grant && includes(requested, needed) {
            let message = format!(
                "{} needs the scope {needed:?}, which was requested and not granted{}",
                environment.endpoint(),
                refused.described()
            );
            return Err(Error::new(ErrorKind::InsufficientScope, message));
        }
        let scope = union(&environment.limits, requested.into_iter().chain([needed]));
        self.use_grant(refused, found, Some(scope), since).await
    }

    async fn renew(&self, since: u64) -> Result<(), Error> {
        let environment = &self.environment;
        let Some(held) = self.held() else { return Ok(()) };
        let (client, found) = (held.client.clone(), Arc::clone(&held.found));
        if held.token.refresh.is_some() {
            match refresh(environment, &found, &client, held.token.clone(), held.saved).await? {
                Refreshed::Issued { token, saved } => {
                    self.hold_refreshed(token, client, &found, saved, since).await?;
                }
                Refreshed::Stored(token) => {
                    self.hold(token, client, &found, true, TokenSource::Refresh, since)?;
                }
                // The next 401 of the server says what is needed.
                Refreshed::Ended => self.state.lock().release(&held),
            }
        } else if !self.is_interactive() {
            let scope = held.token.requested_scope.as_deref();
            let never = Box::pin(std::future::pending());
            let (client, token) = self.grant.token(environment, &found, scope, never).await?;
            self.save(client, token, found, TokenSource::Grant, since).await?;
        }
        Ok(())
    }

    /// Gets a token by the grant; a user may be asked.
    async fn use_grant(
        &self,
        refused: &RefusedRequest,
        found: Arc<Discovered>,
        scope: Option<String>,
        since: u64,
    ) -> Result<(), Error> {
        let environment = &self.environment;
        let limits = &environment.limits;
        // Begins before the check, so that no log-out is missed.
        let logged_out = self.logged_out.notified();
        self.check_logouts(since)?;
        environment.presentation.check_server(&found)?;
        {
            let mut state = self.state.lock();
            state.attempts.count(&refused.operation, limits)?;
            state.wanted_scope.clone_from(&scope);
        }
        let scope = self.with_offline_access(&found, scope);
        let mut closed = self.closed.clone();
        let interrupted = Box::pin(async move {
            tokio::select! {
                () = logged_out => logged_out_meanwhile(),
                _ = closed.changed() => Error::new(ErrorKind::Denied, "the client was closed"),
            }
        });
        let granted = self.grant.token(environment, &found, scope.as_deref(), interrupted).await;
        let (client, token) = granted.inspect_err(|error| {
            // Attempts in which no user took part are not counted: the next one may succeed.
            let is_without_user =
                matches!(error.kind(), ErrorKind::Configuration | ErrorKind::LoginRequired);
            if !self.is_interactive() || is_without_user {
                self.state.lock().attempts.forget(&refused.operation);
            }
        })?;
        self.save(client, token, found, TokenSource::Grant, since).await
    }

    /// The scope, and the one for which some authorization servers issue refresh tokens.
    pub(super) fn with_offline_access(
        &self,
        found: &Discovered,
        scope: Option<String>,
    ) -> Option<String> {
        const OFFLINE: &str = "offline_access";
        let is_wanted = self.grant.interactive().is_some_and(|grant| grant.wants_offline_access());
        match scope {
            Some(scope) if is_wanted && found.server.has_scope(OFFLINE) => {
                Some(union(&self.environment.limits, [&*scope, OFFLINE]))
            }
            scope => scope,
        }
    }
}
