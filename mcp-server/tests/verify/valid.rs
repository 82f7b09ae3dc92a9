//! Tokens that are accepted, and who they say calls. With those of `hostile` there are more than
//! 150.

use std::time::{Duration, SystemTime};

use mcp_core::jose::SigningAlgorithm;
use mcp_server::auth::JwtVerifier;
use serde_json::{Value, json};

use super::tokens::{ISSUER, KEYS_URL, NOW, RESOURCE, Token, builder, documents, now, verify};

fn token() -> Token {
    Token::new(SigningAlgorithm::Rs256)
}

#[tokio::test(start_paused = true)]
async fn valid_tokens_are_accepted() {
    let many: Vec<String> = (0..99).map(|n| format!("https://{n}.example")).collect();
    let many: Vec<Value> = many.into_iter().chain([RESOURCE.to_owned()]).map(Value::from).collect();
    let mut tokens: Vec<Token> = SigningAlgorithm::ALL.into_iter().map(Token::new).collect();
    tokens.extend([
        token().header(json!({"kid": "rs256"})),
        // The only key of its kind needs no name.
        Token::new(SigningAlgorithm::EdDsa).without("kid"),
        token().header(json!({"typ": "AT+JWT"})),
        token().header(json!({"typ": "application/at+jwt"})),
        token().header(json!({"typ": "Application/AT+JWT"})),
        // What the header says about keys is ignored.
        token().header(json!({"jku": "https://evil.example/keys"})),
        token().header(json!({"x5u": "https://evil.example/certificate"})),
        token().header(json!({"x5c": ["AAAA"], "x5t": "AAAA", "x5t#S256": "AAAA"})),
        token().header(json!({"jwk": {"kty": "oct", "k": "AAAA"}})),
        token().header(json!({"cty": "at", "more": {"a": [1, null]}})),
        token().claims(json!({"aud": [RESOURCE]})),
        token().claims(json!({"aud": ["https://other.example", RESOURCE]})),
        token().claims(json!({"aud": many})),
        token().claims(json!({"exp": (NOW + 300) as f64 + 0.5})),
        token().claims(json!({"exp": NOW as f64 + 3e2})),
        token().claims(json!({"exp": 253_402_300_799_u64})),
        // Within the leeway of 60 s.
        token().claims(json!({"exp": NOW - 59})),
        token().claims(json!({"exp": NOW})),
        token().claims(json!({"nbf": NOW + 60})),
        token().claims(json!({"nbf": 0})),
        token().claims(json!({"iat": NOW + 60})),
        token().claims(json!({"iat": NOW as f64 - 0.5})),
        token().without("iat").without("jti").without("scope").without("client_id"),
        token().claims(json!({"sub": "ädä\u{1f600} with spaces"})),
        token().claims(json!({"azp": "other", "acr": "1", "amr": ["pwd"], "auth_time": NOW})),
        token().claims(json!({"token_use": "access"})),
        token().claims(json!({"realm_access": {"roles": ["admin"]}, "more": [[[1]]]})),
        token().claims(json!({"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}})),
        token().claims(json!({"scope": ""})),
        token().claims(json!({"scope": ["a", "b c"], "scp": ["d"]})),
    ]);
    let documents = documents();
    let verifier = builder(&documents).build().unwrap();
    for token in &tokens {
        let token = token.text();
        let verified = verify(&verifier, &token).await;
        assert!(verified.is_ok(), "{verified:?}: {token}");
    }
    assert_eq!(tokens.len(), 39);
    assert_eq!(documents.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_says_who_calls() {
    let verifier = builder(&documents()).build().unwrap();
    let verified = verify(&verifier, &token().text()).await.unwrap();
    let principal = &verified.principal;
    assert_eq!(principal.id(), format!("{ISSUER}#ada"));
    assert_eq!(principal.issuer(), Some(ISSUER));
    assert_eq!((principal.subject(), principal.client()), (Some("ada"), Some("app")));
    assert_eq!(principal.scopes().to_string(), "files:read files:write");
    assert_eq!(principal.claims()["jti"], "1");
    // It is accepted until the leeway is over, and so are its streams.
    assert_eq!(principal.expires_at(), Some(now() + Duration::from_secs(360)));
    assert_eq!(verified.key_thumbprint, None);
    assert_eq!(verified.cache_for, Duration::from_secs(60));

    let application = token().without("sub").text();
    let principal = verify(&verifier, &application).await.unwrap().principal;
    assert_eq!(principal.id(), format!("{ISSUER}##app"));
    assert_eq!((principal.subject(), principal.client()), (None, Some("app")));

    let application = token().without("sub").without("client_id").claims(json!({"azp": "app2"}));
    let principal = verify(&verifier, &application.text()).await.unwrap().principal;
    assert_eq!(principal.client(), Some("app2"));

    // A token that no user granted has the application as its subject (RFC 9068 §2.2).
    let application = token().claims(json!({"sub": "app"}));
    let principal = verify(&verifier, &application.text()).await.unwrap().principal;
    assert_eq!(principal.id(), format!("{ISSUER}##app"));
    assert_eq!(principal.subject(), None);

    let bound = token().claims(json!({"cnf": {"jkt": "thumbprint"}})).text();
    let verified = verify(&verifier, &bound).await.unwrap();
    assert_eq!(verified.key_thumbprint.as_deref(), Some("thumbprint"));
}

#[tokio::test(start_paused = true)]
async fn scopes_are_in_the_claims_that_the_settings_name() {
    for (names, claims, scopes) in [
        (&["scope", "scp"][..], json!({"scope": "a  b", "scp": ["c", "a"]}), "a b c"),
        (&["scp"], json!({"scope": "a", "scp": "b c"}), "b c"),
        (&["scp", "roles"], json!({"scp": "b", "roles": ["Admin", "b"]}), "Admin b"),
        (&["permissions"], json!({"permissions": ["read:x", "write:x"]}), "read:x write:x"),
        (&["permissions"], json!({"scope": "a"}), ""),
        (&[], json!({"scope": "a"}), ""),
    ] {
        let verifier = builder(&documents()).scope_claims(names.iter().copied()).build().unwrap();
        let token = token().without("scope").claims(claims.clone()).text();
        let principal = verify(&verifier, &token).await.unwrap().principal;
        assert_eq!(principal.scopes().to_string(), scopes, "{names:?} {claims}");
    }
}

#[tokio::test(start_paused = true)]
async fn times_are_compared_with_the_clock_of_the_server() {
    // It is ahead with that of tokio, as the expiry of streams is.
    let documents = documents();
    let verifier = JwtVerifier::builder(ISSUER)
        .keys_url(KEYS_URL)
        .fetch_with(documents.clone())
        .build()
        .unwrap();
    let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let token = token().claims(json!({"iat": wall, "exp": wall + 300})).text();
    verify(&verifier, &token).await.unwrap();
    tokio::time::advance(Duration::from_secs(361)).await;
    let error = verify(&verifier, &token).await.unwrap_err().to_string();
    assert!(error.contains("has expired"), "{error}");
}
