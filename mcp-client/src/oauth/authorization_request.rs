//! The authorization endpoint: what the user is sent there with, and what must be true of the answer. Spec: OAuth 2.1
//! §4.1; RFC 9207; basic/authorization, "Authorization Response Validation".
//!
//! Everything that the answer is held against is in one record, made before the user leaves. No code goes anywhere
//! until `state` and `iss` are right, and no error is shown or acted on either.

use std::borrow::Cow;

use ring::digest::{SHA256, digest};

use super::browser::AuthorizationUrl;
use super::discovery::Discovered;
use super::error::{Error, ErrorKind, printable};
use super::form::{Form, decode};
use super::guard::Guard;
use super::pkce::Pkce;
use super::random;
use super::secret::Secret;

/// A request to the authorization endpoint, as long as it is under way.
pub(crate) struct AuthorizationRequest {
    url: AuthorizationUrl,
    state: State,
    verifier: Secret,
    issuer: String,
    /// Whether the answer must say who gave it.
    has_iss: bool,
}

impl AuthorizationRequest {
    pub(crate) fn new(
        guard: &Guard,
        found: &Discovered,
        client_id: &str,
        redirect_uri: &str,
        scope: Option<&str>,
        key: Option<&str>,
    ) -> Result<Self, Error> {
        let Some(endpoint) = &found.server.authorization_endpoint else {
            return Err(found.lacks("authorization_endpoint"));
        };
        if !found.server.has_s256() {
            let message = format!(
                "{} has no PKCE with S256 (code_challenge_methods_supported), without which a code can be stolen",
                found.issuer()
            );
            return Err(Error::new(ErrorKind::InvalidMetadata, message));
        }
        let pkce = Pkce::new()?;
        let state = random::text()?;
        // OpenID providers give no refresh token unless the user is asked (OpenID Connect Core §11).
        let asks_offline = super::scope::includes(scope, "offline_access");
        let form = Form::new()
            .with("response_type", "code")
            .with("client_id", client_id)
            .with("redirect_uri", redirect_uri)
            .with_some("scope", scope)
            .with("state", &state)
            .with("code_challenge", &pkce.challenge)
            .with("code_challenge_method", "S256")
            .with("resource", &found.resource)
            // Then the code too is good with that key alone (RFC 9449 §10).
            .with_some("dpop_jkt", key)
            .with_some("prompt", asks_offline.then_some("consent"));
        Ok(Self {
            url: AuthorizationUrl::new(guard, endpoint, form)?,
            state: State::of(&state),
            verifier: pkce.verifier,
            issuer: found.issuer().to_owned(),
            has_iss: found.server.authorization_response_iss_parameter_supported == Some(true),
        })
    }

    /// Where the user goes.
    pub(crate) fn url(&self) -> &AuthorizationUrl {
        &self.url
    }

    /// What knows an answer to this request.
    pub(crate) fn state_check(&self) -> State {
        self.state
    }

    /// What redeems the code.
    pub(crate) fn verifier(&self) -> &Secret {
        &self.verifier
    }

    /// The code in an answer, if the answer is to this request and from the server that was asked.
    pub(crate) fn code(&self, query: &str) -> Result<Secret, Error> {
        let forged = |message: String| Err(Error::new(ErrorKind::Forged, message));
        if !self.state.matches(query) {
            return forged(
                "the answer has not the state of the request: it is to another one".to_owned(),
            );
        }
        match (only(query, "iss")?, self.has_iss) {
            (Some(iss), _) if iss != self.issuer => {
                return forged(format!(
                    "the answer is from {:?}, but {:?} was asked (RFC 9207)",
                    printable(&iss),
                    self.issuer
                ));
            }
            (None, true) => {
                return forged(format!(
                    "the answer does not say who gave it (iss), which {:?} always does (RFC 9207)",
                    self.issuer
                ));
            }
            _ => {}
        }
        if let Some(error) = only(query, "error")? {
            let kind =
                if error == "access_denied" { ErrorKind::Denied } else { ErrorKind::Refused };
            let description = only(query, "error_description")?;
            let description =
                description.map(|text| format!(": {}", printable(&text))).unwrap_or_default();
            let message =
                format!("{} did not authorize: {}{description}", self.issuer, printable(&error));
            return Err(Error::new(kind, message).with_code(&error));
        }
        match only(query, "code")? {
            Some(code) if !code.is_empty() => Ok(Secret::new(code.into_owned())),
            _ => Err(Error::new(
                ErrorKind::Refused,
                format!("the answer of {} has no code", self.issuer),
            )),
        }
    }
}

/// The digest of a `state`: comparing digests tells nothing by the time it takes.
#[derive(Clone, Copy)]
pub(crate) struct State([u8; 32]);

impl State {
    fn of(text: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
        Self(bytes)
    }

    /// Whether a query has this state.
    pub(crate) fn matches(&self, query: &str) -> bool {
        matches!(only(query, "state"), Ok(Some(state)) if Self::of(&state).0 == self.0)
    }
}

/// The value of a field, which must not be there twice: two readers could take different ones.
fn only<'a>(query: &'a str, name: &str) -> Result<Option<Cow<'a, str>>, Error> {
    let mut values = decode(query).filter(|(key, _)| key == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(Error::new(ErrorKind::Forged, format!("the answer has more than one {name}"))),
    }
}
