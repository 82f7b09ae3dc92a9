//! The next access token without the user. Spec: OAuth 2.1 §4.3; basic/authorization, "Refresh
//! Tokens".
//!
//! A refresh token may be valid for one use, so there is one refresh at a time: within an
//! authorizer because all calls share one, among processes by the lock of the store and a second
//! look into it.

use mcp_core::fetch::Form;

use super::access_token::AccessToken;
use super::endpoint::request_token;
use crate::oauth::client::Client;
use crate::oauth::discovery::Discovered;
use crate::oauth::environment::Environment;
use crate::oauth::error::Error;
use crate::oauth::store::CredentialKey;

/// The outcome of a refresh.
pub(crate) enum Refreshed {
    /// A token that was issued now, and whether it is in the store.
    Issued { token: AccessToken, saved: bool },
    /// A token of the store, which another process has put there.
    Stored(AccessToken),
    /// The user has logged out, there is no refresh token, or it is not valid any more; the store
    /// has forgotten it.
    Ended,
}

/// Gets the next token. `known` is the one to replace; `saved` is whether it is in the store, so
/// that the one there may be newer but not older.
///
/// # Errors
/// When it failed and nothing is lost: another attempt may succeed.
pub(crate) async fn refresh(
    environment: &Environment,
    found: &Discovered,
    client: &Client,
    mut known: AccessToken,
    saved: bool,
) -> Result<Refreshed, Error> {
    let key = environment.token_key(found, &client.id);
    let _lock = environment.lock(&key).await?;
    if saved {
        let Some(stored) = load_token(environment, &key).await? else {
            tracing::debug!(issuer = found.issuer(), "the user has logged out meanwhile");
            return Ok(Refreshed::Ended);
        };
        if !stored.has_same_access(&known) && !environment.is_due(&stored) {
            tracing::debug!(issuer = found.issuer(), "another process has refreshed the token");
            return Ok(Refreshed::Stored(stored));
        }
        known = stored;
    }
    let Some(refresh_token) = &known.refresh else { return Ok(Refreshed::Ended) };
    let form = || {
        Form::new()
            .with("grant_type", "refresh_token")
            .with("refresh_token", refresh_token.expose())
            .with("resource", &found.resource)
    };
    let issued = environment.now();
    let requested = known.requested_scope.as_deref();
    let token = request_token(environment, found.token_endpoint()?, client, form)
        .await
        .and_then(|answer| answer.into_token(requested, issued, known.grant_id.clone()))
        .and_then(|token| environment.presentation.check_token(&token).map(|()| token));
    match token {
        Ok(mut token) => {
            // What the response does not say stays as it is (RFC 6749 §6).
            token.refresh = token.refresh.or(known.refresh);
            token.granted_scope = token.granted_scope.or(known.granted_scope);
            let saved = environment.save(&key, &token.to_json()).await;
            tracing::debug!(issuer = found.issuer(), "the token was refreshed");
            Ok(Refreshed::Issued { token, saved })
        }
        Err(error) if error.code() == Some("invalid_grant") => {
            tracing::debug!(issuer = found.issuer(), "the refresh token is not valid any more");
            // Another process may have been quicker, if the store has no lock: its token is kept.
            if let Some(stored) = load_token(environment, &key).await?
                && !stored.has_same_access(&known)
            {
                return Ok(Refreshed::Stored(stored));
            }
            environment.remove(&key).await;
            Ok(Refreshed::Ended)
        }
        Err(error) => Err(error),
    }
}

/// The token in the store.
pub(crate) async fn load_token(
    environment: &Environment,
    key: &CredentialKey,
) -> Result<Option<AccessToken>, Error> {
    Ok(environment.load(key).await?.as_ref().and_then(AccessToken::from_json))
}

/// Removes a token from the store, unless another one has taken its place. Whether it was there.
pub(crate) async fn remove_token(
    environment: &Environment,
    key: &CredentialKey,
    token: &AccessToken,
) -> bool {
    match load_token(environment, key).await {
        Ok(stored) => {
            let is_there = stored.is_some_and(|stored| stored.has_same_access(token));
            if is_there {
                environment.remove(key).await;
            }
            is_there
        }
        Err(error) => {
            tracing::warn!(%error, "credentials that are not valid any more may be in the store");
            false
        }
    }
}
