//! What a stored credential is for.

/// The key of a credential in a [`CredentialStore`](super::CredentialStore).
///
/// Credentials of one authorization server have no key in common with those of another, so that
/// none is ever sent where it does not belong; tokens of one MCP server have none in common with
/// those of another.
///
/// ```
/// use std::collections::HashMap;
/// use mcp_client::oauth::{CredentialKey, Secret};
///
/// /// A row of a table with the columns `user`, `key` and `value`.
/// fn row<'a>(key: &'a CredentialKey, value: &'a Secret) -> [&'a str; 3] {
///     [key.user().unwrap_or_default(), key.as_str(), value.expose()]
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CredentialKey {
    text: String,
    user: Option<String>,
}

/// What a token is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenKey<'a> {
    /// The authorization server that issued it.
    pub(crate) issuer: &'a str,
    /// The URL of the MCP server.
    pub(crate) endpoint: &'a str,
    /// The resource that it was requested for. It may be that of several MCP servers.
    pub(crate) resource: &'a str,
    /// The client that it was issued to.
    pub(crate) client: &'a str,
    /// The user that it belongs to, where one store holds the tokens of several.
    pub(crate) principal: Option<&'a str>,
    /// The thumbprint of the key that it is bound to, if it is.
    pub(crate) thumbprint: Option<&'a str>,
}

impl CredentialKey {
    /// The registration of this application at an authorization server.
    pub(crate) fn registration(issuer: &str) -> Self {
        Self::of("registration", &[Some(issuer)], None)
    }

    /// The registration that the tokens for an MCP server belong to.
    pub(crate) fn registration_for(issuer: &str, endpoint: &str, principal: Option<&str>) -> Self {
        Self::of("registration", &[Some(issuer), Some(endpoint), principal], principal)
    }

    /// The tokens of a client for an MCP server.
    pub(crate) fn token(token: TokenKey<'_>) -> Self {
        let TokenKey { issuer, endpoint, resource, client, principal, thumbprint } = token;
        let parts = [issuer, endpoint, resource, client].map(Some);
        Self::of("token", &[&parts[..], &[principal, thumbprint]].concat(), principal)
    }

    /// Which tokens are those of the last log-in to an MCP server.
    pub(crate) fn login(endpoint: &str, principal: Option<&str>, thumbprint: Option<&str>) -> Self {
        Self::of("login", &[Some(endpoint), principal, thumbprint], principal)
    }

    /// The authorization server that a registered client belongs to.
    pub(crate) fn issuer_of(client: &str, endpoint: &str) -> Self {
        Self::of("issuer", &[Some(client), Some(endpoint)], None)
    }

    /// The parts as a JSON array: different parts have different texts.
    fn of(kind: &str, parts: &[Option<&str>], user: Option<&str>) -> Self {
        let text = serde_json::to_string(&[&[Some(kind)], parts].concat()).unwrap_or_default();
        Self { text, user: user.map(str::to_owned) }
    }

    /// The key as a text: for a database or a keychain. It is not a secret.
    ///
    /// ```
    /// use mcp_client::oauth::CredentialKey;
    ///
    /// fn entry(key: &CredentialKey) -> String {
    ///     format!("com.example.notes/{}", key.as_str())
    /// }
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The user that the credential belongs to
    /// ([`OAuthBuilder::principal`](crate::oauth::OAuthBuilder::principal)), for a store that keeps
    /// the credentials of each user apart or removes those of one. `None` for registrations of the
    /// application, and where there is only one user.
    ///
    /// ```
    /// use std::path::{Path, PathBuf};
    /// use mcp_client::oauth::CredentialKey;
    ///
    /// /// Each user has a folder, which is deleted with the account.
    /// fn folder(root: &Path, key: &CredentialKey) -> PathBuf {
    ///     key.user().map_or_else(|| root.join("shared"), |user| root.join("users").join(user))
    /// }
    /// ```
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_for_different_things_have_different_keys() {
        let token = TokenKey {
            issuer: "https://as.example",
            endpoint: "https://mcp.example/a",
            resource: "https://mcp.example",
            client: "c",
            principal: None,
            thumbprint: None,
        };
        let keys = [
            token,
            TokenKey { issuer: "https://as.example/", ..token },
            TokenKey { endpoint: "https://mcp.example/b", ..token },
            TokenKey { resource: "https://mcp.example/a", ..token },
            TokenKey { client: "d", ..token },
            TokenKey { principal: Some("alice"), ..token },
            TokenKey { thumbprint: Some("alice"), ..token },
        ]
        .map(|token| CredentialKey::token(token).text);
        let distinct: std::collections::HashSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len(), "{keys:?}");
    }
}
