//! The limit of calls for each caller over HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::BodyExt as _;
use mcp_server::http::{HttpService, PeerAddress};
use mcp_server::layer::RateLimitLayer;
use mcp_server::{Principal, ServerBuilder};
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
            Some(id) => {
                Call::raw(&request(1, "tools/list", json!({}))).header("mcp-session-id", id)
            }
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
