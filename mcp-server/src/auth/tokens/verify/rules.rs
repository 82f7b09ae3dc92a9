//! What a token must say, apart from its signature. Spec: RFC 9068 §4, RFC 7519 §4.1.

use std::time::{Duration, SystemTime};

use mcp_core::jose::{Jwt, SigningAlgorithm};
use mcp_core::text::PeerText;
use serde_json::{Map, Value};

use super::audience::Audience;
use super::issuer::IssuerPattern;
use crate::auth::tokens::claims::{
    Reason, check_times, date, key_thumbprint, principal, scopes, text,
};
use crate::auth::tokens::{VerifiedToken, token_kind};

/// What a token must say.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) issuers: Vec<IssuerPattern>,
    pub(super) audience: Audience,
    pub(super) algorithms: Vec<SigningAlgorithm>,
    /// Whether the type `JWT`, or none, is accepted beside `at+jwt`.
    pub(super) accept_plain: bool,
    pub(super) scope_claims: Vec<String>,
    /// Claims that must have one of some values.
    pub(super) required: Vec<(String, Vec<String>)>,
    pub(super) leeway: Duration,
    pub(super) max_audiences: usize,
}

impl Rules {
    /// Checks all that needs no key. What is returned holds if the signature is valid.
    pub(super) fn check(
        &self,
        token: &Jwt<'_>,
        resource: &str,
        now: SystemTime,
    ) -> Result<VerifiedToken, Reason> {
        let algorithm = token.jws().algorithm();
        if !self.algorithms.contains(&algorithm) {
            return Err(format!("its algorithm {algorithm} is not allowed").into());
        }
        self.check_type(token)?;
        let claims = token.claims();
        let issuer = text(claims, "iss")?.ok_or("it has no issuer (iss)")?;
        if !self.issuers.iter().any(|pattern| pattern.matches(issuer, claims)) {
            let issuer = PeerText::new(issuer).to_string();
            return Err(format!("its issuer {issuer:?} is not trusted").into());
        }
        self.audience.check(claims, resource, self.max_audiences)?;
        for (name, values) in &self.required {
            let found = text(claims, name)?.ok_or_else(|| format!("it has no {name}"))?;
            if !values.iter().any(|value| value == found) {
                let found = PeerText::new(found).to_string();
                return Err(format!("its {name} is {found:?}").into());
            }
        }
        let expires_at = check_times(claims, now, self.leeway)?.ok_or("it has no expiry (exp)")?;
        let principal = principal(issuer, claims, &["sub"])?
            .with_scopes(scopes(claims, &self.scope_claims)?)
            .with_expiry(expires_at);
        let mut verified = VerifiedToken::new(principal);
        verified.key_thumbprint = key_thumbprint(claims)?;
        Ok(verified)
    }

    /// How long ago a token was issued at least, if it says so and clocks differ by the leeway.
    pub(super) fn age(
        &self,
        claims: &Map<String, Value>,
        now: SystemTime,
    ) -> Result<Option<Duration>, Reason> {
        let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds) + self.leeway;
        let issued_at = date(claims, "iat")?.map(at);
        Ok(issued_at.map(|issued_at| now.duration_since(issued_at).unwrap_or_default()))
    }

    fn check_type(&self, token: &Jwt<'_>) -> Result<(), Reason> {
        let accepted = match token.jws().token_type() {
            Some(typ) if typ.eq_ignore_ascii_case("at+jwt") => true,
            Some(typ) => self.accept_plain && typ.eq_ignore_ascii_case("JWT"),
            None => self.accept_plain,
        };
        if !accepted {
            let typ = token.jws().token_type().unwrap_or_default();
            let typ = PeerText::new(typ).to_string();
            return Err(format!("its type (typ) {typ:?} is not that of an access token").into());
        }
        token_kind::check(token.claims())
    }
}
