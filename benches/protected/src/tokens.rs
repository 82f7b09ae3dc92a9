//! Access tokens of the usual size, and their verifier, whose keys are known.

use std::time::{Duration, SystemTime};

use mcp_core::jose::{JoseError, Jwk, SigningAlgorithm, SigningKey, numeric_date};
use mcp_server::BuildError;
use mcp_server::auth::JwtVerifier;
use mcp_test_support::keys;
use serde_json::json;

const ISSUER: &str = "https://login.example.com";

/// The URL of the server, which is the audience of the tokens.
pub const RESOURCE: &str = "https://mcp.example.com/mcp";

/// Returns a private key for an algorithm, always the same one.
pub fn key(algorithm: SigningAlgorithm) -> Result<SigningKey, JoseError> {
    let pem = match algorithm {
        SigningAlgorithm::Es256 => keys::P256,
        SigningAlgorithm::Es384 => keys::P384,
        SigningAlgorithm::EdDsa => keys::ED25519,
        _ => keys::RSA,
    };
    SigningKey::from_pem(algorithm, pem)
}

/// Issues a token that is valid for an hour.
pub fn token(key: &SigningKey) -> Result<String, JoseError> {
    let now = SystemTime::now();
    let claims = json!({
        "iss": ISSUER,
        "sub": "c0ffee00-6c67-4c5b-b112-36a304b66dad",
        "aud": [RESOURCE, "https://login.example.com/userinfo"],
        "exp": numeric_date(now + Duration::from_secs(3_600)),
        "iat": numeric_date(now),
        "jti": "2b1c6a0e-6f6d-4f0e-8c3e-1d5a0c5f7a11",
        "client_id": "app",
        "scope": "openid profile files:read files:write",
        "realm_access": {"roles": ["reader", "writer"]},
    });
    key.sign_jwt(&key.jwt_header("at+jwt", false), &claims)
}

/// Returns the public key of a private one.
pub fn public(key: &SigningKey) -> Result<Jwk, JoseError> {
    Jwk::parse(key.public_jwk())
}

/// Creates the verifier of the tokens that were signed with the key.
pub fn verifier(public: Jwk) -> Result<JwtVerifier, BuildError> {
    JwtVerifier::builder(ISSUER).keys([public].into_iter().collect()).build()
}
