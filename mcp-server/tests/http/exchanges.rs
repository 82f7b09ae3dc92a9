//! One POST, one answer: JSON until a handler says something, a stream from then on, and nothing of
//! one caller ever reaches another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::BodyExt as _;
use mcp_server::tool::ToolRoute;
use mcp_server::types::LoggingLevel;
use mcp_server::{Context, Limits, Principal, Server};
use mcp_test_support::http::Call;
use serde_json::json;
use tower_service::Service as _;

use crate::fixture;

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_use_the_same_id_get_their_own_answers() {
    let service = fixture::server().0.into_service().unwrap();
    let clients = (0..50).map(|client| {
        let service = service.clone();
        tokio::spawn(async move {
            for call in 0..200 {
                let text = format!("{client}/{call}");
                let tool = if call % 2 == 0 { "echo" } else { "echo_later" };
                let answer = Call::tool(tool, json!({ "text": text })).send(&service).await;
                assert_eq!(answer.tool_text(), text);
                assert_eq!(answer.json()["id"], 1);
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_is_json_until_the_handler_says_something() {
    let service = fixture::server().0.into_service().unwrap();
    let answer = Call::tool("tell", json!({ "count": 0 })).send(&service).await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    for count in [1, 3, 256, 257, 1_000] {
        let answer = Call::tool("tell", json!({ "count": count })).send(&service).await;
        assert_eq!(answer.header("cache-control"), Some("no-cache, no-transform"));
        assert_eq!(answer.header("x-accel-buffering"), Some("no"));
        let events = answer.events();
        assert_eq!(events.len(), count + 1);
        for (number, event) in events[..count].iter().enumerate() {
            assert_eq!(event["method"], "notifications/message");
            assert_eq!(event["params"]["data"], number + 1);
        }
        assert_eq!(events[count]["result"]["content"][0]["text"], "told");
    }
}

#[tokio::test]
async fn who_reads_json_alone_gets_the_answer_alone() {
    let service = fixture::server().0.into_service().unwrap();
    let call = Call::tool("tell", json!({ "count": 500 })).header("accept", "application/json");
    assert_eq!(call.send(&service).await.tool_text(), "told");
}

#[tokio::test]
async fn a_caller_that_leaves_drops_the_handler() {
    let (server, seen) = fixture::server();
    let mut limits = Limits::new();
    limits.http.stream_upgrade_delay = Duration::ZERO;
    let service = server.limits(limits).into_service().unwrap();
    // While the response is awaited.
    let mut waiting = Box::pin(
        service
            .clone()
            .call(Call::tool("hang", json!({})).header("accept", "application/json").request()),
    );
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    assert_eq!(seen.started.load(Ordering::SeqCst), 1);
    drop(waiting);
    assert_eq!(seen.dropped.load(Ordering::SeqCst), 1);
    // While the stream is read.
    let mut response = Call::tool("hang", json!({})).begin(&service).await;
    let first = response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(&first[..], b": \n\n", "a comment, so that proxies pass on the head");
    assert_eq!(seen.dropped.load(Ordering::SeqCst), 1);
    drop(response);
    assert_eq!(seen.dropped.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_becomes_a_stream_that_is_kept_alive() {
    let service = fixture::server().0.into_service().unwrap();
    let began = tokio::time::Instant::now();
    let mut response = Call::tool("hang", json!({})).begin(&service).await;
    assert_eq!(began.elapsed().as_secs(), 5);
    for _ in 0..4 {
        let frame = response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(&frame[..], b": \n\n");
    }
    assert_eq!(began.elapsed().as_secs(), 50);
}

#[tokio::test]
async fn handlers_see_the_request() {
    let service = fixture::server().0.into_service().unwrap();
    let mut request = Call::tool("origin", json!({})).header("user-agent", "me").request();
    request.extensions_mut().insert(Principal::new("anna"));
    let response = service.clone().call(request).await.unwrap();
    let text = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(text.contains(r#"/mcp Some(\"me\") Some(Principal { id: \"anna\""#), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_waits_for_a_reader_ends_when_the_reader_leaves() {
    let ended = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&ended);
    let tool = ToolRoute::builder("spawn").handler(move |ctx: Context| {
        let counter = Arc::clone(&counter);
        async move {
            tokio::spawn(async move {
                for number in 0..1_000 {
                    ctx.log(LoggingLevel::Error, number).await;
                }
                counter.fetch_add(1, Ordering::SeqCst);
            });
            std::future::pending::<String>().await
        }
    });
    let service =
        Server::builder("spawn", "1").tool(tool).limits(fixture::limits()).into_service().unwrap();
    let answer = Call::tool("spawn", json!({})).begin(&service).await;
    tokio::time::sleep(Duration::from_secs(1)).await; // Virtual: until the task waits.
    assert_eq!(ended.load(Ordering::SeqCst), 0);
    drop(answer);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(ended.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_notification_that_is_too_long_is_left_out() {
    let mut limits = Limits::new();
    limits.connection.max_outgoing_bytes = 1_000;
    let tool = ToolRoute::builder("log").handler(|ctx: Context| async move {
        ctx.log(LoggingLevel::Error, "x".repeat(2_000)).await;
        ctx.log(LoggingLevel::Error, "short").await;
        "done"
    });
    let service = Server::builder("log", "1").tool(tool).limits(limits).into_service().unwrap();
    let events = Call::tool("log", json!({})).send(&service).await.events();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0]["params"]["data"], "short");
}

#[tokio::test(start_paused = true)]
async fn a_principal_has_a_share_of_the_requests_in_flight() {
    let mut limits = Limits::new();
    limits.http.max_in_flight_requests_per_principal = 1;
    let service = fixture::server().0.limits(limits).into_service().unwrap();
    let send = |name: &str, tool: &str| {
        let mut request = Call::tool(tool, json!({ "text": "x" })).request();
        request.extensions_mut().insert(Principal::new(name));
        service.clone().call(request)
    };
    let held = send("alice", "gate").await.unwrap();
    let refused = send("alice", "echo").await.unwrap();
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(send("bob", "echo").await.unwrap().status(), 200);
    drop(held);
    assert_eq!(send("alice", "echo").await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn notifications_that_wait_for_a_reader_are_limited_in_number_and_bytes() {
    for (max_events, max_bytes) in [(5, 1 << 20), (1_000_000, 2_000)] {
        let sent = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&sent);
        let tool = ToolRoute::builder("spawn").handler(move |ctx: Context| {
            let counter = Arc::clone(&counter);
            async move {
                tokio::spawn(async move {
                    for _ in 0..1_000 {
                        ctx.log(LoggingLevel::Error, "x".repeat(400)).await;
                        counter.fetch_add(1, Ordering::SeqCst);
                    }
                });
                std::future::pending::<String>().await
            }
        });
        let mut limits = fixture::limits();
        limits.http.max_stream_events = max_events;
        limits.http.max_stream_bytes = max_bytes;
        let service = Server::builder("spawn", "1").tool(tool).limits(limits);
        let service = service.into_service().unwrap();
        let answer = Call::tool("spawn", json!({})).begin(&service).await;
        tokio::time::sleep(Duration::from_secs(1)).await; // Virtual: until the task waits.
        // Those in the first piece of the response, and those that wait for the next one.
        let sent = sent.load(Ordering::SeqCst);
        assert!((4..=10).contains(&sent), "{sent} of 1,000 notifications");
        drop(answer);
    }
}
