//! What the interface of an application asks for: whether the user is logged in, a log-in, the end
//! of it, and tokens of another program. Spec: RFC 7009 (revocation).

use std::sync::Arc;

use super::acquirer::Acquirer;
use super::login_record::LoginRecord;
use super::scope::{choose, union};
use super::state::{HeldToken, LastRefusal, TokenSource};
use crate::http::ShownUrl;
use crate::oauth::client::{AdoptedClient, Client};
use crate::oauth::discovery::{Discovered, named_server};
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::grant::InteractiveGrant;
use crate::oauth::login::BegunLogin;
use crate::oauth::token::{AccessToken, load_token, revoke};

/// The token of a log-in, and what it is for.
pub(crate) struct StoredLogin {
    pub(crate) token: AccessToken,
    pub(crate) issuer: String,
    pub(crate) resource: String,
    pub(crate) client_id: String,
}

/// Whether a log-in is possible.
pub(crate) enum Prospect {
    /// At this authorization server, with these scopes, as far as it lists them.
    Possible(Arc<Discovered>),
    /// The client has to be registered there by hand.
    NeedsRegistration(Arc<Discovered>),
    /// The server publishes nothing about authorization, and has refused nothing.
    NotNeeded,
}

/// What became of the tokens at the authorization server.
pub(crate) enum Revoked {
    Yes,
    NoEndpoint,
    Failed(Error),
}

impl Revoked {
    /// What became of both.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, other) | (other, Self::Yes) => other,
            (Self::Failed(error), _) | (_, Self::Failed(error)) => Self::Failed(error),
            (Self::NoEndpoint, Self::NoEndpoint) => Self::NoEndpoint,
        }
    }
}

impl Acquirer {
    /// The log-in that there is, without a request to any server.
    pub(crate) async fn stored_login(&self) -> Result<Option<StoredLogin>, Error> {
        let environment = &self.environment;
        if let Some(held) = self.held() {
            let login = StoredLogin::of(&held);
            let key = environment.token_key(&held.found, &held.client.id);
            // Another process may have logged out.
            let is_there = !held.saved || load_token(environment, &key).await?.is_some();
            return Ok(is_there.then_some(login));
        }
        let Some(login) = self.login_record().await? else { return Ok(None) };
        let token = load_token(environment, &login.token_key(environment)).await?;
        let LoginRecord { issuer, resource, client_id } = login;
        Ok(token.map(|token| StoredLogin { token, issuer, resource, client_id }))
    }

    /// Whether the log-in is of any use: its token is valid, or can be replaced without the user.
    pub(crate) fn is_usable(&self, login: &StoredLogin) -> bool {
        let token = &login.token;
        token.refresh.is_some() || !token.is_expired(self.environment.now())
    }

    pub(super) async fn login_record(&self) -> Result<Option<LoginRecord>, Error> {
        let json = self.environment.load(&self.environment.login_key()).await?;
        Ok(json.as_ref().and_then(LoginRecord::from_json))
    }

    /// Whether a log-in is possible. Asks the MCP server and its authorization server for their
    /// metadata.
    pub(crate) async fn prospect(&self) -> Result<Prospect, Error> {
        let last = self.state.lock().refused.clone();
        let named = last.as_ref().and_then(|last| last.resource_metadata.as_deref());
        let discovery = self.discovery(named);
        let select = |issuers: &[String]| self.select(issuers);
        // A server that has refused a request needs authorization, whatever it publishes.
        let found = match &last {
            Some(_) => Some(discovery.run(select).await?),
            None => discovery.find(select).await?,
        };
        let Some(found) = found else { return Ok(Prospect::NotNeeded) };
        let found = Arc::new(self.requested(found));
        let grant = self.grant.interactive();
        if grant.is_none_or(|grant| grant.registration().can_register(&found)) {
            Ok(Prospect::Possible(found))
        } else {
            Ok(Prospect::NeedsRegistration(found))
        }
    }

    /// Begins a log-in: for what calls need, what was granted before, and these scopes.
    pub(crate) async fn begin_login(
        &self,
        scopes: &[String],
    ) -> Result<(Arc<Discovered>, BegunLogin, u64), Error> {
        let environment = &self.environment;
        let limits = &environment.limits;
        let (last, wanted, since) = {
            let state = self.state.lock();
            let last = state.refused.clone().unwrap_or_default();
            (last, state.wanted_scope.clone(), state.logouts)
        };
        let LastRefusal { resource_metadata, scope: challenge } = last;
        let discovery = self.discovery(resource_metadata.as_deref());
        let found = discovery.run(|issuers| self.select(issuers)).await?;
        let found = Arc::new(self.requested(found));
        environment.presentation.check_server(&found)?;
        let before = self
            .stored_login()
            .await?
            .filter(|before| before.issuer == found.issuer() && before.resource == found.resource);
        let before = before.and_then(|before| before.token.requested_scope);
        let supported = found.scopes_supported.as_deref();
        let chosen = choose(limits, challenge.as_deref(), self.scopes.as_deref(), supported);
        let parts = [before.as_deref(), wanted.as_deref(), chosen.as_deref()];
        let asked = scopes.iter().map(String::as_str);
        let scope = union(limits, parts.into_iter().flatten().chain(asked));
        let scope = Some(scope).filter(|scope| !scope.is_empty());
        let scope = self.with_offline_access(&found, scope);
        let begun = self.interactive()?.begin_login(environment, &found, scope).await?;
        Ok((found, begun, since))
    }

    /// The client of a log-in that is resumed, as far as it is known, and the log-outs until now.
    pub(crate) async fn known_client(
        &self,
        found: &Discovered,
    ) -> Result<(Option<Client>, u64), Error> {
        let since = self.state.lock().logouts;
        let client = self.interactive()?.registration().known(&self.environment, found).await?;
        Ok((client, since))
    }

    /// Ends a log-in with the query of the redirect URI.
    pub(crate) async fn finish_login(
        &self,
        found: &Arc<Discovered>,
        login: &BegunLogin,
        since: u64,
        query: &str,
    ) -> Result<StoredLogin, Error> {
        let token = self.interactive()?.redeem(&self.environment, found, login, query).await?;
        let (client, grant) = (login.client.clone(), TokenSource::Grant);
        let stored = StoredLogin::new(token.clone(), found, &client.id);
        self.save(client, token, Arc::clone(found), grant, since).await?;
        Ok(stored)
    }

    /// The user did not come back from a log-in: the next one does not use the same registration,
    /// which the authorization server may not know any more.
    pub(crate) async fn abandon_login(&self, found: &Discovered) {
        if let Some(grant) = self.grant.interactive() {
            grant.registration().forget_shared(&self.environment, found).await;
        }
    }

    fn interactive(&self) -> Result<&(dyn InteractiveGrant + Send + Sync), Error> {
        self.grant.interactive().ok_or_else(|| {
            let message =
                "no user logs in with this grant; the authorizer gets its tokens by itself";
            Error::new(ErrorKind::Configuration, message)
        })
    }

    /// Forgets the tokens, here and in the store, and then revokes them, whatever of it fails.
    /// `None` if there were none.
    pub(crate) async fn log_out(&self) -> Result<Option<Revoked>, Error> {
        // From here on no token that is being obtained is held.
        let held = self.state.lock().log_out();
        self.logged_out.notify_waiters();
        // Also without a token: a connection may have the session of one that could not be renewed.
        self.environment.bindings.logged_out();
        let (last, mut done) = match self.login_record().await {
            Ok(last) => (last, Ok(())),
            Err(error) => (None, Err(error)),
        };
        let own = held.as_ref().map(|held| LoginRecord::new(&held.found, &held.client.id));
        // Another process may have logged in since, at another authorization server or client.
        let last = last.filter(|last| own.as_ref() != Some(last));
        let mut revoked = None;
        for (login, held) in [(own, held.as_deref()), (last, None)] {
            let Some(login) = login else { continue };
            let (stored, forgotten) = self.forget_login(&login).await;
            // What a call took from the store meanwhile is not used either.
            drop(self.state.lock().log_out());
            self.logged_out.notify_waiters();
            done = done.and(forgotten);
            // That in the store may be newer.
            let Some(token) = stored.or_else(|| held.map(|held| held.token.clone())) else {
                continue;
            };
            let outcome = match self.revoke(held, &token, login).await {
                Ok(true) => Revoked::Yes,
                Ok(false) => Revoked::NoEndpoint,
                Err(error) => Revoked::Failed(error),
            };
            revoked = Some(match revoked {
                Some(before) => Revoked::and(before, outcome),
                None => outcome,
            });
        }
        done.map(|()| revoked)
    }

    /// Removes the tokens of a log-in from the store. Returns those that were there, and the first
    /// failure; what can be removed is removed all the same.
    async fn forget_login(&self, login: &LoginRecord) -> (Option<AccessToken>, Result<(), Error>) {
        let environment = &self.environment;
        let key = login.token_key(environment);
        // A refresh of another process would write the next token behind us.
        let lock = environment.lock(&key).await;
        let stored = load_token(environment, &key).await;
        let forgotten = environment.forget(&key).await;
        let last = self.login_record().await;
        let record_forgotten = match &last {
            // That of a later log-in stays.
            Ok(Some(last)) if last != login => Ok(()),
            _ => environment.forget(&environment.login_key()).await,
        };
        let (stored, loaded) = match stored {
            Ok(stored) => (stored, Ok(())),
            Err(error) => (None, Err(error)),
        };
        let done = lock.map(drop).and(loaded).and(forgotten).and(record_forgotten);
        (stored, done)
    }

    /// False if the authorization server does not support it.
    async fn revoke(
        &self,
        held: Option<&HeldToken>,
        token: &AccessToken,
        login: LoginRecord,
    ) -> Result<bool, Error> {
        let environment = &self.environment;
        let LoginRecord { issuer, resource, client_id } = login;
        if let Some(held) = held {
            return revoke(environment, &held.found, &held.client, token).await;
        }
        let server = named_server(&environment.fetcher, &issuer).await?;
        let found = Discovered {
            resource,
            scopes_supported: None,
            needs_bound_tokens: false,
            server,
            is_assumed: false,
        };
        let client = self.grant.client(environment, &found).await?;
        let client = client.filter(|client| client.id == client_id);
        let client = client.unwrap_or_else(|| Client::public(client_id));
        revoke(environment, &found, &client, token).await
    }

    /// Takes over a token of another program. `issuer` is where it comes from, if that is known.
    pub(crate) async fn import(
        &self,
        token: AccessToken,
        issuer: Option<&str>,
        client: Option<AdoptedClient>,
    ) -> Result<StoredLogin, Error> {
        let environment = &self.environment;
        let since = self.state.lock().logouts;
        let found = self.discovery(None).run(|issuers| self.select(issuers)).await?;
        let found = Arc::new(self.requested(found));
        if let Some(issuer) = issuer.filter(|issuer| *issuer != found.issuer()) {
            let message = format!(
                "the tokens are from {}, and {} names the authorization server {}",
                ShownUrl(issuer),
                environment.endpoint(),
                ShownUrl(found.issuer())
            );
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        let known = self.grant.client(environment, &found).await?;
        let client = match (known, client) {
            (Some(known), None) => known,
            (Some(known), Some(client)) if known.id == client.id => known,
            (_, Some(client)) => match self.grant.interactive() {
                Some(grant) => grant.registration().adopt(environment, &found, client).await?,
                None => {
                    let message = "this grant has its own client; import no `client_id` into it";
                    return Err(Error::new(ErrorKind::Configuration, message));
                }
            },
            (None, None) => {
                let message = "the client that the tokens were issued to is not known: set \
                               `ImportedToken::client_id`";
                return Err(Error::new(ErrorKind::Configuration, message));
            }
        };
        let stored = StoredLogin::new(token.clone(), &found, &client.id);
        self.save(client, token, found, TokenSource::Store, since).await?;
        Ok(stored)
    }
}

impl StoredLogin {
    fn of(held: &HeldToken) -> Self {
        Self::new(held.token.clone(), &held.found, &held.client.id)
    }

    fn new(token: AccessToken, found: &Discovered, client: &str) -> Self {
        Self {
            token,
            issuer: found.issuer().to_owned(),
            resource: found.resource.clone(),
            client_id: client.to_owned(),
        }
    }
}
