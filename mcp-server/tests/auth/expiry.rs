//! A stream ends when its token expires.

use std::time::{Duration, SystemTime};

use http::Method;
use http_body_util::BodyExt as _;
use mcp_server::Principal;
use mcp_server::http::{HttpBody, HttpService};
use mcp_test_support::http::Call;
use serde_json::json;
use tokio::time::Instant;

use crate::fixture::{ISSUER, RESOURCE, in_session, open_session, routes, tokens, with};

const LIFETIME: Duration = Duration::from_secs(600);

/// A service for which the token `brief` expires, and `other` is of the same user.
fn service() -> HttpService {
    let ada = || Principal::of_user(ISSUER, "ada");
    let tokens = tokens()
        .token("brief", ada().with_expiry(SystemTime::now() + LIFETIME))
        .token("other", ada());
    let protection = mcp_server::auth::Protection::new(RESOURCE, tokens);
    routes().protect(protection.authorization_server(ISSUER)).into_service().unwrap()
}

/// Reads a body to its end.
async fn rest(mut body: HttpBody) -> String {
    let mut text = String::new();
    while let Some(frame) = body.frame().await {
        let data = frame.unwrap().into_data().unwrap();
        text.push_str(std::str::from_utf8(&data).unwrap());
    }
    text
}

fn assert_lifetime(started: Instant) {
    let elapsed = started.elapsed();
    let tolerance = Duration::from_secs(60); // The wall clock moves too.
    assert!(elapsed.abs_diff(LIFETIME) < tolerance, "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_subscription_ends_with_its_result() {
    let service = service();
    let listen =
        Call::new("subscriptions/listen", json!({ "notifications": { "toolsListChanged": true } }));
    let started = Instant::now();
    let body = with("brief", listen).begin(&service).await.into_body();
    let text = rest(body).await;
    assert_lifetime(started);
    assert!(text.contains("\"resultType\":\"complete\""), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_stream_of_a_session_ends_and_is_opened_again_with_the_next_token() {
    let service = service();
    let session = open_session(&service, "brief").await;
    let get = |token: &str| {
        let call = Call::empty(Method::GET).header("accept", "text/event-stream");
        with(token, in_session(call, &session))
    };
    let started = Instant::now();
    let response = get("brief").begin(&service).await;
    assert_eq!(response.status(), 200);
    rest(response.into_body()).await;
    assert_lifetime(started);
    let again = get("other").begin(&service).await;
    assert_eq!(again.status(), 200);
    let mut body = again.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(!first.is_empty());
    assert!(tokio::time::timeout(LIFETIME, rest(body)).await.is_err(), "it stays open");
}

#[cfg(feature = "http-sse")]
#[tokio::test(start_paused = true)]
async fn a_stream_of_http_sse_ends_and_its_calls_are_refused_for_their_scopes() {
    let options = mcp_server::http::HttpOptions::new().path("/mcp").http_sse();
    let ada = Principal::of_user(ISSUER, "ada").with_expiry(SystemTime::now() + LIFETIME);
    let tokens = tokens().token("brief", ada);
    let protection = mcp_server::auth::Protection::new(RESOURCE, tokens);
    let server = routes().protect(protection.authorization_server(ISSUER)).build().unwrap();
    let service = server.into_service_with(options);
    let open = Call { uri: "/sse".into(), ..Call::empty(Method::GET) };
    let started = Instant::now();
    let mut body = with("brief", open.clone()).begin(&service).await.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    let endpoint = String::from_utf8(first.to_vec()).unwrap();
    let endpoint = endpoint.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let read = mcp_test_support::message::call(1, "read", json!({ "path": "a" }));
    let post = Call { uri: format!("/{endpoint}"), ..Call::raw(&read) };
    assert_eq!(post.send(&service).await.status, 401);
    let answer = with("brief", post).send(&service).await;
    assert_eq!(answer.status, 403);
    assert!(answer.header("www-authenticate").unwrap().contains("files:read files:list"));
    rest(body).await;
    assert_lifetime(started);
    assert_eq!(open.send(&service).await.status, 401);
}

#[tokio::test(start_paused = true)]
async fn the_streams_of_a_token_without_an_expiry_end_after_an_hour() {
    let service = service();
    let listen =
        Call::new("subscriptions/listen", json!({ "notifications": { "toolsListChanged": true } }));
    let started = Instant::now();
    rest(with("other", listen).begin(&service).await.into_body()).await;
    let hour = Duration::from_secs(3_600);
    assert!(started.elapsed().abs_diff(hour) < Duration::from_secs(60), "{:?}", started.elapsed());
}
