//! Keys that are known beforehand.

use mcp_core::jose::{JwkSet, SigningAlgorithm};
use mcp_server::auth::JwtVerifier;
use serde_json::json;

use super::tokens::{ISSUER, Token, key_set, now, refuse, verify};

#[tokio::test]
async fn fixed_keys_need_no_authorization_server() {
    let keys = JwkSet::parse(key_set().to_string().as_bytes()).unwrap();
    let verifier = JwtVerifier::builder(ISSUER).keys(keys).clock(now).build().unwrap();
    let token = Token::new(SigningAlgorithm::EdDsa);
    verify(&verifier, &token.text()).await.unwrap();
    let reason = refuse(&verifier, &token.header(json!({"kid": "other"})).text()).await;
    assert!(reason.contains("no key that fits"), "{reason}");
}
