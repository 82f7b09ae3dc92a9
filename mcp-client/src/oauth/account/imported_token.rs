//! Tokens that another program has obtained.

use std::time::SystemTime;

use mcp_core::fetch::Secret;

use crate::oauth::client::AdoptedClient;
use crate::oauth::error::Error;
use crate::oauth::random::random_text;
use crate::oauth::token::{AccessToken, TokenType};

/// A token that another program has obtained, such as an earlier version of the application:
/// [`OAuth::import`](crate::oauth::OAuth::import).
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use mcp_client::oauth::{ImportedToken, Secret};
///
/// let token = ImportedToken::new(Secret::new("eyJ…"))
///     .refresh_token(Secret::new("def…"))
///     .expires_at(SystemTime::now() + Duration::from_secs(600))
///     .scopes(["notes:read"])
///     .client_id("notes-desktop");
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is imported until `OAuth::import`"]
pub struct ImportedToken {
    access: Secret,
    refresh: Option<Secret>,
    expires_at: Option<SystemTime>,
    scope: Option<String>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
    pub(super) issuer: Option<String>,
}

impl ImportedToken {
    /// An access token. Tokens that are bound to a key (DPoP) cannot be imported.
    ///
    /// ```
    /// use mcp_client::oauth::{ImportedToken, Secret};
    ///
    /// let token = ImportedToken::new(Secret::new("eyJ…")).client_id("notes-desktop");
    /// ```
    pub fn new(access_token: impl Into<Secret>) -> Self {
        Self {
            access: access_token.into(),
            refresh: None,
            expires_at: None,
            scope: None,
            client_id: None,
            client_secret: None,
            issuer: None,
        }
    }

    /// Its refresh token. The other program must not use it any more: many authorization servers
    /// accept a refresh token once, and end all tokens if it is used twice.
    ///
    /// ```
    /// use mcp_client::oauth::{ImportedToken, Secret};
    ///
    /// // From the file of version 1, which is deleted after the import.
    /// let token = ImportedToken::new(Secret::new("eyJ…")).refresh_token(Secret::new("def…"));
    /// ```
    pub fn refresh_token(mut self, token: impl Into<Secret>) -> Self {
        self.refresh = Some(token.into());
        self
    }

    /// When the access token expires. Default: unknown; it is used until the server refuses it.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// use mcp_client::oauth::{ImportedToken, Secret};
    ///
    /// let stored_seconds = 1_795_000_000;
    /// let token = ImportedToken::new(Secret::new("eyJ…"))
    ///     .expires_at(UNIX_EPOCH + Duration::from_secs(stored_seconds));
    /// ```
    pub fn expires_at(mut self, time: SystemTime) -> Self {
        self.expires_at = Some(time);
        self
    }

    /// The scopes that were granted.
    ///
    /// ```
    /// use mcp_client::oauth::{ImportedToken, Secret};
    ///
    /// // As the token response has them.
    /// let stored = "notes:read notes:write";
    /// let token = ImportedToken::new(Secret::new("eyJ…")).scopes(stored.split(' '));
    /// ```
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        let scopes: Vec<_> = scopes.into_iter().map(|scope| scope.as_ref().to_owned()).collect();
        self.scope = Some(scopes.join(" "));
        self
    }

    /// The client that the tokens were issued to. Not needed if the authorizer has a client of its
    /// own ([`OAuthBuilder::client`](crate::oauth::OAuthBuilder::client)), which must be that one.
    ///
    /// ```
    /// use mcp_client::oauth::{ImportedToken, Secret};
    ///
    /// let token = ImportedToken::new(Secret::new("eyJ…"))
    ///     .refresh_token(Secret::new("def…"))
    ///     .client_id("notes-desktop"); // A refresh token is useless without its client.
    /// ```
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = Some(id.into());
        self
    }

    /// The secret of that client, if it has one.
    ///
    /// ```
    /// use mcp_client::oauth::{ImportedToken, Secret};
    ///
    /// // A client that version 1 registered dynamically.
    /// let token = ImportedToken::new(Secret::new("eyJ…"))
    ///     .client_id("dyn-7f3a")
    ///     .client_secret(Secret::new("s3cret"))
    ///     .issuer("https://login.example.com");
    /// ```
    pub fn client_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.client_secret = Some(secret.into());
        self
    }

    /// The issuer of the authorization server that they come from. The import fails if the MCP
    /// server names another one. Without it, the authorization server that the MCP server
    /// names receives the refresh token and the client's secret, whichever that is.
    ///
    /// ```
    /// use mcp_client::oauth::{ImportedToken, Secret};
    ///
    /// let token = ImportedToken::new(Secret::new("eyJ…"))
    ///     .refresh_token(Secret::new("def…"))
    ///     .issuer("https://login.example.com"); // It is sent to no other server.
    /// ```
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    pub(super) fn client(&self) -> Option<AdoptedClient> {
        let id = self.client_id.clone()?;
        Some(AdoptedClient { id, secret: self.client_secret.clone() })
    }

    pub(super) fn into_token(self, now: SystemTime) -> Result<AccessToken, Error> {
        let lifetime = |end: SystemTime| end.duration_since(now).unwrap_or_default();
        let token = AccessToken {
            access: self.access,
            kind: TokenType::Bearer,
            issued: now,
            lifetime: self.expires_at.map(lifetime),
            refresh: self.refresh,
            requested_scope: self.scope,
            granted_scope: None,
            grant_id: random_text::<16>()?,
        };
        token.header()?;
        Ok(token)
    }
}
