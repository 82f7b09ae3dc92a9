//! HTTP+SSE, the transport of 2024-11-05, and how a client finds out that a server has it.

use std::time::Duration;

use mcp_client::types::ElicitResult;
use mcp_client::{Client, ErrorKind, KnownServer, Revision};
use mcp_test_support::message::{initialized, text};
use mcp_test_support::with;
use serde_json::json;

use crate::script::{Exchange, Script, Sending, URL};

/// Opens the stream and shakes hands over it.
async fn shake_hands(script: &mut Script, endpoint: &str, path: &str) -> Sending {
    let exchange = script.expect_bare("GET").await;
    assert_eq!(exchange.header("accept"), Some("text/event-stream"));
    assert_eq!(exchange.header("content-type"), None);
    let events = exchange.stream();
    events.raw(format!(": hello\n\nevent: endpoint\ndata: {endpoint}\n\n"));
    let exchange = script.expect("initialize").await;
    assert_eq!(exchange.request.uri(), path);
    events.reply(&exchange.id(), initialized("2024-11-05"));
    exchange.status(202);
    script.expect("notifications/initialized").await.status(202);
    events
}

async fn connected(endpoint: &str) -> (Client, Script, Sending) {
    let (stack, mut script) = Script::new();
    let serve = async {
        script.expect("server/discover").await.status(405);
        script.expect("initialize").await.status(405);
        shake_hands(&mut script, endpoint, "https://example.com/messages?s=1").await
    };
    let builder =
        Client::builder().http_stack(stack).on_elicit(|_| async { Ok(ElicitResult::decline()) });
    let (client, events) = tokio::join!(builder.connect_http(URL), serve);
    (client.expect("HTTP+SSE"), script, events)
}

#[tokio::test(start_paused = true)]
async fn a_server_without_post_is_asked_for_its_stream() {
    for endpoint in [
        "/messages?s=1",
        "messages?s=1",
        "https://example.com/messages?s=1",
        "https://example.com:443/messages?s=1",
    ] {
        let (stack, mut script) = Script::new();
        let status = if endpoint.len() % 2 == 0 { 404 } else { 400 };
        let serve = async {
            script.expect("server/discover").await.status(status);
            script.expect("initialize").await.status(status);
            let path = match endpoint {
                "https://example.com:443/messages?s=1" => endpoint,
                _ => "https://example.com/messages?s=1",
            };
            shake_hands(&mut script, endpoint, path).await
        };
        let (client, events) =
            tokio::join!(Client::builder().http_stack(stack).connect_http(URL), serve);
        let client = client.expect("HTTP+SSE");
        assert_eq!(client.revision(), Revision::V2024_11_05);
        assert!(client.known_server().http_sse);
        let reply = with(client.call_tool("add", &json!({"a": 1})), async {
            let exchange = script.expect("tools/call").await;
            assert_eq!(exchange.header("mcp-method"), None);
            let id = exchange.id();
            exchange.status(202);
            // A response in several lines of data, in two chunks.
            events.raw("event: message\ndata: {\"jsonrpc\":\"2.0\",\ndata: \"id\":");
            events.raw(format!("{id},\ndata: \"result\":{}}}\n\n", text("3")));
        });
        assert_eq!(reply.await.unwrap().text(), "3");
        client.close().await;
        drop(client);
        events.dropped().await;
        script.expect_silence(Duration::from_secs(60)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn messages_are_posted_to_the_origin_only() {
    for endpoint in [
        "https://evil.example/messages",
        "//evil.example/messages",
        "http://example.com/messages",
        "https://example.com:8443/messages",
        "https://example.com@evil.example/messages",
        "ftp://example.com/",
        "",
    ] {
        let (stack, mut script) = Script::new();
        let serve = async {
            script.expect("server/discover").await.status(404);
            script.expect("initialize").await.status(404);
            let events = script.expect_bare("GET").await.stream();
            events.raw(format!("event: endpoint\ndata: {endpoint}\n\n"));
            events.dropped().await;
        };
        let (client, ()) =
            tokio::join!(Client::builder().http_stack(stack).connect_http(URL), serve);
        let error = client.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Transport);
        let shown = endpoint.replace("example.com@", "***@");
        let told = format!("the server wants messages posted to {shown}, which is refused");
        assert!(format!("{error:?}").contains(&told), "{error:?}");
        script.expect_silence(Duration::from_secs(60)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_does_not_begin_with_an_endpoint_is_an_error_in_time() {
    type Answer = fn(Exchange) -> Option<Sending>;
    let answers: [(Answer, &str); 6] = [
        (|exchange| Some(exchange.stream()), "did not begin with an endpoint within 10s"),
        (
            |exchange| {
                exchange.stream().message(&json!({}));
                None
            },
            "the stream does not begin with an endpoint",
        ),
        (
            |exchange| {
                exchange.stream().cut();
                None
            },
            "connection reset",
        ),
        (
            |exchange| {
                drop(exchange.stream());
                None
            },
            "unexpected end of file",
        ),
        (
            |exchange| {
                exchange.page(200, "text/html", "hello");
                None
            },
            "the server has no stream of events (200)",
        ),
        (
            |exchange| {
                exchange.status(405);
                None
            },
            "the server has no stream of events (405)",
        ),
    ];
    for (answer, told) in answers {
        let (stack, mut script) = Script::new();
        let serve = async {
            script.expect("server/discover").await.status(404);
            script.expect("initialize").await.status(404);
            if let Some(sending) = answer(script.expect_bare("GET").await) {
                sending.dropped().await;
            }
        };
        let (client, ()) =
            tokio::join!(Client::builder().http_stack(stack).connect_http(URL), serve);
        let error = format!("{:?}", client.expect_err("no stream"));
        assert!(error.contains(told), "{told}: {error}");
    }
    // No head of a response.
    let (stack, mut script) = Script::new();
    let serve = async {
        script.expect("server/discover").await.status(404);
        script.expect("initialize").await.status(404);
        script.expect_bare("GET").await.dropped().await;
    };
    let (client, ()) = tokio::join!(Client::builder().http_stack(stack).connect_http(URL), serve);
    assert!(format!("{:?}", client.expect_err("silence")).contains("did not answer within 10s"));
}

#[tokio::test(start_paused = true)]
async fn a_known_server_of_http_sse_is_asked_for_its_stream_at_once() {
    let known: KnownServer =
        serde_json::from_value(json!({"revision": "2024-11-05", "httpSse": true})).unwrap();
    let (stack, mut script) = Script::new();
    let builder = Client::builder().known_server(known).http_stack(stack);
    let serve = shake_hands(&mut script, "/messages?s=1", "https://example.com/messages?s=1");
    let (client, events) = tokio::join!(builder.connect_http(URL), serve);
    drop(client.unwrap());
    events.dropped().await;
}

#[tokio::test(start_paused = true)]
async fn requests_and_cancellations_go_both_ways() {
    let (client, mut script, events) = connected("/messages?s=1").await;
    let reply = with(client.call_tool("ask", &json!({})), async {
        let exchange = script.expect("tools/call").await;
        let id = exchange.id();
        // This server answers a POST only when the work is done; the next message must not wait for
        // it.
        events.ask(&json!("q"), "ping", json!({}));
        let answer = script.next().await;
        assert_eq!(answer.message(), json!({"jsonrpc": "2.0", "id": "q", "result": {}}));
        answer.status(202);
        events.reply(&id, text("done"));
        exchange.status(202);
    });
    assert_eq!(reply.await.unwrap().text(), "done");

    let call = tokio::spawn(client.call_tool("slow", &json!({})).into_future());
    let exchange = script.expect("tools/call").await;
    let id = exchange.id();
    exchange.status(202);
    call.abort();
    let cancelled = script.expect("notifications/cancelled").await;
    assert_eq!(cancelled.message()["params"]["requestId"], id);
    cancelled.status(202);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_does_not_arrive_ends_all_calls_with_the_reason() {
    for late in [false, true] {
        let (client, mut script, _events) = connected("/messages?s=1").await;
        let waiting = tokio::spawn(client.call_tool("slow", &json!({})).into_future());
        script.expect("tools/call").await.status(202);
        let failing = tokio::spawn(client.call_tool("slow", &json!({})).into_future());
        let exchange = script.expect("tools/call").await;
        if late {
            // After the next message is no longer delayed.
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        exchange.status(403);
        for call in [waiting, failing] {
            let error = call.await.unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
            assert!(
                format!("{error:?}").contains("the server answered 403 (Forbidden)"),
                "{error:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_without_a_response_does_not_outlive_the_client() {
    let (client, mut script, events) = connected("/messages?s=1").await;
    let call = tokio::spawn(client.call_tool("add", &json!({})).into_future());
    let mut unanswered = script.expect("tools/call").await;
    client.close().await;
    drop(client);
    call.await.unwrap().unwrap_err();
    events.dropped().await;
    unanswered.dropped().await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_stream_ends_all_calls() {
    let (client, mut script, events) = connected("/messages?s=1").await;
    let call = tokio::spawn(client.call_tool("slow", &json!({})).into_future());
    script.expect("tools/call").await.status(202);
    events.cut();
    assert_eq!(call.await.unwrap().unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    // No message is sent after that.
    assert_eq!(
        client.call_tool("slow", &json!({})).await.unwrap_err().kind(),
        ErrorKind::Transport
    );
    script.expect_silence(Duration::from_secs(60)).await;
}
