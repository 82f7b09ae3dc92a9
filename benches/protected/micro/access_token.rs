//! Verifies an access token whose key is known: what a protected server does with a token that it
//! has not seen lately.

use divan::Bencher;
use futures::FutureExt as _;
use mcp_core::jose::{Jwt, SigningAlgorithm};
use mcp_protected_benches::tokens::{self, RESOURCE};
use mcp_server::auth::TokenVerifier as _;

const ALGORITHMS: [SigningAlgorithm; 5] = [
    SigningAlgorithm::Rs256,
    SigningAlgorithm::Ps256,
    SigningAlgorithm::Es256,
    SigningAlgorithm::Es384,
    SigningAlgorithm::EdDsa,
];

/// The whole decision: parsing, claims, signature, principal.
#[divan::bench(args = ALGORITHMS)]
fn verify(bencher: Bencher<'_, '_>, algorithm: SigningAlgorithm) {
    let key = tokens::key(algorithm).expect("a key for the algorithm");
    let token = tokens::token(&key).expect("a signature");
    let public = tokens::public(&key).expect("a public key");
    let verifier = tokens::verifier(public).expect("valid settings");
    let decide = || verifier.verify(divan::black_box(&token), RESOURCE).now_or_never();
    assert!(matches!(decide(), Some(Ok(_))));
    bencher.bench(decide);
}

/// The part of it that is the cryptography of `ring`.
#[divan::bench(args = ALGORITHMS)]
fn signature(bencher: Bencher<'_, '_>, algorithm: SigningAlgorithm) {
    let key = tokens::key(algorithm).expect("a key for the algorithm");
    let public = tokens::public(&key).expect("a public key");
    let token = tokens::token(&key).expect("a signature");
    let token = Jwt::parse(&token).expect("a token");
    bencher.bench(|| divan::black_box(&token).verify(&ALGORITHMS, &public));
}
