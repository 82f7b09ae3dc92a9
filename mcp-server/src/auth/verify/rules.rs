//! What a token must say, apart from its signature. Spec: RFC 9068 §4, RFC 7519 §4.1.

use std::time::{Duration, SystemTime};

use mcp_core::jose::{Jwt, SigningAlgorithm};
use mcp_core::text::PeerText;
use serde_json::{Map, Value};

use super::audience::Audience;
use super::claims::{Reason, date, text, texts};
use super::issuer::IssuerPattern;
use crate::auth::{Principal, Scopes, VerifiedToken};

/// Most scopes of a claim that is an array. Fixed: the length of a token bounds what they hold.
const MAX_SCOPES: usize = 1_000;

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

/// Claims that only tokens for the login have, which say who logged in and permit nothing.
const ID_TOKEN_CLAIMS: [&str; 3] = ["nonce", "at_hash", "c_hash"];

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
        let expires_at = self.check_times(claims, now)?;
        let principal = principal(issuer, claims)?
            .with_scopes(self.scopes(claims)?)
            .with_claims(claims.clone())
            .with_expiry(expires_at);
        let mut verified = VerifiedToken::new(principal);
        verified.key_thumbprint = key_thumbprint(claims)?;
        Ok(verified)
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
        let claims = token.claims();
        if let Some(name) = ID_TOKEN_CLAIMS.iter().find(|name| claims.contains_key(**name)) {
            return Err(format!("it is an ID token: it has the claim {name}").into());
        }
        match text(claims, "token_use")? {
            Some("id") => Err("it is an ID token: its token_use is id".into()),
            _ => Ok(()),
        }
    }

    /// Returns when the token is no longer accepted.
    fn check_times(
        &self,
        claims: &Map<String, Value>,
        now: SystemTime,
    ) -> Result<SystemTime, Reason> {
        let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let expires_at = date(claims, "exp")?.ok_or("it has no expiry (exp)")?;
        let expires_at = at(expires_at) + self.leeway;
        if now >= expires_at {
            return Err("it has expired (exp)".into());
        }
        let latest = now + self.leeway;
        if date(claims, "nbf")?.is_some_and(|seconds| at(seconds) > latest) {
            return Err("it is not valid yet (nbf)".into());
        }
        if date(claims, "iat")?.is_some_and(|seconds| at(seconds) > latest) {
            return Err("it was issued in the future (iat)".into());
        }
        Ok(expires_at)
    }

    fn scopes(&self, claims: &Map<String, Value>) -> Result<Scopes, Reason> {
        let mut scopes = Vec::new();
        for name in &self.scope_claims {
            let values = texts(claims, name, MAX_SCOPES)?;
            scopes.extend(values.into_iter().flat_map(|text| text.split(' ')));
        }
        Ok(scopes.into_iter().collect())
    }
}

/// The user, or the application that acts for itself.
fn principal(issuer: &str, claims: &Map<String, Value>) -> Result<Principal, Reason> {
    let client = match text(claims, "client_id")? {
        Some(client) => Some(client),
        None => text(claims, "azp")?,
    };
    let is_name = |name: &str| !name.is_empty() && !name.starts_with('#');
    match (text(claims, "sub")?, client) {
        // An id that begins with `#` could be read as that of an application.
        (Some(subject), _) if !is_name(subject) => Err("its subject (sub) is not usable".into()),
        (_, Some("")) => Err("its client_id is empty".into()),
        (Some(subject), Some(client)) => {
            Ok(Principal::of_user(issuer, subject).with_client(client))
        }
        (Some(subject), None) => Ok(Principal::of_user(issuer, subject)),
        (None, Some(client)) => Ok(Principal::of_client(issuer, client)),
        (None, None) => Err("it has neither a subject (sub) nor a client (client_id, azp)".into()),
    }
}

/// The thumbprint of the key that the token is bound to. Other bindings cannot be checked here, so
/// a token with one is refused.
fn key_thumbprint(claims: &Map<String, Value>) -> Result<Option<String>, Reason> {
    match claims.get("cnf") {
        None => Ok(None),
        Some(Value::Object(cnf)) if cnf.len() == 1 => match cnf.get("jkt") {
            Some(Value::String(jkt)) if !jkt.is_empty() => Ok(Some(jkt.clone())),
            _ => Err("it is bound to a key (cnf) in a way that is not supported".into()),
        },
        Some(_) => Err("it is bound to a key (cnf) in a way that is not supported".into()),
    }
}
