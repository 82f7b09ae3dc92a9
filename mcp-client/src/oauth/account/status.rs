//! Whether the user is logged in, and what was granted.

use std::time::SystemTime;

use crate::oauth::acquire::StoredLogin;

/// Whether the user is logged in to an MCP server.
///
/// ```
/// use mcp_client::oauth::LoginStatus;
///
/// /// The button beside a server.
/// fn button(status: &LoginStatus) -> Option<&'static str> {
///     match status {
///         LoginStatus::LoggedIn(_) => Some("log out"),
///         LoginStatus::LoggedOut | LoginStatus::CanLogIn { .. } => Some("log in"),
///         _ => None,
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginStatus {
    /// There is a token that is valid, or that can be replaced without the user. The authorization
    /// server may have ended it all the same, which the next call finds out.
    LoggedIn(Login),
    /// There is no usable token. Whether the user can log in was not asked.
    LoggedOut,
    /// There is no token, and the user can log in.
    CanLogIn {
        /// The authorization server.
        issuer: String,
        /// The scopes that are used with the MCP server, as far as it lists them.
        scopes: Vec<String>,
    },
    /// There is no token, and the client has to be registered at the authorization server by hand:
    /// [`OAuthBuilder::client`](crate::oauth::OAuthBuilder::client).
    NeedsRegistration {
        /// The authorization server.
        issuer: String,
    },
    /// The server publishes nothing about authorization, and has not refused a request of this
    /// authorizer.
    NotNeeded,
}

/// A log-in to an MCP server: what was granted, without the tokens.
///
/// ```
/// use mcp_client::oauth::Login;
///
/// /// The line below the name of a server.
/// fn line(login: &Login) -> String {
///     format!("{} at {}", login.scopes.join(", "), login.issuer) // "notes:read at https://…"
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Login {
    /// The authorization server.
    pub issuer: String,
    /// The resource that the tokens are for.
    pub resource: String,
    /// The client that they were issued to.
    pub client_id: String,
    /// The scopes that were granted; where the authorization server does not say, those that were
    /// requested.
    pub scopes: Vec<String>,
    /// When the access token expires, if that is known.
    pub expires_at: Option<SystemTime>,
    /// Whether it can be replaced without the user.
    pub has_refresh_token: bool,
}

impl Login {
    pub(super) fn new(stored: StoredLogin) -> Self {
        let StoredLogin { token, issuer, resource, client_id } = stored;
        let scope = token.granted_scope.as_ref().or(token.requested_scope.as_ref());
        let scopes = scope.map(|scope| scope.split_ascii_whitespace().map(str::to_owned).collect());
        Self {
            issuer,
            resource,
            client_id,
            scopes: scopes.unwrap_or_default(),
            expires_at: token.lifetime.map(|lifetime| token.issued + lifetime),
            has_refresh_token: token.refresh.is_some(),
        }
    }
}
