//! `subscriptions/listen` over HTTP.

use http_body_util::BodyExt as _;
use mcp_server::http::HttpBody;
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Limits, Principal};
use mcp_test_support::http::Call;
use serde_json::{Value, json};
use tower_service::Service as _;

use crate::fixture;

fn listen() -> Call {
    Call::new("subscriptions/listen", json!({ "notifications": { "toolsListChanged": true } }))
}

async fn event(body: &mut HttpBody) -> Option<Value> {
    let frame = body.frame().await?.unwrap().into_data().unwrap();
    let text = String::from_utf8(frame.to_vec()).unwrap();
    let data = text.strip_prefix("data: ").and_then(|data| data.strip_suffix("\n\n"));
    Some(serde_json::from_str(data.unwrap_or_else(|| panic!("{text:?}"))).unwrap())
}

#[tokio::test]
async fn a_stream_is_acknowledged_told_and_ends_with_its_result_alone() {
    let (server, _) = fixture::server();
    let handle = server.handle();
    let service = server.into_service().unwrap();
    let response = listen().begin(&service).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body();
    let first = event(&mut body).await.unwrap();
    assert_eq!(first["method"], "notifications/subscriptions/acknowledged");
    handle.set_tool(ToolRoute::builder("new").handler(|_: Context| async { "new" })).unwrap();
    let second = event(&mut body).await.unwrap();
    assert_eq!(second["method"], "notifications/tools/list_changed");
    for event in [&first, &second] {
        assert_eq!(event["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 1);
    }
    service.close();
    let last = event(&mut body).await.unwrap();
    assert_eq!((&last["id"], &last["result"]["resultType"]), (&json!(1), &json!("complete")));
    assert_eq!(event(&mut body).await, None, "no cancelled notification");
}

#[tokio::test]
async fn listeners_have_a_bound_of_their_own() {
    let mut limits = Limits::new();
    limits.http.max_listen_streams = 2;
    limits.http.max_in_flight_requests = 1;
    let service = fixture::server().0.limits(limits).into_service().unwrap();
    let first = listen().begin(&service).await;
    let _second = listen().begin(&service).await;
    let third = listen().send(&service).await;
    assert_eq!((third.status.as_u16(), third.header("retry-after")), (503, Some("1")));
    assert_eq!(Call::new("tools/list", json!({})).send(&service).await.status, 200);
    drop(first);
    assert_eq!(listen().begin(&service).await.status(), 200);
}

#[tokio::test]
async fn what_listeners_hold_leaves_room_for_calls() {
    let mut limits = Limits::new();
    limits.http.max_body_bytes_in_flight = 400_000;
    let service = fixture::server().0.limits(limits).into_service().unwrap();
    let padded = || {
        let filter = json!({ "toolsListChanged": true });
        Call::new(
            "subscriptions/listen",
            json!({ "notifications": filter, "padding": "x".repeat(60_000) }),
        )
    };
    let first = padded().begin(&service).await;
    assert_eq!(first.status(), 200);
    let second = padded().begin(&service).await;
    assert_eq!(
        (second.status().as_u16(), &second.headers()["retry-after"]),
        (503, &"1".parse().unwrap())
    );
    let call = Call::tool("echo", json!({ "text": "y".repeat(300_000) }));
    assert_eq!(call.send(&service).await.status, 200);
    drop(first);
    assert_eq!(padded().begin(&service).await.status(), 200);
}

#[tokio::test]
async fn who_reads_no_events_cannot_listen() {
    let service = fixture::server().0.into_service().unwrap();
    let refused = listen().header("accept", "application/json");
    let refused = mcp_test_support::soon(refused.send(&service)).await;
    assert_eq!(refused.status, 406);
    assert_eq!(refused.json()["id"], 1);
    assert!(refused.text.contains("text/event-stream"), "{refused:?}");
}

#[tokio::test]
async fn a_principal_has_a_share_of_the_listeners() {
    let mut limits = Limits::new();
    limits.http.max_listen_streams = 5;
    limits.http.max_listen_streams_per_principal = 2;
    let service = fixture::server().0.limits(limits).into_service().unwrap();
    let listen_as = |name: Option<&'static str>| {
        let mut request = listen().request();
        if let Some(name) = name {
            request.extensions_mut().insert(Principal::new(name));
        }
        let mut service = service.clone();
        async move { service.call(request).await.unwrap() }
    };
    let alice = [listen_as(Some("alice")).await, listen_as(Some("alice")).await];
    let greedy = listen_as(Some("alice")).await;
    assert_eq!(
        (greedy.status().as_u16(), &greedy.headers()["retry-after"]),
        (429, &"1".parse().unwrap())
    );
    // Others have their own share, and anonymous callers have none.
    let bob = listen_as(Some("bob")).await;
    let nobody = [listen_as(None).await, listen_as(None).await];
    assert!([&bob, &nobody[0], &nobody[1]].iter().all(|response| response.status() == 200));
    assert_eq!(listen_as(Some("bob")).await.status(), 503, "all places are taken");
    drop(alice);
    assert_eq!(listen_as(Some("alice")).await.status(), 200);
}
