//! When keys are fetched.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mcp_core::http_client::BoxError;
use mcp_core::jose::{SigningAlgorithm, SigningKey};
use mcp_server::auth::{FetchDocument, JwtLimits, JwtVerifier, VerifyError};
use mcp_test_support::settle;
use serde_json::{Value, json};
use tokio::time::{Instant, advance};

use super::documents::Documents;
use super::tokens::{ISSUER, KEYS_URL, Token, builder, documents, jwk, now, refuse, verify};

const SECOND: Duration = Duration::from_secs(1);

fn with_key_id(id: &str) -> String {
    Token::new(SigningAlgorithm::Es256).header(json!({"kid": id})).text()
}

fn good() -> String {
    Token::new(SigningAlgorithm::Rs256).text()
}

#[track_caller]
fn retry_after(verified: Result<mcp_server::auth::VerifiedToken, VerifyError>) -> Duration {
    match verified {
        Err(VerifyError::Undecided { retry_after, .. }) => retry_after,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_unknown_keys_causes_two_fetches_a_minute() {
    let documents = documents();
    let verifier = builder(&documents).build().unwrap();
    verify(&verifier, &good()).await.unwrap();
    let start = Instant::now();
    for number in 0..10_000 {
        let reason = refuse(&verifier, &with_key_id(&format!("k{number}"))).await;
        assert!(reason.contains("no key that fits"), "{reason}");
        if number % 1_000 == 0 {
            verify(&verifier, &good()).await.unwrap();
        }
        advance(Duration::from_millis(12)).await;
    }
    // 120 seconds, with the fetch at the beginning.
    assert_eq!(start.elapsed().as_secs(), 120);
    assert_eq!(documents.fetches(), 1 + 3);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_arrive_together_share_a_fetch() {
    let documents = documents();
    documents.set_delay(SECOND);
    let verifier = Arc::new(builder(&documents).build().unwrap());
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let verifier = Arc::clone(&verifier);
            tokio::spawn(async move { verify(&verifier, &good()).await.is_ok() })
        })
        .collect();
    for call in calls {
        assert!(call.await.unwrap());
    }
    assert_eq!(documents.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_does_not_end_the_fetch() {
    let documents = documents();
    documents.set_delay(SECOND);
    let verifier = builder(&documents).build().unwrap();
    let left = tokio::time::timeout(Duration::from_millis(10), verify(&verifier, &good())).await;
    assert!(left.is_err());
    verify(&verifier, &good()).await.unwrap();
    assert_eq!(documents.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn keys_are_rotated_without_a_failed_call() {
    let documents = documents();
    documents.set_delay(Duration::from_millis(200));
    let verifier = builder(&documents).build().unwrap();
    let old = SigningKey::generate().unwrap();
    let new = SigningKey::generate().unwrap();
    let token = |id: &str, key: &SigningKey| {
        Token::new(SigningAlgorithm::Es256).header(json!({"kid": id})).signed_by(key.clone()).text()
    };
    let set = |keys: &[(&str, &SigningKey)]| {
        let keys: Vec<Value> = keys.iter().map(|(id, key)| jwk(key, json!({"kid": id}))).collect();
        documents.set(KEYS_URL, json!({"keys": keys}));
    };
    let (old_token, new_token) = (token("old", &old), token("new", &new));
    set(&[("old", &old)]);
    verify(&verifier, &old_token).await.unwrap();
    for second in 1..3_600 {
        advance(SECOND).await;
        match second {
            // A new key is published when it begins to sign; the old one stays for a while.
            1_000 => set(&[("old", &old), ("new", &new)]),
            2_000 => set(&[("new", &new)]),
            _ => {}
        }
        if second < 1_500 {
            verify(&verifier, &old_token).await.unwrap();
        }
        if second >= 1_000 {
            verify(&verifier, &new_token).await.unwrap();
        }
    }
    // The key that was withdrawn is forgotten.
    let reason = refuse(&verifier, &old_token).await;
    assert!(reason.contains("no key that fits"), "{reason}");
    // One for each ten minutes, and one for the new key.
    assert!(documents.fetches() <= 8, "{}", documents.fetches());
}

#[tokio::test(start_paused = true)]
async fn a_rotated_key_without_an_id_is_found() {
    let documents = Documents::default();
    let (old, new) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
    let token = |key: &SigningKey| {
        Token::new(SigningAlgorithm::Es256).without("kid").signed_by(key.clone()).text()
    };
    documents.set(KEYS_URL, json!({"keys": [jwk(&old, json!({}))]}));
    let verifier = builder(&documents).build().unwrap();
    verify(&verifier, &token(&old)).await.unwrap();
    documents.set(KEYS_URL, json!({"keys": [jwk(&new, json!({}))]}));
    advance(30 * SECOND).await;
    verify(&verifier, &token(&new)).await.unwrap();
    assert_eq!(documents.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_authorization_server_may_be_down_for_ten_minutes() {
    let documents = documents();
    let verifier = builder(&documents).build().unwrap();
    verify(&verifier, &good()).await.unwrap();
    documents.set_down(true);
    for second in 0..600 {
        advance(SECOND).await;
        verify(&verifier, &good()).await.unwrap();
        if second >= 30 {
            let wait = retry_after(verify(&verifier, &with_key_id("unknown")).await);
            assert!((SECOND..=30 * SECOND).contains(&wait), "{wait:?}");
        }
        // What is wrong without a key is known without one.
        let reason =
            refuse(&verifier, &Token::new(SigningAlgorithm::Rs256).without("aud").text()).await;
        assert!(reason.contains("no audience"), "{reason}");
    }
    assert!((20..=21).contains(&documents.fetches()), "{}", documents.fetches());
    documents.set_down(false);
    advance(30 * SECOND).await;
    refuse(&verifier, &with_key_id("unknown")).await;
    verify(&verifier, &good()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn keys_that_cannot_be_refreshed_are_used_for_a_day() {
    let documents = documents();
    let verifier = builder(&documents).build().unwrap();
    verify(&verifier, &good()).await.unwrap();
    documents.set_down(true);
    advance(86_399 * SECOND).await;
    verify(&verifier, &good()).await.unwrap();
    settle().await;
    advance(SECOND).await;
    retry_after(verify(&verifier, &good()).await);
    documents.set_down(false);
    advance(30 * SECOND).await;
    verify(&verifier, &good()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn known_keys_are_refreshed_in_the_background() {
    let documents = documents();
    documents.set_delay(5 * SECOND);
    let verifier = builder(&documents).build().unwrap();
    verify(&verifier, &good()).await.unwrap();
    advance(599 * SECOND).await;
    verify(&verifier, &good()).await.unwrap();
    settle().await;
    assert_eq!(documents.fetches(), 1);
    advance(SECOND).await;
    let start = Instant::now();
    for _ in 0..100 {
        verify(&verifier, &good()).await.unwrap();
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    settle().await;
    assert_eq!(documents.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn keys_that_do_not_arrive_are_waited_for_only_so_long() {
    let documents = documents();
    documents.set_delay(3_600 * SECOND);
    let verifier = builder(&documents).build().unwrap();
    let start = Instant::now();
    let error = verify(&verifier, &good()).await.unwrap_err();
    assert_eq!(start.elapsed(), 8 * SECOND);
    assert!(error.to_string().contains("within 8s (`JwtLimits::refresh_timeout`)"), "{error}");
    documents.set_delay(Duration::ZERO);
    // Not sooner than 30 s after the last attempt.
    assert_eq!(retry_after(verify(&verifier, &good()).await), 22 * SECOND);
    advance(22 * SECOND).await;
    verify(&verifier, &good()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_panics_decides_nothing_and_is_repeated() {
    /// Panics at the first fetch.
    struct Panics(Documents);

    #[async_trait::async_trait]
    impl FetchDocument for Panics {
        async fn fetch(&self, url: &str) -> Result<Option<Bytes>, BoxError> {
            let document = self.0.fetch(url).await;
            assert!(self.0.fetches() > 1, "the first fetch");
            document
        }
    }

    let verifier = JwtVerifier::builder(ISSUER)
        .keys_url(KEYS_URL)
        .fetch_with(Panics(documents()))
        .clock(now)
        .build()
        .unwrap();
    let error = verify(&verifier, &good()).await.unwrap_err();
    assert!(error.to_string().contains("was interrupted"), "{error}");
    assert_eq!(retry_after(verify(&verifier, &good()).await), 30 * SECOND);
    advance(30 * SECOND).await;
    verify(&verifier, &good()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_unknown_key_is_asked_for_again_after_a_while() {
    let documents = documents();
    let verifier = builder(&documents).build().unwrap();
    refuse(&verifier, &with_key_id("late")).await;
    assert_eq!(documents.fetches(), 1);
    advance(59 * SECOND).await;
    refuse(&verifier, &with_key_id("late")).await;
    assert_eq!(documents.fetches(), 1);
    advance(SECOND).await;
    refuse(&verifier, &with_key_id("late")).await;
    assert_eq!(documents.fetches(), 2);
    // Another key is asked for as soon as a refresh is allowed, and finds both.
    let key = SigningKey::generate().unwrap();
    let set = json!({"keys": [jwk(&key, json!({"kid": "late"})), jwk(&key, json!({"kid": "b"}))]});
    documents.set(KEYS_URL, set);
    advance(30 * SECOND).await;
    for id in ["b", "late"] {
        let token = Token::new(SigningAlgorithm::Es256).header(json!({"kid": id}));
        verify(&verifier, &token.signed_by(key.clone()).text()).await.unwrap();
    }
    assert_eq!(documents.fetches(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_number_of_unknown_keys_that_are_remembered_is_bounded() {
    let documents = documents();
    let mut limits = JwtLimits::new();
    (limits.max_unknown_keys, limits.unknown_key_ttl) = (2, 3_600 * SECOND);
    let verifier = builder(&documents).limits(limits).build().unwrap();
    for id in ["a", "b", "c"] {
        refuse(&verifier, &with_key_id(id)).await;
        advance(30 * SECOND).await;
    }
    assert_eq!(documents.fetches(), 3);
    for id in ["a", "b"] {
        refuse(&verifier, &with_key_id(id)).await;
    }
    assert_eq!(documents.fetches(), 3);
    // There was no space for it.
    refuse(&verifier, &with_key_id("c")).await;
    assert_eq!(documents.fetches(), 4);
}

const METADATA: &str = "https://login.example.com/.well-known/oauth-authorization-server";
const OPENID: &str = "https://login.example.com/.well-known/openid-configuration";

fn discovering(documents: &Documents) -> JwtVerifier {
    JwtVerifier::builder(ISSUER).fetch_with(documents.clone()).clock(now).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn metadata_is_read_when_the_first_token_arrives() {
    for url in [METADATA, OPENID] {
        let documents = documents().with(url, json!({"issuer": ISSUER, "jwks_uri": KEYS_URL}));
        let verifier = discovering(&documents);
        assert_eq!(documents.fetches(), 0);
        verify(&verifier, &good()).await.unwrap();
        assert_eq!(documents.fetched().last().unwrap(), KEYS_URL);
        let before = documents.fetches();
        // Then only the keys are fetched, for an hour.
        for _ in 0..5 {
            advance(601 * SECOND).await;
            verify(&verifier, &good()).await.unwrap();
            settle().await;
        }
        assert_eq!(documents.fetched()[before..], [KEYS_URL; 5]);
        advance(601 * SECOND).await;
        verify(&verifier, &good()).await.unwrap();
        settle().await;
        assert!(documents.fetched()[before + 5..].contains(&url.to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn keys_that_moved_are_found() {
    let documents = documents().with(METADATA, json!({"issuer": ISSUER, "jwks_uri": KEYS_URL}));
    let verifier = discovering(&documents);
    verify(&verifier, &good()).await.unwrap();
    let moved = "https://login.example.com/new-keys";
    documents.set(moved, super::tokens::key_set());
    documents.set(METADATA, json!({"issuer": ISSUER, "jwks_uri": moved}));
    documents.set(KEYS_URL, "gone");
    for _ in 0..2 {
        advance(600 * SECOND).await;
        verify(&verifier, &good()).await.unwrap();
        settle().await;
    }
    assert_eq!(documents.fetched().last().unwrap(), moved);
}

#[tokio::test(start_paused = true)]
async fn documents_that_cannot_be_used_decide_nothing() {
    let too_many = json!({"keys": vec![json!({"kty": "AKP"}); 101]});
    for (url, document, reason) in [
        (METADATA, json!({"issuer": "https://evil.example", "jwks_uri": KEYS_URL}), "RFC 8414"),
        (METADATA, json!({"issuer": ISSUER}), "names no jwks_uri"),
        (METADATA, json!({"issuer": ISSUER, "jwks_uri": "http://a.example"}), "not an https URL"),
        (METADATA, json!({"issuer": ISSUER, "jwks_uri": "https://x.example"}), "there are no keys"),
        (KEYS_URL, json!({}), "has no metadata"),
    ] {
        let documents = documents().with(url, &document);
        let error = verify(&discovering(&documents), &good()).await.unwrap_err();
        assert!(matches!(error, VerifyError::Undecided { .. }), "{document}: {error}");
        assert!(error.to_string().contains(reason), "{document}: {error}");
    }
    for (set, reason) in [
        (json!([]), "is not a JSON object"),
        (json!({"keys": {}}), "no array"),
        (too_many, "101 keys, more than 100"),
        (json!({"keys": [], "x": "x".repeat(70_000)}), "more than 65536"),
    ] {
        let documents = Documents::default().with(KEYS_URL, &set);
        let verifier = builder(&documents).build().unwrap();
        let error = verify(&verifier, &good()).await.unwrap_err();
        assert!(matches!(error, VerifyError::Undecided { .. }), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
    // A set without usable keys is an answer.
    let documents = Documents::default().with(KEYS_URL, json!({"keys": []}));
    let verifier = builder(&documents).build().unwrap();
    refuse(&verifier, &good()).await;
}
