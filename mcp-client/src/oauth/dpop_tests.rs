//! Proofs, read back and checked with the key that they carry.

use std::collections::HashSet;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};

use super::dpop::Dpop;
use super::error::ErrorKind;
use super::jws::{SigningKey, numeric_date};
use super::presentation::Presentation as _;
use super::secret::Secret;
use super::token::{Token, TokenType};

/// The example of RFC 9449 §7.1, with its `ath`.
const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
const ATH: &str = "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo";

fn token(kind: TokenType) -> Token {
    Token {
        access: Secret::new(TOKEN),
        kind,
        issued: SystemTime::now(),
        lifetime: None,
        refresh: None,
        requested_scope: None,
        granted_scope: None,
    }
}

fn request(method: &str, url: &str, body: &'static str) -> Request<Bytes> {
    Request::builder().method(method).uri(url).body(Bytes::from_static(body.as_bytes())).unwrap()
}

fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
    fields.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

/// The claims of a proof, which must be signed with the key in its header.
fn proof(headers: &HeaderMap, key: &SigningKey) -> Value {
    let proof = headers["dpop"].to_str().unwrap();
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let (message, signature) = proof.rsplit_once('.').unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    let header: Value = serde_json::from_slice(&decode(header)).unwrap();
    let jwk: Value = serde_json::from_str(key.public_jwk()).unwrap();
    assert_eq!(header, json!({"alg": "ES256", "typ": "dpop+jwt", "jwk": jwk}));
    let coordinate = |name: &str| decode(jwk[name].as_str().unwrap());
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    let verified = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    verified.verify(message.as_bytes(), &decode(signature)).unwrap();
    serde_json::from_slice(&decode(claims)).unwrap()
}

#[test]
fn a_proof_is_over_what_is_sent() {
    let key = SigningKey::generate().unwrap();
    let dpop = Dpop::new(key.clone());
    for (method, url, body, htu, digest) in [
        (
            "POST",
            "https://mcp.example.com/mcp?session=1",
            r#"{"hello": "world"}"#,
            "https://mcp.example.com/mcp",
            // The example of RFC 9530, appendix D.
            Some("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"),
        ),
        ("GET", "http://127.0.0.1:3000/mcp", "", "http://127.0.0.1:3000/mcp", None),
        ("DELETE", "https://mcp.example.com", "", "https://mcp.example.com/", None),
        (
            "POST",
            "https://mcp.example.com/a%20b",
            "",
            "https://mcp.example.com/a%20b",
            Some("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"),
        ),
    ] {
        let mut request = request(method, url, body);
        dpop.present(&token(TokenType::Dpop), &mut request).unwrap();
        assert_eq!(request.headers()["authorization"], format!("DPoP {TOKEN}"));
        assert!(request.headers()["authorization"].is_sensitive());
        let claims = proof(request.headers(), &key);
        assert_eq!(
            (&claims["htm"], &claims["htu"], &claims["ath"]),
            (&json!(method), &json!(htu), &json!(ATH))
        );
        assert_eq!(claims.get("content_digest").and_then(Value::as_str), digest, "{url}");
        assert!(numeric_date(SystemTime::now()).abs_diff(claims["iat"].as_u64().unwrap()) <= 5);
        assert_eq!(claims.get("nonce"), None);
    }
}

#[test]
fn a_proof_for_a_token_has_neither_token_nor_body() {
    let key = SigningKey::generate().unwrap();
    let dpop = Dpop::new(key.clone());
    let mut headers = HeaderMap::new();
    dpop.prove_token_request("https://as.example.com/token?tenant=1", &mut headers).unwrap();
    let claims = proof(&headers, &key);
    let mut names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["htm", "htu", "iat", "jti"]);
    assert_eq!(
        (&claims["htm"], &claims["htu"]),
        (&json!("POST"), &json!("https://as.example.com/token"))
    );
}

#[test]
fn no_proof_is_made_twice() {
    let key = SigningKey::generate().unwrap();
    let dpop = Dpop::new(key.clone());
    let mut ids = HashSet::new();
    for _ in 0..1_000 {
        let mut request = request("POST", "https://mcp.example.com/mcp", "{}");
        dpop.present(&token(TokenType::Dpop), &mut request).unwrap();
        // Sent again: one proof, the new one.
        dpop.present(&token(TokenType::Dpop), &mut request).unwrap();
        assert_eq!(request.headers().get_all("dpop").iter().count(), 1);
        let claims = proof(request.headers(), &key);
        assert!(ids.insert(claims["jti"].as_str().unwrap().to_owned()));
    }
}

#[test]
fn the_next_proof_has_the_nonce_of_its_server() {
    let key = SigningKey::generate().unwrap();
    let dpop = Dpop::new(key.clone());
    let server_nonce = || {
        let mut request = request("POST", "https://mcp.example.com/mcp", "{}");
        dpop.present(&token(TokenType::Dpop), &mut request).unwrap();
        proof(request.headers(), &key).get("nonce").cloned()
    };
    let endpoint_nonce = |url: &str| {
        let mut headers = HeaderMap::new();
        dpop.prove_token_request(url, &mut headers).unwrap();
        proof(&headers, &key).get("nonce").cloned()
    };

    dpop.server_answered(StatusCode::OK, &headers(&[("dpop-nonce", "s1")]));
    dpop.token_endpoint_answered("https://as.example.com/token", &headers(&[("dpop-nonce", "a1")]));
    assert_eq!(server_nonce(), Some(json!("s1")));
    assert_eq!(endpoint_nonce("https://as.example.com/token"), Some(json!("a1")));
    assert_eq!(endpoint_nonce("https://as.example.com/other"), Some(json!("a1")));
    assert_eq!(endpoint_nonce("https://idp.example.com/token"), None);

    // Each answer may bring the next one; one without a nonce changes nothing, nor does one that is none.
    dpop.server_answered(StatusCode::OK, &headers(&[("dpop-nonce", "s2")]));
    let long = "x".repeat(1_025);
    for bad in ["", "a b", "a\"b", "a\\b", "\u{e9}", &long] {
        dpop.server_answered(StatusCode::OK, &headers(&[("dpop-nonce", bad)]));
    }
    dpop.server_answered(StatusCode::OK, &headers(&[]));
    assert_eq!(server_nonce(), Some(json!("s2")));

    // Only the nonces of the latest servers are kept.
    for number in 0..20 {
        let url = format!("https://as{number}.example.com/token");
        dpop.token_endpoint_answered(&url, &headers(&[("dpop-nonce", "n")]));
    }
    assert_eq!(endpoint_nonce("https://as.example.com/token"), None);
    assert_eq!(endpoint_nonce("https://as3.example.com/token"), None);
    assert_eq!(endpoint_nonce("https://as4.example.com/token"), Some(json!("n")));
}

#[test]
fn when_a_new_proof_is_wanted() {
    let dpop = Dpop::new(SigningKey::generate().unwrap());
    let nonce = ("dpop-nonce", "n");
    let challenge = |text: &'static str| ("www-authenticate", text);
    let unauthorized = StatusCode::UNAUTHORIZED;
    for (status, fields, wanted) in [
        (unauthorized, vec![nonce, challenge(r#"DPoP error="use_dpop_nonce""#)], true),
        (
            unauthorized,
            vec![nonce, challenge(r#"Bearer x=y, dpop algs="ES256", error="use_dpop_nonce""#)],
            true,
        ),
        (unauthorized, vec![challenge(r#"DPoP error="use_dpop_nonce""#)], false),
        (unauthorized, vec![nonce, challenge(r#"DPoP error="invalid_token""#)], false),
        (unauthorized, vec![nonce, challenge(r#"Bearer error="use_dpop_nonce""#)], false),
        (unauthorized, vec![nonce], false),
        (StatusCode::FORBIDDEN, vec![nonce, challenge(r#"DPoP error="use_dpop_nonce""#)], false),
    ] {
        assert_eq!(dpop.wants_new_proof(status, &headers(&fields)), wanted, "{fields:?}");
    }
}

#[test]
fn a_token_that_is_not_bound_is_not_shown() {
    let dpop = Dpop::new(SigningKey::generate().unwrap());
    let mut request = request("POST", "https://mcp.example.com/mcp", "{}");
    let error = dpop.present(&token(TokenType::Bearer), &mut request).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidMetadata);
    assert!(request.headers().is_empty());
}
