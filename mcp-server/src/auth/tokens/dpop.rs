//! Tokens that are bound to a key: the caller proves with each request that it has the key, so that
//! a stolen token is useless. Spec: RFC 9449; the DPoP extension of authorization.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, Uri};
use mcp_core::http_client::url::is_same_origin;
use mcp_core::jose::{Jwk, Jwt, SigningAlgorithm, base64url, sha256};
use serde_json::Value;

use super::claims::date;
use super::dpop_replay::UsedProofs;
use super::resource_url::ResourceUrl;
use crate::clock;
use crate::input::KeyRing;
use crate::seal::{Place, Vault};

/// The proof of a request.
pub(super) const DPOP: HeaderName = HeaderName::from_static("dpop");
/// The nonce that the next proof has to contain.
pub(crate) const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// How much the clock of a client may differ. Fixed by the extension.
const IAT_WINDOW: Duration = Duration::from_secs(300);
/// Time for which a nonce is accepted. Fixed: a client gets a new one long before.
const NONCE_LIFETIME: Duration = Duration::from_secs(300);
/// Longest `jti`, in bytes. Fixed: it is random, and hashed.
const MAX_JTI_BYTES: usize = 1_024;

/// What a server requires of proofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct DpopSettings {
    /// Tokens that are not bound to a key are refused.
    pub(super) is_required: bool,
    /// Each proof contains a nonce of this server.
    pub(super) needs_nonce: bool,
}

/// Checks proofs.
pub(super) struct Dpop {
    pub(super) settings: DpopSettings,
    /// Seals the time that is a nonce. Instances with the same keys accept each other's.
    vault: Vault,
    used: UsedProofs,
}

/// Why a proof is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BadProof {
    /// The reason, for the log.
    Invalid(String),
    /// The proof has no nonce, or one that is too old.
    NeedsNonce,
}

/// The algorithms of proofs, as challenges and metadata have them.
pub(super) fn algorithms() -> impl Iterator<Item = &'static str> {
    SigningAlgorithm::ALL.iter().map(|algorithm| algorithm.as_str())
}

impl Dpop {
    pub(super) fn new(settings: DpopSettings, keys: KeyRing) -> Self {
        Self { settings, vault: Vault::new(Some(keys)), used: UsedProofs::default() }
    }

    /// Checks the proof of a request with a token that is bound to a key. Returns the nonce of the
    /// next proof, if that of this one is getting old.
    ///
    /// # Errors
    /// If the proof is missing, is not valid for this request, or was used before.
    pub(super) fn check(
        &self,
        request: &Parts,
        token: &str,
        key_thumbprint: &str,
        resource: &ResourceUrl,
    ) -> Result<Option<String>, BadProof> {
        let invalid = |reason: &str| BadProof::Invalid(reason.to_owned());
        let mut fields = request.headers.get_all(DPOP).iter();
        let proof = match (fields.next(), fields.next()) {
            (Some(proof), None) => proof,
            (None, _) => return Err(invalid("the request has no DPoP proof")),
            (Some(_), Some(_)) => return Err(invalid("the request has two DPoP proofs")),
        };
        let proof = proof.to_str().map_err(|_| invalid("the DPoP proof is not ASCII"))?;
        let proof = Jwt::parse(proof).map_err(|error| BadProof::Invalid(error.to_string()))?;
        if !proof.jws().token_type().is_some_and(|typ| typ.eq_ignore_ascii_case("dpop+jwt")) {
            return Err(invalid("the type of the proof is not dpop+jwt"));
        }
        let Some(Value::Object(key)) = proof.jws().header().get("jwk") else {
            return Err(invalid("the proof has no public key (jwk)"));
        };
        let key = Jwk::from_members(key).map_err(|error| BadProof::Invalid(error.to_string()))?;
        if key.thumbprint() != key_thumbprint {
            return Err(invalid("the token is bound to another key"));
        }
        let claims = proof.claims();
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if text("htm") != Some(request.method.as_str()) {
            return Err(invalid("htm is not the method of the request"));
        }
        if !text("htu").is_some_and(|url| is_same_url(url, resource)) {
            return Err(invalid("htu is not the URL of this server"));
        }
        if text("ath") != Some(&*base64url(&sha256(token.as_bytes()))) {
            return Err(invalid("ath is not the hash of the token"));
        }
        let Ok(Some(issued)) = date(claims, "iat") else {
            return Err(invalid("iat is not a time"));
        };
        let now = clock::now();
        if (now / 1_000).abs_diff(issued) > IAT_WINDOW.as_secs() {
            return Err(invalid("iat is more than 5 minutes from now"));
        }
        let Some(id) = text("jti").filter(|id| !id.is_empty() && id.len() <= MAX_JTI_BYTES) else {
            return Err(invalid("jti is missing or too long"));
        };
        // The costly check comes last but one, so that a foreign proof costs little.
        proof
            .verify(SigningAlgorithm::ALL.as_slice(), &key)
            .map_err(|error| BadProof::Invalid(error.to_string()))?;
        let mut is_old = false;
        if self.settings.needs_nonce {
            match text("nonce").and_then(|nonce| self.age_of(nonce, now)) {
                Some(age) if age <= NONCE_LIFETIME => is_old = age > NONCE_LIFETIME / 2,
                _ => return Err(BadProof::NeedsNonce),
            }
        }
        if !self.used.insert(key_thumbprint, id) {
            return Err(invalid("the proof was used before"));
        }
        Ok(is_old.then(|| self.nonce()).flatten())
    }

    /// Returns a nonce: the present time, sealed, so that the server remembers none. `None` if the
    /// system has no randomness.
    pub(super) fn nonce(&self) -> Option<String> {
        let now = Bytes::copy_from_slice(&clock::now().to_be_bytes());
        let sealed = self.vault.seal(&PLACE, &now).ok()?;
        Some(base64url(&sealed))
    }

    /// Returns the age of a nonce of this server.
    fn age_of(&self, nonce: &str, now: u64) -> Option<Duration> {
        let sealed = Bytes::from(URL_SAFE_NO_PAD.decode(nonce).ok()?);
        let issued = self.vault.open(&PLACE, &sealed).ok()?;
        let issued = u64::from_be_bytes(issued.as_ref().try_into().ok()?);
        Some(Duration::from_millis(now.saturating_sub(issued)))
    }
}

const PLACE: Place<'static> = Place::of("dpop nonce", "");

/// Whether a URL is that of the server, apart from its query and its fragment, and apart from what
/// RFC 3986 normalizes.
fn is_same_url(url: &str, resource: &ResourceUrl) -> bool {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Ok(url) = url.parse::<Uri>() else { return false };
    let own = resource.uri();
    is_same_origin(&url, own) && url.path() == own.path()
}
