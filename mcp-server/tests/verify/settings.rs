//! Settings that are refused, and what others accept.

use std::time::Duration;

use mcp_core::jose::{JwkSet, SigningAlgorithm};
use mcp_server::auth::{Audience, JwtLimits, JwtVerifier, JwtVerifierBuilder, TokenVerifier as _};
use serde_json::json;

use super::tokens::{ISSUER, NOW, RESOURCE, Token, builder, documents, refuse, verify};

fn error(builder: JwtVerifierBuilder) -> String {
    builder.build().unwrap_err().to_string()
}

#[test]
fn settings_that_are_not_safe_do_not_build() {
    let start = || JwtVerifier::builder(ISSUER);
    let empty = JwkSet::parse(br#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#).unwrap();
    for (builder, reason) in [
        (JwtVerifier::builder(""), "an issuer is a URL"),
        (JwtVerifier::builder("https://{*}.example"), "placeholder"),
        (JwtVerifier::builder("https://a.example/{tid}"), "call keys_url"),
        (JwtVerifier::builder("http://login.example.com"), "must not be used"),
        (JwtVerifier::builder("http://127.0.0.1:9797"), "allow_private_hosts"),
        (JwtVerifier::builder("https://10.0.0.1"), "allow_private_hosts"),
        (start().keys_url("file:///etc/passwd"), "is not a valid URL"),
        (start().keys_url("keys"), "must not be used"),
        (start().keys(empty), "no key of the set"),
        (start().algorithms([]), "no algorithm"),
        (start().leeway(Duration::from_secs(301)), "more than 300s"),
        (start().audience(Audience::AnyOf(Vec::new())), "the audience is empty"),
        (start().audience(Audience::AnyOf(vec![String::new()])), "the audience is empty"),
    ] {
        let error = error(builder);
        assert!(error.contains(reason), "{error}");
    }
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("http://{host}:9797");
        JwtVerifier::builder(url).allow_private_hosts([host]).build().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn other_types_are_accepted_only_where_the_settings_say_so() {
    let plain = builder(&documents()).accept_plain_jwt().build().unwrap();
    let token = || Token::new(SigningAlgorithm::Rs256);
    for token in [
        token(),
        token().header(json!({"typ": "JWT"})),
        token().header(json!({"typ": "application/jwt"})),
        token().without("typ"),
    ] {
        verify(&plain, &token.text()).await.unwrap();
    }
    for token in [
        token().header(json!({"typ": "dpop+jwt"})),
        token().header(json!({"typ": "JWT"})).claims(json!({"nonce": "n"})),
        token().without("typ").claims(json!({"token_use": "id"})),
    ] {
        refuse(&plain, &token.text()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn audiences_are_those_of_the_settings() {
    let list = || vec!["app".to_owned(), "api://app".to_owned()];
    let claim = Audience::ClaimEquals { claim: "client_id".to_owned(), values: list() };
    for (audience, accepted) in [
        (Audience::Resource, [true, false, false]),
        (Audience::AnyOf(list()), [false, true, false]),
        (Audience::ResourceOrAnyOf(list()), [true, true, false]),
        (claim, [true, true, true]),
    ] {
        let verifier = builder(&documents()).audience(audience.clone()).build().unwrap();
        for (aud, accepted) in [RESOURCE, "api://app", "other"].into_iter().zip(accepted) {
            let token = Token::new(SigningAlgorithm::Rs256).claims(json!({"aud": aud})).text();
            let verified = verify(&verifier, &token).await;
            assert_eq!(verified.is_ok(), accepted, "{audience:?} {aud}: {verified:?}");
        }
        let other =
            Token::new(SigningAlgorithm::Rs256).claims(json!({"client_id": "x", "aud": "x"}));
        refuse(&verifier, &other.text()).await;
        refuse(&verifier, &other.without("client_id").text()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn times_and_audiences_have_the_limits_of_the_settings() {
    let mut limits = JwtLimits::new();
    limits.max_audiences = 2;
    let verifier = builder(&documents()).leeway(Duration::ZERO).limits(limits).build().unwrap();
    let token = || Token::new(SigningAlgorithm::Rs256);
    verify(&verifier, &token().claims(json!({"exp": NOW + 1})).text()).await.unwrap();
    refuse(&verifier, &token().claims(json!({"exp": NOW})).text()).await;
    refuse(&verifier, &token().claims(json!({"nbf": NOW + 1})).text()).await;
    verify(&verifier, &token().claims(json!({"aud": [RESOURCE, "b"]})).text()).await.unwrap();
    let reason =
        refuse(&verifier, &token().claims(json!({"aud": [RESOURCE, "b", "c"]})).text()).await;
    assert_eq!(reason, "its aud has 3 values, more than 2");
}

#[tokio::test(start_paused = true)]
async fn an_issuer_may_have_several_forms() {
    let verifier = builder(&documents())
        .or_issuer("https://login.example.com/{tid}/v2.0")
        .or_issuer("https://login.example.com/apps/{*}")
        .build()
        .unwrap();
    assert_eq!(verifier.issuers(), [ISSUER]);
    let token = |iss: &str, tid: &str| {
        Token::new(SigningAlgorithm::Rs256).claims(json!({"iss": iss, "tid": tid})).text()
    };
    for iss in [ISSUER, "https://login.example.com/t/v2.0", "https://login.example.com/apps/x"] {
        let principal = verify(&verifier, &token(iss, "t")).await.unwrap().principal;
        assert_eq!(principal.issuer(), Some(iss));
    }
    refuse(&verifier, &token("https://login.example.com/u/v2.0", "t")).await;
    let required = builder(&documents()).required_claim("tid", ["a", "b"]).build().unwrap();
    verify(&required, &token(ISSUER, "b")).await.unwrap();
    assert_eq!(refuse(&required, &token(ISSUER, "c")).await, "its tid is \"c\"");
    let reason = refuse(&required, &Token::new(SigningAlgorithm::Rs256).text()).await;
    assert_eq!(reason, "it has no tid");
}
