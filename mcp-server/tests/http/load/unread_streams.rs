//! Streams without a reader while a million notifications are published (THREAT-27): what waits is
//! limited, stalled streams are cut off, and the others notice nothing.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use http_body_util::BodyExt as _;
use mcp_server::Limits;
use mcp_server::http::{HttpBody, HttpService};
use mcp_test_support::http::{Call, data, read_until, wire};
use mcp_test_support::message::request;
use mcp_test_support::soon;
use serde_json::{Value, json};

use super::{echo, initialize, legacy, legacy_call, resident, session, stream_of, turn};
use crate::fixture;
use crate::running::serve_buffered;

/// Of each kind.
const UNREAD: usize = 100;
const WATCHED: &str = "a://watched";

fn listen() -> Call {
    let filter = json!({ "toolsListChanged": true, "resourceSubscriptions": [WATCHED] });
    Call::new("subscriptions/listen", json!({ "notifications": filter }))
}

fn subscribe(session: &str) -> Call {
    legacy(session, &request(1, "resources/subscribe", json!({ "uri": WATCHED })))
}

/// Opens the stream of a new session that watches.
async fn open_legacy(service: &HttpService) -> HttpBody {
    let begun = initialize().send(service).await;
    let session = begun.header("mcp-session-id").unwrap().to_owned();
    assert_eq!(subscribe(&session).send(service).await.status, 200);
    stream_of(&session).begin(service).await.into_body()
}

/// The messages that can be read now.
fn waiting(body: &mut HttpBody) -> Vec<Value> {
    let mut text = String::new();
    // The task never sleeps, so the runtime would have it yield.
    while let Some(Some(frame)) = tokio::task::unconstrained(body.frame()).now_or_never() {
        text.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
    }
    data(&text).map(|data| serde_json::from_str(data).unwrap()).collect()
}

fn uri(message: &Value) -> Option<&str> {
    message["params"]["uri"].as_str()
}

#[tokio::test(start_paused = true)]
async fn what_waits_in_two_hundred_unread_streams_is_bounded() {
    let _turn = turn().await;
    let (server, _) = fixture::server();
    let handle = server.handle();
    let service = server.into_service().unwrap();
    let mut unread = Vec::new();
    for _ in 0..UNREAD {
        unread.push(listen().begin(&service).await.into_body());
        unread.push(open_legacy(&service).await);
    }
    let mut healthy = [listen().begin(&service).await.into_body(), open_legacy(&service).await];
    for body in unread.iter_mut().chain(&mut healthy) {
        waiting(body); // Acknowledgements and priming events.
    }
    let before = resident();
    let published = 1_000_000 / 2 / unread.len(); // Two at a time.
    let mut heard = [0, 0];
    for number in 0..published {
        let changed = format!("{WATCHED}/{number:01000}");
        handle.tools_changed();
        handle.resource_updated(changed.as_str());
        for (body, heard) in healthy.iter_mut().zip(&mut heard) {
            let messages = waiting(body);
            assert!(messages.iter().any(|message| uri(message) == Some(&changed)), "{messages:?}");
            *heard += messages.len();
        }
    }
    assert_eq!(heard, [published * 2; 2], "who reads hears everything");
    let grown = resident().saturating_sub(before);
    assert!(grown < 64 << 20, "{} MiB for unread streams", grown >> 20);
    for body in &mut unread {
        let messages = waiting(body);
        assert!(messages.len() <= 258, "{}", messages.len());
        let tools = messages.iter().filter(|message| uri(message).is_none()).count();
        assert_eq!(tools, 1, "changes of one thing are one");
        // Changes beyond the limit become one change of the watched URI.
        assert!(messages.iter().any(|message| uri(message) == Some(WATCHED)));
    }
}

#[tokio::test(start_paused = true)]
async fn calls_wait_for_who_does_not_read_them_and_go_on_where_they_were() {
    let _turn = turn().await;
    let (server, seen) = fixture::server();
    let service = server.into_service().unwrap();
    let count = 1_000_000 / (2 * UNREAD);
    let tell = Call::tool("tell", json!({ "count": count }));
    let mut unread = Vec::new();
    let mut session = String::new();
    let before = resident();
    for _ in 0..UNREAD {
        unread.push(tell.begin(&service).await.into_body());
        session = initialize().send(&service).await.header("mcp-session-id").unwrap().to_owned();
        unread.push(
            legacy_call(&session, "tell", json!({ "count": count }))
                .begin(&service)
                .await
                .into_body(),
        );
    }
    // Virtual: until nothing can go on, and before a stream counts as stalled.
    tokio::time::sleep(Duration::from_secs(30)).await;
    let told = seen.told.load(Ordering::SeqCst);
    assert!(told >= unread.len(), "all have begun");
    assert!(told <= unread.len() * 257, "{told} of {}", unread.len() * count);
    let grown = resident().saturating_sub(before);
    assert!(grown < 64 << 20, "{} MiB for unread streams", grown >> 20);
    // The others, and others of the same session, are served.
    assert_eq!(echo("modern").send(&service).await.tool_text(), "modern");
    let answer = legacy_call(&session, "echo", json!({ "text": "legacy" })).send(&service).await;
    assert_eq!(answer.tool_text(), "legacy");
    // One of each kind is read after all; the rest leave.
    let [modern, legacy]: [HttpBody; 2] = unread.drain(..2).collect::<Vec<_>>().try_into().unwrap();
    drop(unread);
    for mut body in [modern, legacy] {
        let mut text = String::new();
        while let Some(frame) = body.frame().await {
            text.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
        }
        let data = data(&text).filter(|data| !data.is_empty());
        let messages: Vec<Value> = data.map(|data| serde_json::from_str(data).unwrap()).collect();
        assert_eq!(messages.len(), count + 1);
        assert!(
            messages[..count].iter().enumerate().all(|(at, told)| told["params"]["data"] == at + 1)
        );
        assert_eq!(messages[count]["result"]["content"][0]["text"], "told");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stalled_streams_are_cut_off_and_the_others_hear_everything() {
    let _turn = turn().await;
    let mut limits = Limits::new();
    limits.connection.write_stall_timeout = Duration::from_millis(800);
    limits.http.max_listen_streams = UNREAD + 1;
    let server = serve_buffered(limits, Some(16 << 10)).await;
    let mut healthy = server.connect(&wire(&listen())).await;
    read_until(&mut healthy, "acknowledged").await;
    let (mut unread, mut sessions) = (Vec::new(), Vec::new());
    for _ in 0..UNREAD {
        unread.push(server.connect_narrow(&wire(&listen())).await);
        let session = session(&server).await;
        assert_eq!(
            server.caller().await.send(&wire(&subscribe(&session))).await.unwrap().status,
            200
        );
        unread.push(server.connect_narrow(&wire(&stream_of(&session))).await);
        sessions.push(session);
    }
    let mut peeked = [0];
    for stream in &unread {
        soon(stream.peek(&mut peeked)).await.unwrap(); // It has begun.
    }
    let mut caller = server.caller().await;
    assert_eq!(caller.send(&wire(&listen())).await.unwrap().status, 503, "all places are taken");
    let before = resident();
    let began = Instant::now();
    let mut published = 0;
    // Until the last of them has been cut off.
    while !are_free(&server, &sessions).await {
        for _ in 0..50 {
            published += 1;
            let changed = format!("{WATCHED}/{published:04000}");
            server.handle.resource_updated(changed.as_str());
            read_until(&mut healthy, &changed).await;
        }
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "they hold on after {published} notifications"
        );
    }
    assert!(began.elapsed() >= Duration::from_millis(800));
    let grown = resident().saturating_sub(before);
    assert!(grown < 64 << 20, "{} MiB", grown >> 20);
    for mut stream in unread {
        let mut bytes = Vec::new();
        // What was under way, then the end; no hole in the middle of an event.
        drop(soon(tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut bytes)).await);
        assert!(bytes.len() < 1 << 20, "{}", bytes.len());
    }
}

/// Whether there is a permit for a listener, and no stream of a session has a reader.
async fn are_free(server: &crate::running::Running, sessions: &[String]) -> bool {
    let mut streams: Vec<Pin<Box<dyn Future<Output = bool> + Send + '_>>> = Vec::new();
    for call in std::iter::once(listen()).chain(sessions.iter().map(|session| stream_of(session))) {
        streams.push(Box::pin(async move {
            let mut stream = server.connect(&wire(&call)).await;
            read_until(&mut stream, "\r\n\r\n").await.starts_with("HTTP/1.1 200")
        }));
    }
    for stream in streams {
        if !stream.await {
            return false;
        }
    }
    true
}
