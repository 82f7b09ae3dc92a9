//! How another token is got: from the store, by a refresh, or from scratch. Spec: basic/authorization, "Authorization
//! Flow", "Step-Up Authorization Flow".
//!
//! ```text
//! 401 ─▶ discovery ─▶ another token in the store? ─▶ refresh token? ─▶ the grant from scratch
//! 403 insufficient_scope ─▶ another token in the store with the scope? ─▶ the grant, with all scopes so far and these
//! time is nearly over ─▶ refresh
//! ```
//!
//! One of these runs at a time for an authorizer, whoever needs it.

use std::sync::Arc;

use http::HeaderValue;
use mcp_core::oauth::Challenge;

use super::authorizer::{Inner, State};
use super::client_authentication::Client;
use super::discovery::{Discovered, Discovery};
use super::error::{Error, ErrorKind};
use super::refresh::{Refreshed, load, refresh};
use super::scope::{choose, includes, union};
use super::step_up::Operation;
use super::token::Token;

/// Why another token is needed.
pub(crate) enum Need {
    /// The server refused the token, or wants one.
    Token(Refused),
    /// The token is good, but not for this.
    Scope(Refused, String),
    /// The token's time is nearly over.
    Renewal,
}

/// A refused request.
pub(crate) struct Refused {
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) operation: Operation,
    pub(crate) challenge: Option<Challenge>,
}

impl Refused {
    fn param(&self, name: &str) -> Option<&str> {
        self.challenge.as_ref()?.get(name)
    }

    /// Whether it is this token that was refused.
    fn is_of(&self, token: &Token) -> bool {
        self.authorization.is_some() && token.header().ok() == self.authorization
    }
}

/// A token that is in use.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) token: Token,
    pub(crate) client: Client,
    pub(crate) found: Arc<Discovered>,
    /// Whether it is in the store.
    pub(crate) saved: bool,
    /// Where it is from.
    pub(crate) source: Source,
}

/// Where a token is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Store,
    Refresh,
    Grant,
}

impl Inner {
    /// Gets what is needed, and holds it.
    pub(crate) async fn acquire(&self, need: &Need) -> Result<(), Error> {
        match need {
            Need::Token(refused) => self.replace(refused).await,
            Need::Scope(refused, wanted) => self.step_up(refused, wanted).await,
            Need::Renewal => self.renew().await,
        }
    }

    async fn replace(&self, refused: &Refused) -> Result<(), Error> {
        let environment = self.environment()?;
        let (held, works) = self.state(|state| (state.held.clone(), state.works));
        // The server may have another authorization server by now, so that it is looked for each time.
        let discovery = Discovery {
            fetch: &environment.fetch,
            endpoint: &environment.endpoint,
            resource_metadata: refused.param("resource_metadata"),
            fallback: self.fallback,
        };
        let found = discovery.run(|issuers| self.grant.select(issuers).map(str::to_owned)).await?;
        let found = Arc::new(found);
        // A token of another authorization server, or for another resource, has no part in what follows.
        let held = held.filter(|held| {
            held.found.issuer() == found.issuer() && held.found.resource == found.resource
        });
        if self.replace_silently(refused, &found, held.as_deref(), works).await? {
            return Ok(());
        }

        let supported = found.scopes_supported.as_deref();
        let scope = choose(refused.param("scope"), self.scope.as_deref(), supported);
        let is_new =
            |held: &Held| held.source == Source::Grant && !works && refused.is_of(&held.token);
        if let Some(held) = held.filter(|held| is_new(held))
            && scope
                .as_deref()
                .is_none_or(|scope| includes(held.token.requested_scope.as_deref(), scope))
        {
            let message = format!(
                "{} refuses the token that {} has just issued for it{}",
                environment.endpoint,
                found.issuer(),
                refused.described()
            );
            return Err(Error::new(ErrorKind::Refused, message));
        }
        self.begin_anew(refused, found, scope).await
    }

    /// Gets a token from the store or by a refresh. False if there is none to be had in this way.
    async fn replace_silently(
        &self,
        refused: &Refused,
        found: &Arc<Discovered>,
        held: Option<&Held>,
        works: bool,
    ) -> Result<bool, Error> {
        let environment = self.environment()?;
        // A registration that could not be kept is good as long as the process runs.
        let known = self.grant.client(environment, found).await?;
        let Some(client) = known.or_else(|| held.map(|held| held.client.clone())) else {
            return Ok(false);
        };
        let held = held.filter(|held| held.client.id == client.id);
        let saved = held.is_none_or(|held| held.saved);
        let key = environment.token_key(found, &client.id);
        let kept = if saved { load(environment, &key).await? } else { None };
        let found = Arc::clone(found);
        if let Some(kept) = &kept
            && !refused.is_of(kept)
            && !kept.is_over(environment.now())
        {
            self.hold(Held {
                token: kept.clone(),
                client,
                found,
                saved: true,
                source: Source::Store,
            });
            return Ok(true);
        }
        // A token that never worked and was issued just now: the next one would work no better.
        let is_fresh = held.is_some_and(|held| held.source != Source::Store) && !works;
        let known = kept.or_else(|| held.map(|held| held.token.clone()));
        let Some(known) = known.filter(|known| known.refresh.is_some() && !is_fresh) else {
            return Ok(false);
        };
        match refresh(environment, &found, &client, known, saved).await {
            Ok(Refreshed::Token { token, saved }) => {
                self.hold(Held { token, client, found, saved, source: Source::Refresh });
                Ok(true)
            }
            Ok(Refreshed::Ended) => Ok(false),
            Err(error)
                if matches!(error.code(), Some("invalid_client" | "unauthorized_client")) =>
            {
                if !self.grant.forget_client(environment, &found).await? {
                    return Err(error);
                }
                environment.remove(&key).await;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    async fn step_up(&self, refused: &Refused, wanted: &str) -> Result<(), Error> {
        let environment = self.environment()?;
        let Some(held) = self.state(|state| state.held.clone()) else {
            // A server that names scopes before it has seen a token.
            return self.replace(refused).await;
        };
        let found = Arc::clone(&held.found);
        let requested = held.token.requested_scope.as_deref();
        let key = environment.token_key(&found, &held.client.id);
        if held.saved
            && let Some(kept) = load(environment, &key).await?
            && !kept.has_same_access(&held.token)
            && !kept.is_over(environment.now())
            && includes(kept.requested_scope.as_deref(), wanted)
        {
            let client = held.client.clone();
            self.hold(Held { token: kept, client, found, saved: true, source: Source::Store });
            return Ok(());
        }
        if held.source == Source::Grant && includes(requested, wanted) {
            let message = format!(
                "{} wants the scope {wanted:?}, which was asked for and not given{}",
                environment.endpoint,
                refused.described()
            );
            return Err(Error::new(ErrorKind::InsufficientScope, message));
        }
        let scope = union(requested.into_iter().chain([wanted]));
        self.begin_anew(refused, found, Some(scope)).await
    }

    async fn renew(&self) -> Result<(), Error> {
        let environment = self.environment()?;
        let Some(held) = self.state(|state| state.held.clone()) else { return Ok(()) };
        let (client, found) = (held.client.clone(), Arc::clone(&held.found));
        if held.token.refresh.is_some() {
            let renewed =
                refresh(environment, &found, &client, held.token.clone(), held.saved).await?;
            if let Refreshed::Token { token, saved } = renewed {
                self.hold(Held { token, client, found, saved, source: Source::Refresh });
            } else {
                // The server says with its next 401 how to go on.
                self.state(State::let_go);
            }
        } else if !self.grant.is_interactive() {
            let scope = held.token.requested_scope.as_deref();
            let (client, token) = self.grant.token(environment, &found, scope).await?;
            self.keep(client, token, found).await?;
        }
        Ok(())
    }

    /// Gets a token by the grant alone; the user may be asked.
    async fn begin_anew(
        &self,
        refused: &Refused,
        found: Arc<Discovered>,
        scope: Option<String>,
    ) -> Result<(), Error> {
        let environment = self.environment()?;
        environment.presentation.suits(&found)?;
        self.state(|state| state.attempts.count(&refused.operation))?;
        let offline = "offline_access";
        let scope = match scope {
            Some(scope) if self.grant.wants_offline_access() && found.server.has_scope(offline) => {
                Some(union([scope.as_str(), offline]))
            }
            scope => scope,
        };
        let granted = self.grant.token(environment, &found, scope.as_deref()).await;
        let (client, token) = granted.inspect_err(|error| {
            // Where no user took part, nobody has to be left in peace: the next call may succeed.
            if !self.grant.is_interactive() || error.kind() == ErrorKind::Configuration {
                self.state(|state| state.attempts.forget(&refused.operation));
            }
        })?;
        self.keep(client, token, found).await
    }

    /// Keeps a token and holds it.
    async fn keep(
        &self,
        client: Client,
        token: Token,
        found: Arc<Discovered>,
    ) -> Result<(), Error> {
        let environment = self.environment()?;
        environment.presentation.check(&token)?;
        let key = environment.token_key(&found, &client.id);
        let saved = environment.save(&key, &token.to_json()).await;
        self.hold(Held { token, client, found, saved, source: Source::Grant });
        Ok(())
    }
}

impl Refused {
    /// The server's words, for an error.
    fn described(&self) -> String {
        let words = self
            .param("error_description")
            .or_else(|| self.param("error"))
            .map(super::error::printable);
        words.map(|words| format!(" ({words})")).unwrap_or_default()
    }
}
