//! Saves tokens and holds them, unless the user has logged out meanwhile.

use std::sync::Arc;

use super::acquirer::Acquirer;
use super::login_record::LoginRecord;
use super::state::{HeldToken, TokenSource};
use crate::oauth::client::Client;
use crate::oauth::discovery::Discovered;
use crate::oauth::error::Error;
use crate::oauth::token::{AccessToken, remove_token, revoke};

impl Acquirer {
    /// Saves a token that did not come from the store, and holds it.
    pub(super) async fn save(
        &self,
        client: Client,
        token: AccessToken,
        found: Arc<Discovered>,
        source: TokenSource,
        since: u64,
    ) -> Result<(), Error> {
        self.environment.presentation.check_token(&token)?;
        let kept = self.keep(client.clone(), token.clone(), &found, source, since).await;
        // That of another program is in use there.
        if kept.is_err() && source == TokenSource::Grant {
            self.revoke_unused(&found, &client, &token).await;
        }
        kept
    }

    async fn keep(
        &self,
        client: Client,
        token: AccessToken,
        found: &Arc<Discovered>,
        source: TokenSource,
        since: u64,
    ) -> Result<(), Error> {
        let environment = &self.environment;
        let key = environment.token_key(found, &client.id);
        // A log-out takes the lock too. After it, the store may have the tokens of the next log-in.
        let lock = environment.lock(&key).await;
        self.check_logouts(since)?;
        let saved = match &lock {
            Ok(_) => {
                let saved = environment.save(&key, &token.to_json()).await;
                let login = LoginRecord::new(found, &client.id);
                let before = self.login_record().await.ok().flatten();
                environment.save(&environment.login_key(), &login.to_json()).await;
                if let Some(before) =
                    before.filter(|before| self.is_replaced(before, found, &login))
                {
                    environment.remove(&before.token_key(environment)).await;
                }
                saved
            }
            Err(error) => {
                tracing::warn!(
                    %error,
                    "new credentials are not saved; the next process needs new ones"
                );
                false
            }
        };
        let held = self.hold(token.clone(), client, found, saved, source, since);
        if held.is_err() && saved {
            remove_token(environment, &key, &token).await;
        }
        held
    }

    /// Whether no authorizer finds the tokens of a log-in any more after the next one, because the
    /// client was registered again. Those of another authorization server are found if the MCP
    /// server names that one again.
    fn is_replaced(&self, before: &LoginRecord, found: &Discovered, next: &LoginRecord) -> bool {
        let is_dynamic = || {
            let grant = self.grant.interactive();
            grant.is_some_and(|grant| grant.registration().is_dynamic(found))
        };
        before.issuer == next.issuer && before.client_id != next.client_id && is_dynamic()
    }

    /// Holds a token that a refresh has just obtained.
    pub(super) async fn hold_refreshed(
        &self,
        token: AccessToken,
        client: Client,
        found: &Arc<Discovered>,
        saved: bool,
        since: u64,
    ) -> Result<(), Error> {
        let environment = &self.environment;
        let source = TokenSource::Refresh;
        let held = self.hold(token.clone(), client.clone(), found, saved, source, since);
        if held.is_err() {
            let key = environment.token_key(found, &client.id);
            let _lock = environment.lock(&key).await;
            // If it is not in the store any more, the log-out has found and revoked it.
            if !saved || remove_token(environment, &key, &token).await {
                self.revoke_unused(found, &client, &token).await;
            }
        }
        held
    }

    /// Revokes a token that was issued after the user has logged out.
    async fn revoke_unused(&self, found: &Discovered, client: &Client, token: &AccessToken) {
        if let Err(error) = revoke(&self.environment, found, client, token).await {
            tracing::debug!(%error, "a token that is not used could not be revoked");
        }
    }

    /// Fails if the user has logged out meanwhile.
    pub(super) fn check_logouts(&self, since: u64) -> Result<(), Error> {
        self.state.lock().check_logouts(since)
    }

    pub(super) fn hold(
        &self,
        token: AccessToken,
        client: Client,
        found: &Arc<Discovered>,
        saved: bool,
        source: TokenSource,
        since: u64,
    ) -> Result<(), Error> {
        let found = Arc::clone(found);
        let is_other = {
            let mut state = self.state.lock();
            state.check_logouts(since)?;
            state.wanted_scope = None;
            state.hold(HeldToken { token, client, found, saved, source })
        };
        if is_other {
            // After the token is held, so that nothing of the old one is cached any more.
            self.environment.bindings.identity_changed();
        }
        Ok(())
    }
}
