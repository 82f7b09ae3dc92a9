//! How many requests about tokens an authorization server gets.

use std::sync::Arc;
use std::time::Duration;

use mcp_server::auth::{IntrospectionLimits, IntrospectionVerifier, VerifiedToken, VerifyError};
use mcp_test_support::settle;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::{Instant, advance};

use crate::introspection::{Reply, Script, builder, undecided, verifier, verify};

const SECOND: Duration = Duration::from_secs(1);

/// Verifies a token for a client that has begun to wait.
async fn start(
    verifier: &Arc<IntrospectionVerifier>,
    token: &'static str,
) -> JoinHandle<Result<VerifiedToken, VerifyError>> {
    let verifier = Arc::clone(verifier);
    let client = tokio::spawn(async move { verify(&verifier, token).await });
    settle().await;
    client
}

#[tokio::test(start_paused = true)]
async fn the_number_of_requests_at_a_time_is_limited() {
    let script = Script::new([Reply::Never, Reply::Never]);
    let mut limits = IntrospectionLimits::new();
    limits.max_concurrent_requests = 2;
    limits.request_timeout = 3 * SECOND;
    let verifier = Arc::new(builder(&script).limits(limits).build().unwrap());
    let first = start(&verifier, "a").await;
    let second = start(&verifier, "b").await;
    let began = Instant::now();
    let (reason, after) = undecided(verify(&verifier, "c").await);
    assert!(reason.contains("`IntrospectionLimits::max_concurrent_requests`"), "{reason}");
    assert_eq!((began.elapsed(), after), (2 * SECOND, 2 * SECOND));
    assert_eq!(script.count(), 2);
    undecided(first.await.unwrap());
    undecided(second.await.unwrap());
    verify(&verifier, "d").await.unwrap();
    assert_eq!(script.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn clients_with_one_token_share_one_request() {
    let inactive = Reply::Json(json!({ "active": false }));
    let script = Script::new([Reply::Slow(SECOND, Box::new(inactive))]);
    let mut limits = IntrospectionLimits::new();
    limits.max_concurrent_requests = 1;
    let verifier = Arc::new(builder(&script).limits(limits).build().unwrap());
    let mut clients = Vec::new();
    for _ in 0..100 {
        clients.push(start(&verifier, "a").await);
    }
    // One that waits for its turn at the same time.
    let other = start(&verifier, "b").await;
    let same = start(&verifier, "b").await;
    for client in clients {
        assert!(matches!(client.await.unwrap(), Err(VerifyError::Invalid(_))));
    }
    other.await.unwrap().unwrap();
    same.await.unwrap().unwrap();
    assert_eq!(script.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_request_goes_on_and_is_remembered_when_its_client_disconnects() {
    for (answer, is_valid) in [(json!({ "active": false }), false), (json!(null), true)] {
        let answer = if is_valid { Reply::Valid } else { Reply::Json(answer) };
        let script = Script::new([Reply::Slow(SECOND, Box::new(answer))]);
        let verifier = Arc::new(verifier(&script));
        let client = start(&verifier, "a").await;
        client.abort();
        assert!(client.await.unwrap_err().is_cancelled());
        advance(SECOND).await;
        settle().await;
        advance(3 * SECOND).await;
        let verified = verify(&verifier, "a").await;
        assert_eq!(verified.is_ok(), is_valid, "{verified:?}");
        assert_eq!(script.count(), 1);
        if let Ok(verified) = verified {
            // A minute after the answer, not after the second client asked.
            assert_eq!(verified.cache_for, 57 * SECOND);
            advance(57 * SECOND).await;
            verify(&verifier, "a").await.unwrap();
            assert_eq!(script.count(), 2);
        }
    }
}

#[tokio::test]
async fn a_long_token_is_refused_without_a_request() {
    let script = Script::default();
    let verifier = verifier(&script);
    let token = "a".repeat(4_097);
    let error = verify(&verifier, &token).await.unwrap_err();
    let reason = "it has 4097 bytes, more than 4096 (`IntrospectionLimits::max_token_bytes`)";
    assert_eq!(error, VerifyError::invalid(reason));
    assert_eq!(script.count(), 0);
    verify(&verifier, &token[1..]).await.unwrap();
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_the_endpoint_cannot_process_do_not_stop_others() {
    let statuses = [400, 404, 413, 414, 415, 422, 431, 400, 413];
    let script = Script::new(statuses.map(|status| Reply::Status(status, Some("60"))));
    let verifier = verifier(&script);
    for status in statuses {
        let (reason, after) = undecided(verify(&verifier, "bad").await);
        assert!(reason.contains(&format!("answered {status}")), "{reason}");
        assert_eq!(after, 10 * SECOND);
    }
    verify(&verifier, "good").await.unwrap();
    assert_eq!(script.count(), statuses.len() + 1);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_limits_its_rate_gets_a_short_pause_unless_it_repeats_that() {
    let script = Script::new((0..5).map(|_| Reply::Status(429, Some("30"))));
    let verifier = verifier(&script);
    for expected in [10, 10, 10, 10, 30] {
        let (_, after) = undecided(verify(&verifier, "a").await);
        assert_eq!(after, expected * SECOND);
        let (reason, rest) = undecided(verify(&verifier, "b").await);
        assert!(reason.contains("failed a moment ago") && rest == after, "{reason}");
        advance(after).await;
    }
    verify(&verifier, "b").await.unwrap();
    assert_eq!(script.count(), 6);
}
