//! Private keys.

use mcp_core::jose::{Jwk, JwkSet, Jwt, SigningAlgorithm, SigningKey, base64url, sha256};
use mcp_test_support::keys::{ED25519, P256, P256_SEC1, P384, RSA, RSA_PKCS1};
use serde_json::{Map, Value, json};

/// Each algorithm with a key for it.
pub(crate) const KEYS: [(SigningAlgorithm, &str); 10] = [
    (SigningAlgorithm::Rs256, RSA),
    (SigningAlgorithm::Rs384, RSA),
    (SigningAlgorithm::Rs512, RSA),
    (SigningAlgorithm::Ps256, RSA),
    (SigningAlgorithm::Ps384, RSA),
    (SigningAlgorithm::Ps512, RSA),
    (SigningAlgorithm::Es256, P256),
    (SigningAlgorithm::Es384, P384),
    (SigningAlgorithm::EdDsa, ED25519),
    (SigningAlgorithm::Rs256, RSA_PKCS1),
];

pub(crate) fn public(key: &SigningKey) -> Jwk {
    Jwk::parse(key.public_jwk()).unwrap()
}

#[test]
fn every_algorithm_signs_what_its_public_key_verifies() {
    for (algorithm, pem) in KEYS {
        let key = SigningKey::from_pem(algorithm, pem).unwrap();
        let jwk: Value = serde_json::from_str(key.public_jwk()).unwrap();
        assert!(jwk.get("d").is_none());
        let token = key.sign_jwt(&key.jwt_header("JWT", false), &json!({"sub": "me"})).unwrap();
        let read = Jwt::parse(&token).unwrap();
        let expected = json!({"alg": algorithm.as_str(), "typ": "JWT"});
        assert_eq!(Value::Object(read.jws().header().clone()), expected);
        assert_eq!(Value::Object(read.claims().clone()), json!({"sub": "me"}));
        read.verify(&[algorithm], &public(&key)).unwrap();

        let key = key.with_id("k1");
        let token = key.sign_jwt(&key.jwt_header("dpop+jwt", true), &json!({})).unwrap();
        let alg = algorithm.as_str();
        let expected = json!({"alg": alg, "typ": "dpop+jwt", "kid": "k1", "jwk": jwk});
        let read = Jwt::parse(&token).unwrap();
        assert_eq!(Value::Object(read.jws().header().clone()), expected);
        assert_eq!((read.jws().key_id(), read.jws().token_type()), (Some("k1"), Some("dpop+jwt")));
    }
}

#[test]
fn public_keys_are_written_as_thumbprints_need_them() {
    for (algorithm, pem, members) in [
        (SigningAlgorithm::Es256, P256, &["crv", "kty", "x", "y"][..]),
        (SigningAlgorithm::Es384, P384, &["crv", "kty", "x", "y"]),
        (SigningAlgorithm::Rs256, RSA, &["e", "kty", "n"]),
        (SigningAlgorithm::EdDsa, ED25519, &["crv", "kty", "x"]),
    ] {
        let key = SigningKey::from_pem(algorithm, pem).unwrap();
        let jwk: Map<String, Value> = serde_json::from_str(key.public_jwk()).unwrap();
        assert!(jwk.keys().eq(members), "{jwk:?}");
        assert_eq!(key.thumbprint(), base64url(&sha256(key.public_jwk().as_bytes())));
        assert_eq!(key.thumbprint(), public(&key).thumbprint());
    }
}

#[test]
fn a_published_key_is_found_by_its_id() {
    for (algorithm, pem) in KEYS {
        let key = SigningKey::from_pem(algorithm, pem).unwrap().with_id("k1");
        let set = JwkSet::parse(key.public_jwk_set().as_bytes()).unwrap();
        assert!(!key.public_jwk_set().contains("\"d\""));
        let [found] = set.candidates(Some("k1"), algorithm)[..] else { panic!("one key") };
        assert_eq!(found.thumbprint(), key.thumbprint());
        assert!(set.candidates(Some("k2"), algorithm).is_empty());
        let token = key.sign_jwt(&key.jwt_header("JWT", false), &json!({})).unwrap();
        Jwt::parse(&token).unwrap().verify(&[algorithm], found).unwrap();
    }
}

#[test]
fn a_generated_key_can_be_kept() {
    let (key, pem) = SigningKey::generate_with_pem().unwrap();
    let again = SigningKey::from_pem(SigningAlgorithm::Es256, &pem).unwrap();
    assert_eq!(key.thumbprint(), again.thumbprint());
    assert_ne!(key.thumbprint(), SigningKey::generate().unwrap().thumbprint());
    assert!(pem.lines().all(|line| line.len() <= 64));
}

#[test]
fn bad_keys_are_refused_with_reasons() {
    let broken = "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----\n";
    let zeros = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    for (algorithm, pem, reasons) in [
        (SigningAlgorithm::Es256, "", ["no private key in PEM form", ""]),
        (SigningAlgorithm::Es256, "secret", ["no private key in PEM form", ""]),
        (SigningAlgorithm::Es256, broken, ["no private key", ""]),
        (SigningAlgorithm::Es256, zeros, ["for ES256", ""]),
        (SigningAlgorithm::Es256, P256_SEC1, ["for ES256", "openssl pkcs8"]),
        (SigningAlgorithm::Es256, P384, ["for ES256", ""]),
        (SigningAlgorithm::Es384, P256, ["for ES384", ""]),
        (SigningAlgorithm::Rs256, P256, ["for RS256", ""]),
        (SigningAlgorithm::Ps512, P256_SEC1, ["for PS512", "openssl pkcs8"]),
        (SigningAlgorithm::EdDsa, RSA, ["for EdDSA", ""]),
        (SigningAlgorithm::EdDsa, RSA_PKCS1, ["for EdDSA", "PKCS #8"]),
    ] {
        let error = SigningKey::from_pem(algorithm, pem).unwrap_err().to_string();
        assert!(reasons.iter().all(|reason| error.contains(reason)), "{error}");
    }
}

#[test]
fn keys_are_not_shown() {
    let key = SigningKey::from_pem(SigningAlgorithm::Es256, P256).unwrap();
    assert_eq!(format!("{key:?}"), "SigningKey { algorithm: Es256, id: None, .. }");
    let shown = format!("{:?}", public(&key));
    assert_eq!(shown, "Jwk { id: None, kind: P256, algorithm: None, .. }");
}
