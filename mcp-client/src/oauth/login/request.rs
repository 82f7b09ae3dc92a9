//! The authorization endpoint: the request that the user is sent there with, and the checks of the
//! answer. Spec: OAuth 2.1 §4.1; RFC 9207; basic/authorization, "Authorization Response
//! Validation".
//!
//! Everything that the answer is compared with is in one record, made before the user leaves. The
//! code goes nowhere until `state` and `iss` are right, and until then no error in the answer is
//! shown or acted on.

use std::borrow::Cow;
use std::time::Duration;

use mcp_core::fetch::{Form, Secret, decode};
use mcp_core::text::PeerText;
use serde::{Deserialize, Serialize};

use super::browser::AuthorizationUrl;
use super::pkce::Pkce;
use crate::http::ShownUrl;
use crate::oauth::client::Client;
use crate::oauth::discovery::Discovered;
use crate::oauth::environment::Environment;
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::random::random_text;
use mcp_core::jose::sha256;

/// A request to the authorization endpoint that is under way.
pub(crate) struct AuthorizationRequest {
    url: AuthorizationUrl,
    state: StateDigest,
    state_text: String,
    verifier: Secret,
    issuer: String,
    /// Whether the answer must have `iss`.
    needs_iss: bool,
}

/// An [`AuthorizationRequest`], to be stored.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SavedRequest {
    url: String,
    pub(crate) state: String,
    verifier: String,
    needs_iss: bool,
}

impl SavedRequest {
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl AuthorizationRequest {
    pub(crate) fn new(
        environment: &Environment,
        found: &Discovered,
        client_id: &str,
        redirect_uri: &str,
        scope: Option<&str>,
    ) -> Result<Self, Error> {
        let Some(endpoint) = &found.server.authorization_endpoint else {
            return Err(found.lacks("authorization_endpoint"));
        };
        if !found.server.has_s256() {
            let message = format!(
                "{} does not support PKCE with S256 (code_challenge_methods_supported), without \
                 which a code can be stolen",
                ShownUrl(found.issuer())
            );
            return Err(Error::new(ErrorKind::InvalidMetadata, message));
        }
        let pkce = Pkce::new()?;
        let state = random_text::<32>()?;
        // OpenID providers give no refresh token unless the user is asked (OpenID Connect Core
        // §11).
        let is_offline = scope.is_some_and(|scope| {
            scope.split_ascii_whitespace().any(|scope| scope == "offline_access")
        });
        let form = Form::new()
            .with("response_type", "code")
            .with("client_id", client_id)
            .with("redirect_uri", redirect_uri)
            .with_some("scope", scope)
            .with("state", &state)
            .with("code_challenge", &pkce.challenge)
            .with("code_challenge_method", "S256")
            .with("resource", &found.resource)
            // Binds the code too to the key (RFC 9449 §10).
            .with_some("dpop_jkt", environment.presentation.thumbprint())
            .with_some("prompt", is_offline.then_some("consent"));
        let guard = environment.fetcher.guard();
        let max_bytes = environment.limits.max_authorization_url_bytes;
        Ok(Self {
            url: AuthorizationUrl::new(guard, endpoint, form, max_bytes)?,
            state: StateDigest::of(&state),
            state_text: state,
            verifier: pkce.verifier,
            issuer: found.issuer().to_owned(),
            needs_iss: found.server.authorization_response_iss_parameter_supported == Some(true),
        })
    }

    pub(crate) fn save(&self) -> SavedRequest {
        SavedRequest {
            url: self.url.as_str().to_owned(),
            state: self.state_text.clone(),
            verifier: self.verifier.expose().to_owned(),
            needs_iss: self.needs_iss,
        }
    }

    /// A request that was stored, to the authorization server with this issuer.
    pub(crate) fn restore(saved: SavedRequest, issuer: &str) -> Self {
        Self {
            url: AuthorizationUrl::restore(saved.url),
            state: StateDigest::of(&saved.state),
            state_text: saved.state,
            verifier: saved.verifier.into(),
            issuer: issuer.to_owned(),
            needs_iss: saved.needs_iss,
        }
    }

    /// Where the user goes.
    pub(crate) fn url(&self) -> &AuthorizationUrl {
        &self.url
    }

    /// What recognizes an answer to this request.
    pub(crate) fn state(&self) -> StateDigest {
        self.state
    }

    /// What the answer repeats.
    pub(crate) fn state_text(&self) -> &str {
        &self.state_text
    }

    /// What redeems the code.
    pub(crate) fn verifier(&self) -> &Secret {
        &self.verifier
    }

    /// The code in an answer, if the answer belongs to this request and to the server that it was
    /// made for.
    pub(crate) fn code(&self, query: &str) -> Result<Secret, Error> {
        let forged = |message: String| Err(Error::new(ErrorKind::Forged, message));
        let issuer = ShownUrl(&self.issuer);
        if !self.state.matches(query) {
            let message = "the answer belongs to another request: its state differs";
            return forged(message.to_owned());
        }
        match (single(query, "iss")?, self.needs_iss) {
            (Some(iss), _) if iss != self.issuer => {
                let iss = PeerText::new(&iss);
                return forged(format!("the answer is from {iss}, not from {issuer} (RFC 9207)"));
            }
            (None, true) => {
                return forged(format!("the answer has no iss, which {issuer} sends (RFC 9207)"));
            }
            _ => {}
        }
        if let Some(error) = single(query, "error")? {
            let kind =
                if error == "access_denied" { ErrorKind::Denied } else { ErrorKind::Refused };
            let mut message = format!("{issuer} did not authorize: {}", PeerText::new(&error));
            if let Some(description) = single(query, "error_description")? {
                message = format!("{message}: {}", PeerText::new(&description));
            }
            return Err(Error::new(kind, message).with_code(&error));
        }
        match single(query, "code")? {
            Some(code) if !code.is_empty() => Ok(Secret::new(code.into_owned())),
            _ => {
                let message = format!("the answer of {issuer} has no code");
                Err(Error::new(ErrorKind::Refused, message))
            }
        }
    }
}

/// A log-in that has begun: the user is at the authorization server, or on the way there.
pub(crate) struct BegunLogin {
    pub(crate) client: Client,
    pub(crate) redirect_uri: String,
    pub(crate) request: AuthorizationRequest,
    /// The scope that was requested.
    pub(crate) scope: Option<String>,
    /// How long the user may take.
    pub(crate) patience: Duration,
}

/// The digest of a `state`: comparing digests reveals nothing by the time that it takes.
#[derive(Clone, Copy)]
pub(crate) struct StateDigest([u8; 32]);

impl StateDigest {
    fn of(text: &str) -> Self {
        Self(sha256(text.as_bytes()))
    }

    /// Whether a query has this state.
    pub(crate) fn matches(&self, query: &str) -> bool {
        matches!(single(query, "state"), Ok(Some(state)) if Self::of(&state).0 == self.0)
    }
}

/// The value of a field, which must not be there twice: two readers could take different ones.
fn single<'a>(query: &'a str, name: &str) -> Result<Option<Cow<'a, str>>, Error> {
    let mut values = decode(query).filter(|(key, _)| key == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(Error::new(ErrorKind::Forged, format!("the answer has more than one {name}"))),
    }
}
