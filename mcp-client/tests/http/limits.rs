//! What is longer, or more, than the limits.

use std::time::Duration;

use futures::StreamExt as _;
use mcp_client::types::{CreateMessageResult, Role, SamplingContent};
use mcp_client::{Client, ClientBuilder, ErrorKind, Limits};
use mcp_test_support::message::{initialized, text};
use mcp_test_support::with;
use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::script::{Exchange, Script, Sending, URL, legacy, modern, tools};

fn limited(change: impl FnOnce(&mut Limits)) -> ClientBuilder {
    let mut limits = Limits::new();
    change(&mut limits);
    Client::builder().limits(limits)
}

#[tokio::test(start_paused = true)]
async fn a_response_longer_than_the_limit_is_not_read_to_its_end() {
    let (client, mut script) =
        modern(limited(|limits| limits.connection.max_message_bytes = 10_000)).await;
    for media in ["application/json", "text/event-stream"] {
        let refused = with(client.call_tool("add", &json!({})), async {
            let sending = script.expect("tools/call").await.begin(200, &[("content-type", media)]);
            sending.raw("data: ");
            for _ in 0..10_001 / 73 + 1 {
                sending.raw([b' '; 73]);
            }
            // The rest, without end, is not read.
            sending.dropped().await;
        });
        let error = refused.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error:?}");
        let told = "the server's response is longer than 10000 bytes";
        assert!(format!("{error:?}").contains(told), "{error:?}");
    }
    // One that just fits.
    let reply = with(client.call_tool("add", &json!({})), async {
        let exchange = script.expect("tools/call").await;
        let mut message =
            json!({"jsonrpc": "2.0", "id": exchange.id(), "result": text("")}).to_string();
        message.extend(std::iter::repeat_n(' ', 10_000 - message.len()));
        let sending = exchange.begin(200, &[("content-type", "application/json; charset=utf-8")]);
        for piece in message.as_bytes().chunks(999) {
            sending.raw(piece);
        }
    });
    assert_eq!(reply.await.unwrap().text(), "");
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn comments_may_have_any_length_and_number() {
    let (client, mut script) =
        modern(limited(|limits| limits.connection.max_message_bytes = 1_000)).await;
    let reply = with(client.call_tool("add", &json!({})), async {
        let exchange = script.expect("tools/call").await;
        let (id, sending) = (exchange.id(), exchange.stream());
        for _ in 0..1_000 {
            sending.raw(": 0123456789 0123456789");
        }
        sending.raw("\n\n");
        sending.reply(&id, text("3"));
    });
    assert_eq!(reply.await.unwrap().text(), "3");
}

#[tokio::test(start_paused = true)]
async fn an_error_page_is_read_to_its_limit_and_shown_in_part() {
    let (client, mut script) =
        modern(limited(|limits| limits.http.max_error_body_bytes = 1_000)).await;
    let refused = with(client.call_tool("add", &json!({})), async {
        let sending =
            script.expect("tools/call").await.begin(400, &[("content-type", "text/plain")]);
        for _ in 0..100 {
            sending.raw([b'x'; 11]);
        }
        sending.dropped().await;
    });
    let error = refused.await.unwrap_err();
    assert_eq!(error.transport().unwrap().to_string(), "the server answered 400 (Bad Request)");

    for (media, shown) in
        [("text/plain", Some(256)), ("application/json", Some(256)), ("text/html", None)]
    {
        let refused = with(client.call_tool("add", &json!({})), async {
            script.expect("tools/call").await.page(400, media, &"y".repeat(900));
        });
        let error = refused.await.unwrap_err();
        let told =
            shown.map(|characters| format!(": {}…", "y".repeat(characters))).unwrap_or_default();
        let told = format!("the server answered 400 (Bad Request){told}");
        assert_eq!(error.transport().unwrap().to_string(), told);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_longer_than_the_limit_is_not_sent() {
    let (client, mut script) =
        modern(limited(|limits| limits.connection.max_outgoing_bytes = 1_000)).await;
    let error = client.call_tool("add", &json!({"a": "x".repeat(1_000)})).await.unwrap_err();
    assert!(format!("{error:?}").contains("the limit is 1000 (max_outgoing_bytes)"), "{error:?}");
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn a_response_to_the_server_longer_than_the_limit_becomes_an_error() {
    let builder = limited(|limits| limits.connection.max_outgoing_bytes = 1_000).on_create_message(
        |_| async {
            Ok(CreateMessageResult::new(
                Role::Assistant,
                SamplingContent::text("x".repeat(1_000)),
                "model",
            ))
        },
    );
    let (client, mut script, standalone) = legacy(builder).await;
    let stream = standalone.stream();
    stream.ask(&json!(1), "sampling/createMessage", json!({"messages": [], "maxTokens": 1}));
    let answer = script.next().await;
    let message = answer.message();
    assert_eq!(
        (&message["id"], &message["error"]["code"]),
        (&json!(1), &json!(-32603)),
        "{message}"
    );
    answer.status(202);
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn an_event_longer_than_the_limit_ends_the_stream_of_a_session_only() {
    let (client, mut script, standalone) =
        legacy(limited(|limits| limits.connection.max_message_bytes = 1_000)).await;
    let stream = standalone.stream();
    let mut events = client.notifications();
    stream.tell("notifications/count", json!({"n": 1}));
    assert!(events.next().await.is_some());
    stream.raw(format!("data: {}", "x".repeat(1_000)));
    stream.dropped().await;
    let reply = with(client.call_tool("add", &json!({})), async {
        script.expect("tools/call").await.reply(text("3"));
    });
    assert_eq!(reply.await.unwrap().text(), "3");
    script.expect_silence(Duration::from_secs(3_600)).await;
}

#[tokio::test(start_paused = true)]
async fn only_so_many_pages_of_tools_are_read_to_mirror_the_arguments_of_a_call() {
    let (client, mut script) = modern(limited(|limits| limits.http.max_mirror_pages = 3)).await;
    let refused = with(client.call_tool("add", &json!({})), async {
        let mismatch = |exchange: Exchange| exchange.refuse(400, -32020, json!(null));
        mismatch(script.expect("tools/call").await);
        for number in 0..3 {
            let mut page = tools(json!([]));
            page["nextCursor"] = json!(format!("page-{number}"));
            script.expect("tools/list").await.reply(page);
        }
        mismatch(script.expect("tools/call").await);
    });
    assert_eq!(refused.await.unwrap_err().kind(), ErrorKind::Peer);
    script.expect_silence(Duration::from_secs(60)).await;
}

/// A client of a server of HTTP+SSE, and the stream of the server's events.
async fn http_sse(builder: ClientBuilder) -> (Client, Script, Sending) {
    let (stack, mut script) = Script::new();
    let serve = async {
        script.expect("server/discover").await.status(404);
        script.expect("initialize").await.status(404);
        let events = script.expect_bare("GET").await.stream();
        events.raw("event: endpoint\ndata: /messages\n\n");
        let exchange = script.expect("initialize").await;
        events.reply(&exchange.id(), initialized("2024-11-05"));
        exchange.status(202);
        script.expect("notifications/initialized").await.status(202);
        events
    };
    let (client, events) = tokio::join!(builder.http_stack(stack).connect_http(URL), serve);
    (client.expect("a server of HTTP+SSE"), script, events)
}

#[tokio::test(start_paused = true)]
async fn only_so_many_messages_are_posted_to_a_server_of_http_sse_at_a_time() {
    let builder = limited(|limits| limits.http.max_concurrent_posts = 3);
    let (client, mut script, events) = http_sse(builder).await;
    let calls: Vec<_> =
        (0..4).map(|_| tokio::spawn(client.call_tool("slow", &json!({})).into_future())).collect();
    // Each delays the next one for a while, and the last one waits for the response to another.
    let mut unanswered = Vec::new();
    for _ in 0..3 {
        unanswered.push(script.expect("tools/call").await);
    }
    script.expect_silence(Duration::from_secs(30)).await;
    let first = unanswered.remove(0);
    let mut ids = vec![first.id()];
    first.status(202);
    unanswered.push(script.expect("tools/call").await);
    for exchange in unanswered {
        ids.push(exchange.id());
        exchange.status(202);
    }
    for id in &ids {
        events.reply(id, text("done"));
    }
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().text(), "done");
    }
}

#[tokio::test(start_paused = true)]
async fn only_so_many_messages_wait_to_be_posted_to_a_server_of_http_sse() {
    let builder = limited(|limits| {
        limits.http.max_concurrent_posts = 1;
        limits.http.max_queued_posts = 2;
        limits.connection.max_outbox_bytes = 1;
    });
    let (client, mut script, _events) = http_sse(builder).await;
    let calls: Vec<_> =
        (0..50).map(|_| tokio::spawn(client.call_tool("slow", &json!({})).into_future())).collect();
    let first = script.expect("tools/call").await;
    script.expect_silence(Duration::from_secs(10)).await;
    // A call that does not wait in the queue leaves no trace.
    for call in calls {
        call.abort();
    }
    tokio::time::sleep(Duration::from_secs(1)).await; // Virtual: until the calls are dropped.
    first.status(202);
    let mut posted = 1;
    while let Ok(exchange) = timeout(Duration::from_secs(30), script.next()).await {
        posted += usize::from(exchange.message()["method"] == "tools/call");
        exchange.status(202);
    }
    // One that is posted, the queue and its one sender, a line and the outbox.
    assert!((3..=6).contains(&posted), "{posted} of 50 calls were posted");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_not_replaced_in_its_time_fails_the_call() {
    let builder = limited(|limits| limits.http.reinitialize_timeout = Duration::from_secs(7));
    let (client, mut script, standalone) = legacy(builder).await;
    standalone.status(405);
    let mut began = Instant::now();
    let refused = with(client.call_tool("add", &json!({})), async {
        script.expect("tools/call").await.status(404);
        began = Instant::now();
        script.expect("initialize").await.dropped().await;
    });
    assert_eq!(refused.await.unwrap_err().kind(), ErrorKind::Transport);
    assert_eq!(began.elapsed().as_secs(), 7);
}
