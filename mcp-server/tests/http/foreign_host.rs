//! The service in a host that polls it: what it does without the accept loop.

use std::sync::atomic::Ordering;
use std::time::Duration;

use http_body_util::BodyExt as _;
use mcp_server::Limits;
use mcp_server::http::HttpBody;
use mcp_test_support::http::Call;
use mcp_test_support::message;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::fixture;

async fn next(body: &mut HttpBody) -> bool {
    body.frame().await.is_some()
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_the_host_does_not_poll_is_dropped() {
    let (server, seen) = fixture::server();
    let service = server.into_service().unwrap();
    let mut read = Call::tool("hang", json!({})).begin(&service).await.into_body();
    let mut stalled = Call::tool("hang", json!({})).begin(&service).await.into_body();
    let listen =
        Call::new("subscriptions/listen", json!({ "notifications": { "toolsListChanged": true } }));
    let mut listening = listen.begin(&service).await.into_body();
    assert!(next(&mut stalled).await && next(&mut listening).await);
    let limits = Limits::new();
    let patience = limits.http.keep_alive_interval + limits.connection.write_stall_timeout;
    let began = Instant::now();
    while began.elapsed() < patience {
        assert_eq!(seen.dropped.load(Ordering::SeqCst), 0, "{:?}", began.elapsed());
        assert!(next(&mut read).await); // Keep-alives.
    }
    let rest = patience / 2;
    assert!(timeout(rest, async { while next(&mut read).await {} }).await.is_err());
    assert_eq!(seen.dropped.load(Ordering::SeqCst), 1, "the one that was not polled");
    assert!(!next(&mut stalled).await && !next(&mut listening).await, "they have ended");
    // So has the task that looks after them, once there are no streams.
    drop(read);
    sleep(patience).await;
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_was_suspended_keeps_its_streams() {
    let (server, seen) = fixture::server();
    let service = server.into_service().unwrap();
    let mut body = Call::tool("hang", json!({})).begin(&service).await.into_body();
    assert!(next(&mut body).await);
    tokio::time::advance(Duration::from_secs(3_600)).await;
    tokio::task::yield_now().await;
    assert!(next(&mut body).await);
    assert_eq!(seen.dropped.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn shutting_down_waits_for_calls_that_outlive_their_requests_and_ends_the_rest() {
    let mut limits = Limits::new();
    limits.http.shutdown_timeout = Duration::from_secs(8);
    let (server, seen) = fixture::server();
    let service = server.limits(limits).into_service().unwrap();
    let initialize = message::initialize("2025-11-25", json!({}));
    let begun = Call::raw(&initialize).send(&service).await;
    let session = begun.header("mcp-session-id").unwrap().to_owned();
    let call = |tool: &str| {
        let arguments = if tool == "hang" { json!({}) } else { json!({"text": "done"}) };
        Call::raw(&message::call(1, tool, arguments)).header("mcp-session-id", &session)
    };
    drop(call("hang").begin(&service).await);
    drop(call("gate").begin(&service).await);
    assert_eq!(seen.started.load(Ordering::SeqCst), 2);
    seen.gate.add_permits(1);
    let began = Instant::now();
    service.shutdown().await;
    assert_eq!(began.elapsed(), Duration::from_secs(8));
    tokio::task::yield_now().await;
    assert_eq!(seen.dropped.load(Ordering::SeqCst), 1);
    assert_eq!(call("echo").send(&service).await.status, 404, "its session has ended");
    let began = Instant::now();
    service.shutdown().await;
    assert_eq!(began.elapsed(), Duration::ZERO, "nothing is left");
}
