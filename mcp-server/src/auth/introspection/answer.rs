//! What an authorization server says about a token, and whether that makes it valid here. Spec: RFC
//! 7662 §2.2; RFC 9449 §6.2.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mcp_core::text::PeerText;
use serde_json::{Map, Value};

use crate::auth::verifier::VerifiedToken;
use crate::auth::{Principal, Scopes};

/// How much the clock of the authorization server may differ.
const LEEWAY: Duration = Duration::from_secs(60);
/// Most audiences of a token. Fixed: real tokens have a few.
const MAX_AUDIENCES: usize = 100;
/// The latest time, at the end of the year 9999. Fixed: it keeps times within the range of clocks.
const MAX_SECONDS: f64 = 253_402_300_799.0;

/// What an authorization server says about a token.
#[derive(Debug)]
pub(super) struct Answer {
    is_active: bool,
    scopes: Scopes,
    client: Option<String>,
    username: Option<String>,
    subject: Option<String>,
    audiences: Vec<String>,
    issuer: Option<String>,
    expires_at: Option<SystemTime>,
    not_before: Option<SystemTime>,
    /// `cnf`, what the token is bound to.
    confirmation: Option<Map<String, Value>>,
    claims: Map<String, Value>,
}

impl Answer {
    /// Reads a response.
    ///
    /// # Errors
    /// Why it cannot be read, for behind "the answer". The authorization server is wrong then, not
    /// the token.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        let claims: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
            format!("is no JSON object: line {}, column {}", error.line(), error.column())
        })?;
        let Some(Value::Bool(is_active)) = claims.get("active") else {
            return Err("has no `active`, which is true or false".to_owned());
        };
        if !is_active {
            return Ok(Self::inactive());
        }
        let text = |name| match claims.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(_) => Err(format!("has a `{name}` that is no string")),
        };
        let confirmation = match claims.get("cnf") {
            None | Some(Value::Null) => None,
            Some(Value::Object(members)) => Some(members.clone()),
            Some(_) => return Err("has a `cnf` that is no object".to_owned()),
        };
        Ok(Self {
            is_active: true,
            scopes: scopes(claims.get("scope"))?,
            client: text("client_id")?,
            username: text("username")?,
            subject: text("sub")?,
            audiences: audiences(claims.get("aud"))?,
            issuer: text("iss")?,
            expires_at: time("exp", claims.get("exp"))?,
            not_before: time("nbf", claims.get("nbf"))?,
            confirmation,
            claims,
        })
    }

    fn inactive() -> Self {
        Self {
            is_active: false,
            scopes: Scopes::default(),
            client: None,
            username: None,
            subject: None,
            audiences: Vec::new(),
            issuer: None,
            expires_at: None,
            not_before: None,
            confirmation: None,
            claims: Map::new(),
        }
    }

    /// Why it is no access token. An endpoint may know refresh and id tokens too, and the hint that
    /// an access token is meant does not keep it from saying that they are active.
    fn wrong_kind(&self) -> Option<String> {
        let text = |name| self.claims.get(name).and_then(Value::as_str);
        let is_one_of =
            |text: &str, known: &[&str]| known.iter().any(|k| text.eq_ignore_ascii_case(k));
        let wrong = |name: &str, text: &str| {
            Some(format!(
                "it is no access token: its `{name}` is {:?}",
                PeerText::new(text).to_string()
            ))
        };
        match (text("token_type"), text("token_use"), text("typ")) {
            (Some(kind), _, _) if !is_one_of(kind, &["bearer", "dpop", "access_token"]) => {
                wrong("token_type", kind)
            }
            (_, Some(kind), _) if !is_one_of(kind, &["access", "access_token"]) => {
                wrong("token_use", kind)
            }
            (_, _, Some(kind)) if is_one_of(kind, &["refresh", "offline", "id"]) => {
                wrong("typ", kind)
            }
            _ => None,
        }
    }
}

/// Scopes as one string, or, against the RFC, as an array.
fn scopes(value: Option<&Value>) -> Result<Scopes, String> {
    match value {
        None | Some(Value::Null) => Ok(Scopes::default()),
        Some(Value::String(text)) => Ok(Scopes::parse(text)),
        Some(Value::Array(items)) if items.iter().all(Value::is_string) => {
            Ok(items.iter().filter_map(Value::as_str).collect())
        }
        Some(_) => Err("has a `scope` that is no string".to_owned()),
    }
}

fn audiences(value: Option<&Value>) -> Result<Vec<String>, String> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text.clone()]),
        Some(Value::Array(items)) if items.len() > MAX_AUDIENCES => {
            Err(format!("has {} audiences; at most {MAX_AUDIENCES} are read", items.len()))
        }
        Some(Value::Array(items)) if items.iter().all(Value::is_string) => {
            Ok(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        Some(_) => Err("has an `aud` that is neither a string nor strings".to_owned()),
    }
}

/// A time in seconds since 1970, which may have a fraction (RFC 7519, `NumericDate`).
fn time(name: &str, value: Option<&Value>) -> Result<Option<SystemTime>, String> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(seconds)) => match seconds.as_f64() {
            Some(seconds) if (0.0..=MAX_SECONDS).contains(&seconds) => {
                Ok(Some(UNIX_EPOCH + Duration::from_secs_f64(seconds)))
            }
            _ => Err(format!("has an `{name}` that is no time: {seconds}")),
        },
        Some(_) => Err(format!("has an `{name}` that is no number")),
    }
}

/// Which tokens are valid.
#[derive(Debug)]
pub(super) struct TokenRules {
    pub(super) issuer: String,
    /// Those that are accepted, or else the URL of the server.
    pub(super) audiences: Option<Vec<String>>,
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
    ) -> Result<VerifiedToken, String> {
        if !answer.is_active {
            return Err("it is not active".to_owned());
        }
        if let Some(wrong) = answer.wrong_kind() {
            return Err(wrong);
        }
        if let Some(issuer) = answer.issuer.as_ref().filter(|issuer| **issuer != self.issuer) {
            let issuer = PeerText::new(issuer).to_string();
            return Err(format!("its issuer is {issuer:?} instead of {:?}", self.issuer));
        }
        if answer.audiences.is_empty() {
            return Err("the authorization server does not tell its audience (`aud`)".to_owned());
        }
        let is_ours = |audience: &String| match &self.audiences {
            Some(accepted) => accepted.contains(audience),
            None => audience == resource,
        };
        if !answer.audiences.iter().any(is_ours) {
            let first = answer.audiences.first().map(|first| PeerText::new(first).to_string());
            return Err(format!("it is for {:?}, not for this server", first.unwrap_or_default()));
        }
        if answer.expires_at.is_some_and(|at| at + LEEWAY <= now) {
            return Err("it has expired".to_owned());
        }
        if answer.not_before.is_some_and(|at| at > now + LEEWAY) {
            return Err("it is not valid yet".to_owned());
        }
        let thumbprint = answer.confirmation.as_ref().map(thumbprint).transpose()?;

        let user = answer.subject.as_ref().or(answer.username.as_ref());
        // An id that begins with `#` could be read as that of an application.
        if user.is_some_and(|user| user.starts_with('#')) {
            return Err("its user begins with `#`".to_owned());
        }
        let principal = match (user, &answer.client) {
            (Some(user), _) => Principal::of_user(&self.issuer, user),
            (None, Some(client)) => Principal::of_client(&self.issuer, client),
            (None, None) => {
                return Err("it names neither a user nor a client".to_owned());
            }
        };
        let mut principal = principal.with_scopes(answer.scopes).with_claims(answer.claims);
        if let Some(client) = &answer.client {
            principal = principal.with_client(client);
        }
        if let Some(expires_at) = answer.expires_at {
            principal = principal.with_expiry(expires_at + LEEWAY);
        }
        let verified = VerifiedToken::new(principal);
        Ok(match thumbprint {
            Some(thumbprint) => verified.bound_to(thumbprint),
            None => verified,
        })
    }
}

/// The thumbprint of the key that a token is bound to. A token that is bound in another way, such
/// as to a certificate, must not be accepted without a check of it.
fn thumbprint(confirmation: &Map<String, Value>) -> Result<String, String> {
    match confirmation.get("jkt") {
        Some(Value::String(thumbprint)) if confirmation.len() == 1 && !thumbprint.is_empty() => {
            Ok(thumbprint.clone())
        }
        _ => Err("it is bound in a way that this server cannot check (`cnf`)".to_owned()),
    }
}
