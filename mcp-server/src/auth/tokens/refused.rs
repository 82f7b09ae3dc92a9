//! What becomes of a request: its caller, or its refusal.

use std::time::Duration;

use http::StatusCode;
use mcp_core::oauth::Challenge;

use crate::auth::Principal;

/// A request that is refused for its token or its scopes.
#[derive(Debug)]
#[non_exhaustive]
pub struct Refused<'a> {
    /// The status of the response: 400, 401, 403 or 503.
    pub status: u16,
    /// The caller, if its token is valid.
    pub principal: Option<&'a Principal>,
    /// Why. Never sent to the client, which could learn from it how to forge a token.
    pub reason: &'a str,
    /// The scopes that the operation needs, if some are missing.
    pub required_scopes: &'a [String],
}

/// The response to a request that is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// Sent to the client.
    pub(crate) message: &'static str,
    pub(crate) challenges: Vec<Challenge>,
    pub(crate) retry_after: Option<Duration>,
    /// The nonce of the next DPoP proof.
    pub(crate) nonce: Option<String>,
}

/// A caller whose token is valid.
#[derive(Debug)]
pub(crate) struct Authenticated {
    pub(crate) principal: Principal,
    /// The nonce of the next DPoP proof, if the client needs another one.
    pub(crate) nonce: Option<String>,
}
