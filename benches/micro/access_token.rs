//! Verifies an access token whose key is known: what a protected server does with a token that it
//! has not seen lately.

use std::time::{Duration, SystemTime};

use divan::Bencher;
use futures::FutureExt as _;
use mcp_core::jose::{Jwk, JwkSet, Jwt, SigningAlgorithm, SigningKey, numeric_date};
use mcp_server::auth::{JwtVerifier, TokenVerifier as _};
use mcp_test_support::keys;
use serde_json::json;

const ISSUER: &str = "https://login.example.com";
const RESOURCE: &str = "https://mcp.example.com/mcp";

const ALGORITHMS: [SigningAlgorithm; 5] = [
    SigningAlgorithm::Rs256,
    SigningAlgorithm::Ps256,
    SigningAlgorithm::Es256,
    SigningAlgorithm::Es384,
    SigningAlgorithm::EdDsa,
];

fn key(algorithm: SigningAlgorithm) -> SigningKey {
    let pem = match algorithm {
        SigningAlgorithm::Es256 => keys::P256,
        SigningAlgorithm::Es384 => keys::P384,
        SigningAlgorithm::EdDsa => keys::ED25519,
        _ => keys::RSA,
    };
    SigningKey::from_pem(algorithm, pem).expect("a key for the algorithm")
}

fn token(key: &SigningKey) -> String {
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
    key.sign_jwt(&key.jwt_header("at+jwt", false), &claims).expect("a signature")
}

fn keys_of(key: &SigningKey) -> JwkSet {
    [Jwk::parse(key.public_jwk()).expect("a public key")].into_iter().collect()
}

/// The whole decision: parsing, claims, signature, principal.
#[divan::bench(args = ALGORITHMS)]
fn verify(bencher: Bencher<'_, '_>, algorithm: SigningAlgorithm) {
    let key = key(algorithm);
    let token = token(&key);
    let verifier =
        JwtVerifier::builder(ISSUER).keys(keys_of(&key)).build().expect("valid settings");
    let decide = || verifier.verify(divan::black_box(&token), RESOURCE).now_or_never();
    assert!(matches!(decide(), Some(Ok(_))));
    bencher.bench(decide);
}

/// The part of it that is the cryptography of `ring`.
#[divan::bench(args = ALGORITHMS)]
fn signature(bencher: Bencher<'_, '_>, algorithm: SigningAlgorithm) {
    let key = key(algorithm);
    let (token, public) = (token(&key), Jwk::parse(key.public_jwk()).expect("a public key"));
    let token = Jwt::parse(&token).expect("a token");
    bencher.bench(|| divan::black_box(&token).verify(&ALGORITHMS, &public));
}
