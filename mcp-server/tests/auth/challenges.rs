//! What a caller without a valid token sees (AUTH-40, AUTH-41).

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use http::Method;
use http_body::{Body, Frame};
use mcp_core::oauth::Challenge;
use mcp_server::Principal;
use mcp_server::auth::{Protection, TokenVerifier, VerifiedToken, VerifyError};
use mcp_test_support::http::{Answer, Call};
use mcp_test_support::message;
use serde_json::json;
use tower_service::Service as _;

use crate::fixture::{ISSUER, METADATA, RESOURCE, protection, serve, service, tokens, with};

fn challenge(answer: &Answer) -> Challenge {
    let challenges = Challenge::of(&answer.headers);
    assert_eq!(challenges.len(), 1, "{:?}", answer.headers);
    challenges[0].clone()
}

fn modern() -> Call {
    Call::tool("open", json!({}))
}

#[tokio::test]
async fn a_request_without_a_token_is_challenged_before_its_body_is_read() {
    let service = serve(protection().scopes(["mcp:use"]));
    let requests = [
        modern(),
        Call::raw(&message::initialize("2025-11-25", json!({}))),
        modern().body("not JSON"),
        Call::empty(Method::GET).header("accept", "text/event-stream"),
        Call::empty(Method::DELETE),
        modern().header("authorization", "Basic YTpi"),
    ];
    for request in requests {
        let answer = request.send(&service).await;
        assert_eq!(answer.status, 401, "{request:?}");
        let challenge = challenge(&answer);
        assert_eq!(challenge.scheme(), "Bearer");
        assert_eq!(challenge.get("resource_metadata"), Some(METADATA));
        assert_eq!(challenge.get("scope"), Some("mcp:use"));
        assert_eq!(challenge.get("error"), None);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.code(), -32600);
    }
}

#[tokio::test]
async fn each_kind_of_credentials_has_its_answer() {
    let service = service();
    let table: [(&str, u16, Option<&str>); 13] = [
        ("Bearer full", 200, None),
        ("bearer full", 200, None),
        ("BEARER   full", 200, None),
        ("Bearer other", 401, Some("invalid_token")),
        ("Bearer full=", 401, Some("invalid_token")),
        ("Bearer", 400, Some("invalid_request")),
        ("Bearer ", 400, Some("invalid_request")),
        ("Bearer a b", 400, Some("invalid_request")),
        ("Bearer \"full\"", 400, Some("invalid_request")),
        ("Bearer full,full", 400, Some("invalid_request")),
        ("Bearer ==", 400, Some("invalid_request")),
        ("full", 401, None),
        ("", 401, None),
    ];
    for (field, status, error) in table {
        let answer = modern().header("authorization", field).send(&service).await;
        assert_eq!(answer.status, status, "{field}: {}", answer.text);
        if status != 200 {
            assert_eq!(challenge(&answer).get("error"), error, "{field}");
        }
    }
    let twice = with("full", modern()).and("authorization", "Bearer full");
    assert_eq!(twice.send(&service).await.status, 400);
    let mut in_the_url = modern();
    in_the_url.uri = "/mcp?access_token=full".into();
    assert_eq!(in_the_url.send(&service).await.status, 401);
}

#[tokio::test]
async fn foreign_hosts_and_origins_are_refused_before_the_token_is_read() {
    let service = service();
    for (name, value) in [("host", "evil.example"), ("origin", "https://evil.example")] {
        let answer = modern().header(name, value).send(&service).await;
        assert_eq!(answer.status, 403, "{name}");
        assert!(answer.header("www-authenticate").is_none());
    }
    // The public host is allowed without further settings.
    let call = with("full", modern()).header("host", "mcp.example.com");
    assert_eq!(call.send(&service).await.status, 200);
}

/// A verifier whose answer a test chooses.
#[derive(Clone, Default)]
struct Scripted(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    calls: usize,
    answer: Option<Result<VerifiedToken, VerifyError>>,
}

impl Scripted {
    fn answers(&self, answer: Option<Result<VerifiedToken, VerifyError>>) {
        self.0.lock().unwrap().answer = answer;
    }

    fn calls(&self) -> usize {
        self.0.lock().unwrap().calls
    }
}

#[async_trait::async_trait]
impl TokenVerifier for Scripted {
    async fn verify(&self, token: &str, resource: &str) -> Result<VerifiedToken, VerifyError> {
        assert_eq!(resource, RESOURCE);
        let answer = {
            let mut script = self.0.lock().unwrap();
            script.calls += 1;
            script.answer.clone()
        };
        assert_ne!(token, "panic", "the verifier panics");
        match answer {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }
}

fn scripted() -> (Scripted, mcp_server::http::HttpService) {
    let verifier = Scripted::default();
    let protection = Protection::new(RESOURCE, verifier.clone()).authorization_server(ISSUER);
    (verifier, serve(protection))
}

#[tokio::test(start_paused = true)]
async fn a_verifier_that_cannot_decide_is_503_and_never_401() {
    let (verifier, service) = scripted();
    let undecided = VerifyError::undecided("keys are missing", Duration::from_millis(2_500));
    verifier.answers(Some(Err(undecided)));
    let answer = with("a", modern()).send(&service).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("3")));
    assert!(answer.header("www-authenticate").is_none());
    assert!(!answer.text.contains("keys are missing"), "{}", answer.text);
    // It panics, or does not answer.
    let answer = with("panic", modern()).send(&service).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("5")));
    verifier.answers(None);
    let started = tokio::time::Instant::now();
    let answer = with("a", modern()).send(&service).await;
    assert_eq!(answer.status, 503);
    assert_eq!(started.elapsed(), Duration::from_secs(10));
}

#[tokio::test]
async fn the_reason_of_an_invalid_token_is_told_to_the_application_only() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&seen);
    let service = serve(protection().on_refused(move |refused| {
        let line = format!("{} {} {:?}", refused.status, refused.reason, refused.required_scopes);
        log.lock().unwrap().push(line);
    }));
    let answer = with("other", modern()).send(&service).await;
    assert!(!answer.text.contains("not known"), "{}", answer.text);
    let read = json!({ "path": "a" });
    assert_eq!(with("low", Call::tool("read", read)).send(&service).await.status, 403);
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0], "401 the token is not known []");
    assert!(seen[1].starts_with("403 ") && seen[1].contains("files:read"), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_decision_is_kept_for_as_long_as_the_verifier_allows() {
    let (verifier, service) = scripted();
    let token = VerifiedToken::new(Principal::new("ada"));
    verifier.answers(Some(Ok(token.clone())));
    for calls in 1..=2 {
        assert_eq!(with("a", modern()).send(&service).await.status, 200);
        assert_eq!(verifier.calls(), calls);
    }
    verifier.answers(Some(Ok(token.cached_for(Duration::from_secs(60)))));
    for _ in 0..5 {
        assert_eq!(with("a", modern()).send(&service).await.status, 200);
    }
    assert_eq!(verifier.calls(), 3);
    tokio::time::advance(Duration::from_secs(61)).await;
    verifier.answers(Some(Err(VerifyError::invalid("revoked"))));
    assert_eq!(with("a", modern()).send(&service).await.status, 401);
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_key_is_no_bearer_token() {
    let bound = VerifiedToken::new(Principal::new("ada")).bound_to("thumbprint");
    let verifier = tokens().verified("bound", bound);
    let service = serve(Protection::new(RESOURCE, verifier).authorization_server(ISSUER));
    let answer = with("bound", modern()).send(&service).await;
    assert_eq!(answer.status, 401);
    assert_eq!(challenge(&answer).get("error"), Some("invalid_token"));
}

#[test]
fn a_protection_that_protects_nothing_is_not_built() {
    let build = |protection: Protection| {
        let built = crate::fixture::routes().protect(protection).build();
        built.map(drop).unwrap_err().to_string()
    };
    let new = |resource: &str| Protection::new(resource, tokens());
    assert!(build(new(RESOURCE)).contains("Protection::authorization_server"));
    for bad in ["mcp.example.com", "http://mcp.example.com/mcp", "https://a.example/#x"] {
        let error = build(new(bad).authorization_server(ISSUER));
        assert!(error.contains("the URL of the server") && error.contains(bad), "{error}");
    }
    let error = build(protection().scopes(["a b"]));
    assert!(error.contains("\"a b\""), "{error}");
}

/// A body that fails the test if it is read.
struct Unread;

impl Body for Unread {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("the body is read");
    }
}

#[tokio::test]
async fn the_body_of_a_request_without_a_token_is_not_read() {
    let request = modern().request().map(|_| Unread);
    let response = service().call(request).await.unwrap();
    assert_eq!(response.status(), 401);
}

#[tokio::test]
async fn a_function_that_panics_does_not_change_the_answer() {
    let service = serve(protection().on_refused(|_| panic!("on purpose")));
    assert_eq!(with("other", modern()).send(&service).await.status, 401);
    let read = Call::tool("read", json!({ "path": "a" }));
    assert_eq!(with("low", read).send(&service).await.status, 403);
}

#[tokio::test]
async fn only_so_many_tokens_are_verified_at_a_time() {
    let (_, service) = scripted(); // It never decides.
    let call = |number: usize| {
        let service = service.clone();
        let call = with(&format!("t{number}"), modern());
        Box::pin(async move { call.send(&service).await })
    };
    let mut waiting: Vec<_> = (0..1_024).map(call).collect();
    for call in &mut waiting {
        assert!(call.now_or_never().is_none());
    }
    let answer = call(1_024).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("5")));
    drop(waiting.pop());
    assert!(call(1_025).now_or_never().is_none());
}
