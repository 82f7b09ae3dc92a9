//! The limits of calls over HTTP: of each caller, and of all at once.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::BodyExt as _;
use mcp_server::http::{HttpService, PeerAddress};
use mcp_server::layer::{ConcurrencyLimitLayer, Layer, RateLimitLayer};
use mcp_server::service::{Notification, Reply, Request, Service};
use mcp_server::{Principal, ServerBuilder};
use mcp_test_support::Gate;
use mcp_test_support::http::Call;
use mcp_test_support::message::{initialize, request};
use serde_json::json;
use tower_service::Service as _;

use crate::fixture;

fn limited(calls: u32) -> HttpService {
    let server: ServerBuilder = fixture::server().0;
    server.layer(RateLimitLayer::new(calls, Duration::from_secs(10))).into_service().unwrap()
}

/// Opens a session. Returns its id.
async fn session(service: &HttpService) -> String {
    let answer = Call::raw(&initialize("2025-11-25", json!({}))).send(service).await;
    answer.header("mcp-session-id").unwrap().to_owned()
}

/// Lists the tools until a request is refused, in a session or, without one, in the modern era.
/// Returns the number of answers before.
async fn calls_in(
    session: Option<&str>,
    service: &HttpService,
    peer: Option<&str>,
    user: Option<&str>,
) -> usize {
    for count in 0..10 {
        let call = match session {
            Some(id) => list_in(id),
            None => Call::new("tools/list", json!({})),
        };
        let mut request = call.request();
        if let Some(peer) = peer {
            request.extensions_mut().insert(PeerAddress(peer.parse::<SocketAddr>().unwrap()));
        }
        if let Some(user) = user {
            request.extensions_mut().insert(Principal::new(user));
        }
        let response = service.clone().call(request).await.unwrap();
        let text = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(text.to_vec()).unwrap();
        if text.contains("the rate limit of 3 calls") {
            return count;
        }
        assert!(text.contains(r#""result":{"#), "{text}");
    }
    10
}

async fn calls(service: &HttpService, peer: Option<&str>, user: Option<&str>) -> usize {
    calls_in(None, service, peer, user).await
}

#[tokio::test(start_paused = true)]
async fn sessions_and_modern_requests_of_an_address_share_its_limit() {
    let service = limited(3);
    let first = session(&service).await;
    let peer = Some("192.0.2.1:1000");
    assert_eq!(calls_in(Some(&first), &service, peer, None).await, 3);
    assert_eq!(calls(&service, peer, None).await, 0);
    let second = session(&service).await;
    assert_eq!(calls_in(Some(&second), &service, peer, None).await, 0);
    assert_eq!(calls_in(Some(&second), &service, Some("192.0.2.2:1000"), None).await, 3);
}

#[tokio::test(start_paused = true)]
async fn each_address_has_its_own_limit() {
    let service = limited(3);
    assert_eq!(calls(&service, Some("192.0.2.1:1000"), None).await, 3);
    assert_eq!(calls(&service, Some("192.0.2.1:1001"), None).await, 0);
    assert_eq!(calls(&service, Some("192.0.2.2:1000"), None).await, 3);
    assert_eq!(calls(&service, Some("[2001:db8::1]:1000"), None).await, 3);
    assert_eq!(
        calls(&service, Some("[2001:db8::2:0:0:0:2]:1000"), None).await,
        0,
        "the same network"
    );
}

#[tokio::test(start_paused = true)]
async fn a_user_has_one_limit_at_all_addresses() {
    let service = limited(3);
    assert_eq!(calls(&service, Some("192.0.2.1:1000"), Some("alice")).await, 3);
    assert_eq!(calls(&service, Some("192.0.2.2:1000"), Some("alice")).await, 0);
    assert_eq!(calls(&service, Some("192.0.2.1:1000"), Some("bob")).await, 3);
    assert_eq!(calls(&service, Some("192.0.2.1:1000"), None).await, 3);
}

#[tokio::test(start_paused = true)]
async fn without_addresses_all_clients_share_a_limit() {
    let service = limited(3);
    assert_eq!(calls(&service, None, None).await, 3);
    assert_eq!(calls(&service, None, None).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_has_status_429_and_retry_after_in_both_eras() {
    let service = limited(1);
    let session = session(&service).await;
    let modern = Call::new("tools/list", json!({}));
    let legacy = list_in(&session);
    assert_eq!(modern.send(&service).await.status, 200);
    for refused in [modern, legacy] {
        let answer = refused.send(&service).await;
        assert_eq!(answer.status, 429, "{answer:?}");
        assert_eq!(answer.header("retry-after"), Some("10"));
        assert_eq!(answer.code(), -32603);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waited_in_vain_has_status_503_and_retry_after_in_both_eras() {
    let gate = Gate::new();
    let layer = ConcurrencyLimitLayer::new(1).max_wait(Duration::from_secs(2));
    let service = fixture::server().0.layer(HoldLayer(gate.clone())).layer(layer);
    let service = service.into_service().unwrap();
    let session = session(&service).await;
    let running = tokio::spawn({
        let service = service.clone();
        async move { Call::new("tools/list", json!({})).send(&service).await.status }
    });
    gate.arrived(1).await;
    for call in [Call::new("tools/list", json!({})), list_in(&session)] {
        let answer = call.send(&service).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(answer.header("retry-after"), Some("1"));
        let data = json!({ "retryable": true, "retryAfterMs": 1_000 });
        assert_eq!(answer.json()["error"]["data"], data);
    }
    gate.open(1);
    assert_eq!(running.await.unwrap(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_refused_after_it_waited_has_status_429_in_both_eras() {
    let gate = Gate::new();
    let limit = RateLimitLayer::new(1, Duration::from_secs(10));
    let service = fixture::server().0.layer(limit).layer(HoldLayer(gate.clone()));
    let service = service.into_service().unwrap();
    let session = session(&service).await;
    let modern = Call::new("tools/list", json!({}));
    let calls = [(list_in(&session), 200), (list_in(&session), 429), (modern, 429)];
    for (number, (call, expected)) in calls.into_iter().enumerate() {
        let waiting = tokio::spawn({
            let service = service.clone();
            async move { call.send(&service).await }
        });
        gate.arrived(number + 1).await;
        assert!(!waiting.is_finished());
        gate.open(1);
        let answer = waiting.await.unwrap();
        assert_eq!(answer.status, expected, "{answer:?}");
        assert_eq!(answer.header("retry-after").is_some(), expected == 429);
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_that_is_a_stream_already_has_status_200() {
    let gate = Gate::new();
    let layer = ConcurrencyLimitLayer::new(1);
    let service = fixture::server().0.layer(HoldLayer(gate.clone())).layer(layer);
    let service = service.into_service().unwrap();
    let session = session(&service).await;
    let running = tokio::spawn({
        let service = service.clone();
        async move { Call::new("tools/list", json!({})).send(&service).await.status }
    });
    gate.arrived(1).await;
    for call in [list_in(&session), Call::new("tools/list", json!({}))] {
        let answer = call.send(&service).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("text/event-stream"));
        assert_eq!(answer.header("retry-after"), None);
    }
    gate.open(1);
    assert_eq!(running.await.unwrap(), 200);
}

fn list_in(session: &str) -> Call {
    Call::raw(&request(1, "tools/list", json!({}))).header("mcp-session-id", session)
}

/// Holds each call at a gate.
#[derive(Clone)]
struct HoldLayer(Gate);

struct Hold<S>(S, Gate);

impl<S> Layer<S> for HoldLayer {
    type Service = Hold<S>;

    fn layer(&self, inner: S) -> Hold<S> {
        Hold(inner, self.0.clone())
    }
}

impl<S: Service> Service for Hold<S> {
    async fn call(&self, request: Request) -> Reply {
        self.1.wait().await;
        self.0.call(request).await
    }

    async fn notify(&self, notification: Notification) {
        self.0.notify(notification).await;
    }
}
