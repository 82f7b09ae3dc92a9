//! Why another token is needed.

use http::{HeaderValue, StatusCode};
use mcp_core::oauth::Challenge;
use mcp_core::text::PeerText;

use super::attempts::Operation;
use super::scope::union;
use super::state::LastRefusal;
use crate::http::Refusal;
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::limits::OAuthLimits;
use crate::oauth::token::AccessToken;

/// Why another token is needed.
pub(super) enum Need {
    /// The server refused the token, or there was none.
    Token(RefusedRequest),
    /// The token is valid, but not for this operation: the scope that the server names.
    Scope(RefusedRequest, String),
    /// The token expires soon.
    Renewal,
}

/// A request that the MCP server refused.
pub(super) struct RefusedRequest {
    pub(super) authorization: Option<HeaderValue>,
    pub(super) operation: Operation,
    challenge: Option<Challenge>,
}

impl Need {
    /// The need behind a refusal; `None` if another token would not help.
    pub(super) fn of(refusal: &Refusal, limits: &OAuthLimits) -> Result<Option<Self>, Error> {
        let challenges = Challenge::of(&refusal.headers);
        let is_ours = |challenge: &&Challenge| challenge.is("Bearer") || challenge.is("DPoP");
        let request = |challenge: Option<&Challenge>| RefusedRequest {
            authorization: refusal.authorization.clone(),
            operation: Operation { method: refusal.method.clone(), name: refusal.name.clone() },
            challenge: challenge.cloned(),
        };
        match refusal.status {
            StatusCode::UNAUTHORIZED => {
                let challenge = challenges.iter().find(is_ours);
                if let (None, Some(other)) = (challenge, challenges.first()) {
                    let message = format!(
                        "the server wants authorization with the scheme {:?}, not OAuth",
                        PeerText::new(other.scheme()).to_string()
                    );
                    return Err(Error::new(ErrorKind::Configuration, message));
                }
                Ok(Some(Self::Token(request(challenge))))
            }
            StatusCode::FORBIDDEN => {
                let challenge = challenges
                    .iter()
                    .filter(is_ours)
                    .find(|challenge| challenge.get("error") == Some("insufficient_scope"));
                let Some(challenge) = challenge else { return Ok(None) };
                let scope = union(limits, challenge.get("scope"));
                if scope.is_empty() {
                    return Ok(None);
                }
                Ok(Some(Self::Scope(request(Some(challenge)), scope)))
            }
            _ => Ok(None),
        }
    }
}

impl RefusedRequest {
    /// A parameter of the challenge.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.challenge.as_ref()?.get(name)
    }

    /// What is remembered of it.
    pub(super) fn remembered(&self) -> LastRefusal {
        let param = |name| self.param(name).map(str::to_owned);
        LastRefusal { resource_metadata: param("resource_metadata"), scope: param("scope") }
    }

    /// Whether this token was refused.
    pub(super) fn was_sent_with(&self, token: &AccessToken) -> bool {
        self.authorization.is_some() && token.header().ok() == self.authorization
    }

    /// The server's words, for an error.
    pub(super) fn described(&self) -> String {
        let words = self.param("error_description").or_else(|| self.param("error"));
        words.map(|words| format!(" ({})", PeerText::new(words))).unwrap_or_default()
    }
}
