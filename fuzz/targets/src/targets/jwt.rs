//! `jose::Jwt`: a token has one spelling, and no member twice.

use std::sync::LazyLock;

use mcp_core::jose::{Jwk, Jwt, SigningAlgorithm, base64url};

/// The key of RFC 8037, appendix A. No seed is signed with it.
static KEY: LazyLock<Jwk> = LazyLock::new(|| {
    let key = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    Jwk::parse(key).expect("a valid key")
});

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // Mutations of base64url hardly ever are JSON, so the data is also taken as header and claims.
    check(text);
    let (header, claims) = text.split_once('.').unwrap_or(("{\"alg\":\"EdDSA\"}", text));
    let encode = |part: &str| base64url(part.as_bytes());
    check(&format!("{}.{}.{}", encode(header), encode(claims), encode("signature")));
}

fn check(token: &str) {
    let read = match Jwt::parse(token) {
        Ok(read) => read,
        Err(error) => {
            let error = error.to_string();
            assert!(!error.is_empty() && error.len() < 1_000, "{error:?}");
            assert!(!error.chars().any(char::is_control), "{error:?}");
            return;
        }
    };
    assert!(token.len() <= 16 << 10);
    assert!(read.jws().header().contains_key("alg") && !read.jws().header().contains_key("crit"));
    let algorithm = read.jws().algorithm();
    assert_eq!(read.jws().header()["alg"], algorithm.as_str());
    assert!(read.verify(&SigningAlgorithm::ALL, &KEY).is_err(), "a forgery: {token}");
    // The payload has no other spelling.
    let payload = token.split('.').nth(1).expect("a payload");
    assert_eq!(base64url(read.jws().payload()), payload);
    // What was read is what a parser without rules of its own reads.
    let claims: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(read.jws().payload()).expect("JSON");
    assert_eq!(*read.claims(), claims);
}
