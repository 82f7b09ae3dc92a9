//! What an authorization server says about a token, and whether that makes it valid here. Spec: RFC
//! 7662 §2.2; RFC 9449 §6.2.

use std::time::SystemTime;

use mcp_core::text::PeerText;
use serde_json::{Map, Value};

use crate::auth::tokens::claims::{
    LEEWAY, MAX_AUDIENCES, Reason, check_times, key_thumbprint, principal, scopes, text,
};
use crate::auth::tokens::token_kind;
use crate::auth::tokens::verifier::VerifiedToken;
use crate::auth::tokens::verify::Audience;

/// What an authorization server says about a token: its claims, if it is active.
#[derive(Debug)]
pub(super) struct Answer(Option<Map<String, Value>>);

impl Answer {
    /// Reads a response.
    ///
    /// # Errors
    /// Why it cannot be read, for behind "the answer". The authorization server is wrong then, not
    /// the token.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        let mut claims: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
            format!("is no JSON object: line {}, column {}", error.line(), error.column())
        })?;
        match claims.get("active") {
            Some(Value::Bool(true)) => {}
            Some(Value::Bool(false)) => return Ok(Self(None)),
            _ => return Err("has no `active`, which is true or false".to_owned()),
        }
        // Some servers write so that they do not know something.
        claims.retain(|_, value| !value.is_null());
        for name in ["sub", "username", "client_id"] {
            if claims.get(name).is_some_and(|value| value == "") {
                claims.remove(name);
            }
        }
        Ok(Self(Some(claims)))
    }
}

/// Which tokens are valid.
#[derive(Debug)]
pub(super) struct TokenRules {
    pub(super) issuer: String,
    pub(super) audience: Audience,
}

impl TokenRules {
    /// Decides about a token.
    ///
    /// # Errors
    /// Why it is not valid.
    pub(super) fn check(
        &self,
        answer: Answer,
        resource: &str,
        now: SystemTime,
    ) -> Result<VerifiedToken, Reason> {
        let claims = answer.0.ok_or("it is not active")?;
        token_kind::check_introspected(&claims)?;
        if let Some(issuer) = text(&claims, "iss")?.filter(|issuer| *issuer != self.issuer) {
            let issuer = PeerText::new(issuer).to_string();
            return Err(format!("its issuer is {issuer:?} instead of {:?}", self.issuer).into());
        }
        self.audience.check(&claims, resource, MAX_AUDIENCES)?;
        let expires_at = check_times(&claims, now, LEEWAY)?;
        let thumbprint = key_thumbprint(&claims)?;
        let mut principal = principal(&self.issuer, &claims, &["sub", "username"])?
            .with_scopes(scopes(&claims, &["scope"])?)
            .with_claims(claims);
        if let Some(expires_at) = expires_at {
            principal = principal.with_expiry(expires_at);
        }
        let mut verified = VerifiedToken::new(principal);
        verified.key_thumbprint = thumbprint;
        Ok(verified)
    }
}
