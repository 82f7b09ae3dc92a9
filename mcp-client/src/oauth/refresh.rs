//! The next access token without the user. Spec: OAuth 2.1 §4.3; basic/authorization, "Refresh Tokens".
//!
//! A refresh token may be good for one use, so there is one refresh at a time: within an authorizer by its single
//! flight, among processes by the lock of the store and a second look into it.

use super::client_authentication::Client;
use super::discovery::Discovered;
use super::environment::Environment;
use super::error::Error;
use super::form::Form;
use super::store::CredentialKey;
use super::token::Token;
use super::token_endpoint;

/// What came of a refresh.
pub(crate) enum Refreshed {
    /// A token, and whether it is in the store.
    Token { token: Token, saved: bool },
    /// There is no refresh token, or it is no good any more. The store has forgotten it.
    Ended,
}

/// Gets the next token. `known` is the one whose time is over; `saved` is whether it is in the store, so that what is
/// there may be newer but not older.
///
/// # Errors
/// When it failed and nothing is lost: another try may succeed.
pub(crate) async fn refresh(
    environment: &Environment,
    found: &Discovered,
    client: &Client,
    mut known: Token,
    saved: bool,
) -> Result<Refreshed, Error> {
    let key = environment.token_key(found, &client.id);
    let _lock = environment.lock(&key).await?;
    if saved && let Some(kept) = load(environment, &key).await? {
        if !kept.has_same_access(&known) && !kept.is_due(environment.now()) {
            tracing::debug!(issuer = found.issuer(), "somebody else has refreshed the token");
            return Ok(Refreshed::Token { token: kept, saved: true });
        }
        known = kept;
    }
    let Some(refresh_token) = &known.refresh else { return Ok(Refreshed::Ended) };
    let form = || {
        Form::new()
            .with("grant_type", "refresh_token")
            .with("refresh_token", refresh_token.expose())
            .with("resource", &found.resource)
    };
    let issued = environment.now();
    let answer = token_endpoint::request(environment, found.token_endpoint()?, client, form).await;
    let answer =
        answer.and_then(|answer| answer.into_token(known.requested_scope.as_deref(), issued));
    match answer.and_then(|token| environment.presentation.check(&token).map(|()| token)) {
        Ok(mut token) => {
            // What the answer does not say stays as it is (RFC 6749 §6).
            token.refresh = token.refresh.or(known.refresh);
            token.granted_scope = token.granted_scope.or(known.granted_scope);
            let saved = environment.save(&key, &token.to_json()).await;
            tracing::debug!(issuer = found.issuer(), "the token was refreshed");
            Ok(Refreshed::Token { token, saved })
        }
        Err(error) if error.code() == Some("invalid_grant") => {
            tracing::debug!(issuer = found.issuer(), "the refresh token is no good any more");
            // A process that takes no lock may have been quicker: then what it got is not thrown away.
            if let Some(kept) = load(environment, &key).await?
                && !kept.has_same_access(&known)
            {
                return Ok(Refreshed::Token { token: kept, saved: true });
            }
            environment.remove(&key).await;
            Ok(Refreshed::Ended)
        }
        Err(error) => Err(error),
    }
}

/// A token of the store.
pub(crate) async fn load(
    environment: &Environment,
    key: &CredentialKey,
) -> Result<Option<Token>, Error> {
    Ok(environment.load(key).await?.as_ref().and_then(Token::from_json))
}
