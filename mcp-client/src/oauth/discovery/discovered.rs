//! What a discovery finds.

use mcp_core::oauth::AuthorizationServerMetadata;
use serde::{Deserialize, Serialize};

use crate::http::ShownUrl;
use crate::oauth::error::{Error, ErrorKind};

/// The authorization of an MCP server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Discovered {
    /// What tokens are requested for (RFC 8707 `resource`), byte for byte as the server writes it.
    pub(crate) resource: String,
    /// Scopes that are used with the MCP server.
    pub(crate) scopes_supported: Option<Vec<String>>,
    /// Whether the MCP server accepts only tokens that are bound to a key.
    pub(crate) needs_bound_tokens: bool,
    /// Its authorization server.
    pub(crate) server: AuthorizationServerMetadata,
    /// There is no metadata: these are the default endpoints of 2025-03-26.
    pub(crate) is_assumed: bool,
}

/// The token endpoint that a request is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenEndpoint<'a> {
    /// The issuer of the authorization server, which is the audience of assertions.
    pub(crate) issuer: &'a str,
    /// The URL of the endpoint.
    pub(crate) url: &'a str,
}

impl Discovered {
    /// The authorization server.
    pub(crate) fn issuer(&self) -> &str {
        &self.server.issuer
    }

    /// Its token endpoint.
    pub(crate) fn token_endpoint(&self) -> Result<TokenEndpoint<'_>, Error> {
        match &self.server.token_endpoint {
            Some(url) => Ok(TokenEndpoint { issuer: &self.server.issuer, url }),
            None => Err(self.lacks("token_endpoint")),
        }
    }

    /// The error for metadata that lacks a needed member.
    pub(crate) fn lacks(&self, member: &str) -> Error {
        let message = format!("the metadata of {} has no {member}", ShownUrl(self.issuer()));
        Error::new(ErrorKind::InvalidMetadata, message)
    }
}
