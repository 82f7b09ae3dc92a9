//! Several verifiers for one server.

use std::time::Duration;

use mcp_core::jose::SigningAlgorithm;
use mcp_server::Principal;
use mcp_server::auth::{AnyOf, StaticVerifier, TokenVerifier, VerifyError};

use super::tokens::{ISSUER, RESOURCE, Token, builder, documents};

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
