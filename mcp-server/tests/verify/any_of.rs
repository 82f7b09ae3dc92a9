//! Several verifiers for one server.

use std::time::Duration;

use mcp_core::jose::SigningAlgorithm;
use mcp_server::Principal;
use mcp_server::auth::{
    AnyOf, IntrospectionVerifier, JwtVerifier, StaticVerifier, TokenVerifier, VerifiedToken,
    VerifyError,
};

use serde_json::json;
use tokio::time::Instant;

use super::tokens::{ISSUER, KEYS_URL, RESOURCE, Token, builder, documents, now};

#[tokio::test(start_paused = true)]
async fn the_first_that_accepts_decides_and_a_doubt_outweighs_a_refusal() {
    let documents = documents();
    let verifier = AnyOf::new()
        .or(builder(&documents).build().unwrap())
        .or(StaticVerifier::new().token("s3cr3t", Principal::new("robot")));
    assert_eq!(verifier.issuers(), [ISSUER]);
    let token = Token::new(SigningAlgorithm::Rs256).text();

    documents.set_down(true);
    let robot = verifier.verify("s3cr3t", RESOURCE).await.unwrap();
    assert_eq!(robot.principal.id(), "robot");
    let undecided = verifier.verify(&token, RESOURCE).await.unwrap_err();
    assert!(matches!(undecided, VerifyError::Undecided { .. }), "{undecided}");
    let refused = verifier.verify("opaque", RESOURCE).await.unwrap_err();
    let VerifyError::Invalid(reason) = refused else { panic!("{refused}") };
    assert!(
        reason.contains("three parts") && reason.ends_with("; the token is not known"),
        "{reason}"
    );

    documents.set_down(false);
    tokio::time::advance(Duration::from_secs(30)).await;
    let ada = verifier.verify(&token, RESOURCE).await.unwrap();
    assert_eq!(ada.principal.subject(), Some("ada"));

    let none = AnyOf::new().verify("s3cr3t", RESOURCE).await.unwrap_err();
    assert_eq!(none, VerifyError::invalid("there is no verifier"));
}

/// Accepts no token, and does not say so.
struct Silent;

#[async_trait::async_trait]
impl TokenVerifier for Silent {
    async fn verify(&self, _: &str, _: &str) -> Result<VerifiedToken, VerifyError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_verifier_is_not_asked_about_a_token_of_another_issuer() {
    const OTHER: &str = "https://other.example.com";
    let down = documents();
    down.set_down(true);
    let documents = documents();
    // It has a placeholder, and its clients log in elsewhere.
    let tenants = JwtVerifier::builder("https://other.example.com/{tid}/v2")
        .authorization_server(OTHER)
        .keys_url(KEYS_URL)
        .fetch_with(documents.clone())
        .clock(now)
        .build()
        .unwrap();
    let opaque = IntrospectionVerifier::builder(OTHER, "https://other.example.com/introspect")
        .client_secret_basic("files", "s3cr3t")
        .build()
        .unwrap();
    let verifier = AnyOf::new().or(builder(&down).build().unwrap()).or(opaque).or(tenants);
    for (issuer, accepted) in [("/t1/v2", true), ("/t1/v1", false), ("/t2/v2", false)] {
        let token = Token::new(SigningAlgorithm::Rs256)
            .claims(json!({"iss": format!("{OTHER}{issuer}"), "tid": "t1"}))
            .text();
        match verifier.verify(&token, RESOURCE).await {
            Ok(_) => assert!(accepted, "{issuer}"),
            Err(VerifyError::Invalid(reason)) => assert!(!accepted, "{issuer}: {reason}"),
            Err(error) => panic!("{issuer}: {error}"),
        }
    }
    assert_eq!((down.fetches(), documents.fetches()), (0, 1));
    // The one that is down decides about its own tokens.
    let token = Token::new(SigningAlgorithm::Rs256).text();
    let error = verifier.verify(&token, RESOURCE).await.unwrap_err();
    assert!(matches!(error, VerifyError::Undecided { .. }), "{error}");
    // The same holds of verifiers within verifiers.
    assert!(verifier.accepts_issuer(ISSUER) && !verifier.accepts_issuer("https://a.example"));
    assert!(AnyOf::new().or(verifier).or(Silent).accepts_issuer("https://a.example"));
}

#[tokio::test(start_paused = true)]
async fn a_verifier_that_does_not_answer_leaves_time_for_the_others() {
    let robot = || StaticVerifier::new().token("s3cr3t", Principal::new("robot"));
    let verifier = AnyOf::new().or(Silent).or(Silent).or(robot());
    let start = Instant::now();
    verifier.verify("s3cr3t", RESOURCE).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(6));
    // An other token may be one of those that do not answer, and the server waits for 10 s.
    let verifier = AnyOf::new().or(robot()).or(Silent).or(Silent);
    let start = Instant::now();
    let error = verifier.verify("other", RESOURCE).await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(9));
    assert!(error.to_string().contains("did not answer within 4.5s"), "{error}");
}
