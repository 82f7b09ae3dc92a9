//! Tokens of an authorization server, and how they are verified.

use std::time::{Duration, SystemTime};

use mcp_core::jose::{SigningAlgorithm, SigningKey, base64url};
use mcp_server::auth::{
    JwtVerifier, JwtVerifierBuilder, TokenVerifier, VerifiedToken, VerifyError,
};
use mcp_test_support::keys::{ED25519, P256, P384, RSA, RSA_OTHER};
use serde_json::{Map, Value, json};

use super::documents::Documents;

pub(crate) const ISSUER: &str = "https://login.example.com";
pub(crate) const KEYS_URL: &str = "https://login.example.com/keys";
pub(crate) const RESOURCE: &str = "https://mcp.example.com/mcp";
/// The time of the verifiers, in seconds.
pub(crate) const NOW: u64 = 1_800_000_000;

pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)
}

/// A key of the authorization server for an algorithm.
pub(crate) fn key(algorithm: SigningAlgorithm) -> SigningKey {
    let pem = match algorithm {
        SigningAlgorithm::Es256 => P256,
        SigningAlgorithm::Es384 => P384,
        SigningAlgorithm::EdDsa => ED25519,
        _ => RSA,
    };
    SigningKey::from_pem(algorithm, pem).unwrap()
}

/// An RSA key that is not one of the authorization server.
pub(crate) fn foreign_rsa(algorithm: SigningAlgorithm) -> SigningKey {
    SigningKey::from_pem(algorithm, RSA_OTHER).unwrap()
}

/// The public half of a key, with further members.
pub(crate) fn jwk(key: &SigningKey, members: Value) -> Value {
    let mut jwk: Value = serde_json::from_str(key.public_jwk()).unwrap();
    jwk.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    jwk
}

/// The keys of the authorization server. Some of them are for something else.
pub(crate) fn key_set() -> Value {
    let rsa = key(SigningAlgorithm::Rs256);
    let foreign = foreign_rsa(SigningAlgorithm::Rs256);
    json!({"keys": [
        jwk(&rsa, json!({"kid": "rsa", "use": "sig"})),
        jwk(&rsa, json!({"kid": "rs256", "alg": "RS256", "x5c": ["AAAA"], "x5t": "AAAA"})),
        jwk(&key(SigningAlgorithm::Es256), json!({"kid": "p256", "key_ops": ["verify"]})),
        jwk(&key(SigningAlgorithm::Es384), json!({"kid": "p384"})),
        jwk(&key(SigningAlgorithm::EdDsa), json!({"kid": "ed"})),
        jwk(&foreign, json!({"kid": "enc", "use": "enc"})),
        jwk(&foreign, json!({"kid": "oaep", "alg": "RSA-OAEP"})),
        jwk(&foreign, json!({"kid": "wrap", "key_ops": ["wrapKey"]})),
        jwk(&foreign, json!({"kid": "private", "d": "AQAB"})),
        {"kty": "RSA", "kid": "weak", "n": "_".repeat(171), "e": "AQAB"},
        {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"},
        {"kty": "AKP", "kid": "future", "pub": "AAAA"},
    ]})
}

/// A token that is being written.
pub(crate) struct Token {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    pub(crate) key: SigningKey,
}

impl Token {
    /// A valid one.
    pub(crate) fn new(algorithm: SigningAlgorithm) -> Self {
        let id = match algorithm {
            SigningAlgorithm::Es256 => "p256",
            SigningAlgorithm::Es384 => "p384",
            SigningAlgorithm::EdDsa => "ed",
            _ => "rsa",
        };
        let header = json!({"alg": algorithm.as_str(), "typ": "at+jwt", "kid": id});
        let claims = json!({
            "iss": ISSUER,
            "sub": "ada",
            "aud": RESOURCE,
            "exp": NOW + 300,
            "iat": NOW,
            "jti": "1",
            "client_id": "app",
            "scope": "files:read files:write",
        });
        let object = |value: Value| value.as_object().unwrap().clone();
        Self { header: object(header), claims: object(claims), key: key(algorithm) }
    }

    /// Sets members of the header. `Value::Null` is a value; see [`Token::without`].
    pub(crate) fn header(mut self, members: Value) -> Self {
        self.header.extend(members.as_object().unwrap().clone());
        self
    }

    pub(crate) fn claims(mut self, members: Value) -> Self {
        self.claims.extend(members.as_object().unwrap().clone());
        self
    }

    /// Removes a member of the header and a claim.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.header.remove(name);
        self.claims.remove(name);
        self
    }

    pub(crate) fn signed_by(mut self, key: SigningKey) -> Self {
        self.key = key;
        self
    }

    pub(crate) fn text(&self) -> String {
        let json = |members: &Map<String, Value>| Value::Object(members.clone()).to_string();
        sign(&self.key, &json(&self.header), &json(&self.claims))
    }
}

/// Signs a header and claims as they are written.
pub(crate) fn sign(key: &SigningKey, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()));
    let signature = base64url(&key.sign(message.as_bytes()).unwrap());
    format!("{message}.{signature}")
}

/// The settings of a verifier for the authorization server, which is `documents`.
pub(crate) fn builder(documents: &Documents) -> JwtVerifierBuilder {
    JwtVerifier::builder(ISSUER).keys_url(KEYS_URL).fetch_with(documents.clone()).clock(now)
}

pub(crate) fn documents() -> Documents {
    Documents::default().with(KEYS_URL, key_set())
}

pub(crate) async fn verify(
    verifier: &JwtVerifier,
    token: &str,
) -> Result<VerifiedToken, VerifyError> {
    verifier.verify(token, RESOURCE).await
}

/// Verifies a token, which must be invalid. Returns why.
pub(crate) async fn refuse(verifier: &JwtVerifier, token: &str) -> String {
    match verify(verifier, token).await {
        Err(VerifyError::Invalid(reason)) => reason,
        other => panic!("{other:?}: {token}"),
    }
}
