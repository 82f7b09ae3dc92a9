//! Responses of a modern server: messages, streams, redirects, and what is not a response.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::join_all;
use mcp_client::types::LoggingLevel;
use mcp_client::{Client, ErrorKind};
use mcp_test_support::message::text;
use mcp_test_support::with;
use serde_json::json;

use crate::script::modern;

#[tokio::test(start_paused = true)]
async fn a_stream_has_notifications_first_and_the_response_last_however_it_is_split() {
    let (client, mut script) = modern(Client::builder()).await;
    let mut log = client.log_messages();
    for step in [1, 2, 3, 7, 10_000] {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let call = client
            .call_tool("work", &json!({}))
            .log_level(LoggingLevel::Info)
            .on_progress(move |progress| sink.lock().unwrap().push(progress.progress));
        let reply = with(call, async {
            let exchange = script.expect("tools/call").await;
            let (id, message) = (exchange.id(), exchange.message());
            let token = &message["params"]["_meta"]["progressToken"];
            let mut stream = String::from("\u{feff}: hello\r\n\r\nretry: 10\n\n");
            for progress in [1, 2] {
                let params = json!({"progressToken": token, "progress": progress, "message": "a: b\u{2028}"});
                let told =
                    json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params});
                stream.push_str(&format!("event: message\r\ndata: {told}\r\n\r\n:\n\n"));
            }
            let log = json!({"level": "info", "data": "working"});
            let told = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": log});
            // Another kind of event, an event without data, and a message in two lines of data.
            stream.push_str("event: other\ndata: {\"jsonrpc\"\n\nid: 7\ndata:\n\n");
            stream
                .push_str(&format!("data: {}\n\n", told.to_string().replacen(',', ",\ndata: ", 1)));
            // The response to another request is dropped.
            stream.push_str("data: {\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{}}\n\n");
            let answer = json!({"jsonrpc": "2.0", "id": id, "result": text("done")});
            stream.push_str(&format!("data: {answer}\n\n"));
            let sending = exchange.stream();
            for piece in stream.as_bytes().chunks(step) {
                sending.raw(piece);
            }
            // The stream is still open, and the call has ended.
            sending.dropped().await;
        });
        assert_eq!(reply.await.unwrap().text(), "done");
        assert_eq!(*seen.lock().unwrap(), [1.0, 2.0]);
        assert_eq!(log.next().await.unwrap().data.to_value(), json!("working"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_json_rpc_error_is_the_outcome_whatever_the_status() {
    let (client, mut script) = modern(Client::builder()).await;
    for (status, code) in
        [(200, -32602), (400, -32602), (404, -32601), (500, -32603), (503, -32000)]
    {
        let refused = with(client.call_tool("add", &json!({})), async {
            script.expect("tools/call").await.refuse(status, code, json!({"a": 1}));
        });
        let error = refused.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Peer, "{error:?}");
        assert_eq!(error.peer().unwrap().code(), code);
    }
    // The server could not read the id.
    for status in [200, 400] {
        let refused = with(client.call_tool("add", &json!({})), async {
            let error = json!({"code": -32700, "message": "no JSON"});
            let message = json!({"jsonrpc": "2.0", "id": null, "error": error});
            script.expect("tools/call").await.json(status, &message);
        });
        assert_eq!(refused.await.unwrap_err().peer().unwrap().code(), -32700);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_a_response_is_an_error_that_says_what_came() {
    let (client, mut script) = modern(Client::builder()).await;
    let html = "<!doctype html><title>Log in</title>";
    let other = r#"{"jsonrpc":"2.0","id":"other","result":{}}"#;
    for (status, media, body, told) in [
        (
            200,
            "text/html; charset=utf-8",
            html,
            "the server answered 200 with \"text/html\" instead of a message",
        ),
        (200, "", "{}", "the server answered 200 with \"\" instead of a message"),
        (202, "", "", "the server accepted the request (202) without a response to it"),
        (204, "", "", "the server accepted the request (204) without a response to it"),
        (200, "application/json", other, "the server's message is not a response to the request"),
        (200, "application/json", "{}", "the server's message is not a response to the request"),
        (200, "application/json", "", "the server's message is not a response to the request"),
        (200, "application/json", "[]", "the server's message is not a response to the request"),
        (
            200,
            "application/json",
            &format!("[{other}]"),
            "the server's message is not a response to the request",
        ),
    ] {
        for method in ["tools/call", "prompts/list"] {
            let serve = async {
                let exchange = script.expect(method).await;
                if media.is_empty() {
                    exchange.begin(status, &[]).raw(body);
                } else {
                    exchange.page(status, media, body);
                }
            };
            let (error, kind) = match method {
                "tools/call" => (
                    with(client.call_tool("add", &json!({})), serve).await.unwrap_err(),
                    // The tool may have been called.
                    ErrorKind::OutcomeUnknown,
                ),
                _ => (with(client.list_prompts(), serve).await.unwrap_err(), ErrorKind::Transport),
            };
            assert_eq!(error.kind(), kind, "{error:?}");
            assert_eq!(error.transport().unwrap().to_string(), told);
        }
    }
    // A response with the right id that is not valid.
    let broken = with(client.call_tool("add", &json!({})), async {
        let exchange = script.expect("tools/call").await;
        let message = json!({"jsonrpc": "2.0", "id": exchange.id(), "result": 1});
        exchange.json(200, &message);
    });
    let error = format!("{:?}", broken.await.unwrap_err());
    assert!(error.contains("the server's response is not a message"), "{error}");
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn only_redirects_that_keep_the_request_and_the_origin_are_followed() {
    let (client, mut script) = modern(Client::builder()).await;
    let reply = with(client.call_tool("add", &json!({"a": 1})), async {
        let first = script.expect("tools/call").await;
        let (headers, message) = (first.request.headers().clone(), first.message());
        first.redirect(307, "/else/where?x=1");
        // Relative to that URL, not to the endpoint.
        let relative = script.expect("tools/call").await;
        assert_eq!(relative.request.uri(), "https://example.com/else/where?x=1");
        relative.redirect(307, "there");
        let second = script.expect("tools/call").await;
        assert_eq!(second.request.uri(), "https://example.com/else/there");
        assert_eq!((second.request.headers(), second.message()), (&headers, message));
        second.redirect(308, "https://EXAMPLE.com:443/third");
        let third = script.expect("tools/call").await;
        assert_eq!(third.request.uri().path(), "/third");
        third.reply(text("done"));
    });
    assert_eq!(reply.await.unwrap().text(), "done");

    for (status, location, told) in [
        (
            307,
            "https://evil.example/mcp",
            "the server redirects to another origin (https://evil.example/mcp)",
        ),
        (
            308,
            "http://example.com/mcp",
            "the server redirects to another origin (http://example.com/mcp)",
        ),
        (307, "https://example.com:8443/mcp", "the server redirects to another origin"),
        (307, "https://example.com.evil.example/mcp", "the server redirects to another origin"),
        (307, "//evil.example/mcp", "the server redirects to another origin (//evil.example/mcp)"),
        (
            307,
            "javascript:alert(1)",
            "the server redirects to \"javascript:alert(1)\", which is not a URL",
        ),
        (307, "", "the server redirects to \"\", which is not a URL"),
        (301, "/elsewhere", "the server redirects to \"/elsewhere\" with 301 (Moved Permanently)"),
        (302, "/login", "the server redirects to \"/login\" with 302 (Found)"),
        (303, "/login", "the server redirects to \"/login\" with 303 (See Other)"),
    ] {
        let refused = with(client.call_tool("add", &json!({})), async {
            script.expect("tools/call").await.redirect(status, location);
        });
        let error = refused.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport, "{error:?}");
        let error = error.transport().unwrap();
        assert_eq!(error.status(), Some(status));
        assert!(error.to_string().starts_with(told), "{error}");
    }
    // Redirects in a circle.
    let refused = with(client.call_tool("add", &json!({})), async {
        for _ in 0..4 {
            script.expect("tools/call").await.redirect(308, "/mcp");
        }
    });
    let error = refused.await.unwrap_err();
    assert_eq!(
        error.transport().unwrap().to_string(),
        "the server redirects more than 3 times (`HttpLimits::max_redirects`)"
    );
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn responses_reach_their_calls_in_any_order() {
    let (client, mut script) = modern(Client::builder()).await;
    let echo = |number: usize| {
        let client = client.clone();
        async move { client.call_tool("echo", &json!({"n": number})).await.unwrap().text() }
    };
    let calls = join_all((0..100).map(echo));
    let serve = async {
        let mut exchanges = Vec::new();
        for _ in 0..100 {
            exchanges.push(script.expect("tools/call").await);
        }
        // In reverse order.
        while let Some(exchange) = exchanges.pop() {
            let number = exchange.message()["params"]["arguments"]["n"].to_string();
            exchange.reply(text(&number));
            tokio::task::yield_now().await;
        }
    };
    let (texts, ()) = tokio::join!(calls, serve);
    assert_eq!(texts, (0..100).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn silence_ends_a_stream_only_if_it_had_keep_alives() {
    let (client, mut script) = modern(Client::builder().timeout(Duration::from_secs(400))).await;
    let lost = with(client.call_tool("slow", &json!({})), async {
        let sending = script.expect("tools/call").await.stream();
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_secs(30)).await;
            sending.raw(":\n\n");
        }
        let fell_silent = tokio::time::Instant::now();
        sending.dropped().await;
        assert_eq!(fell_silent.elapsed().as_secs(), 45);
    });
    let error = lost.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error:?}");
    assert!(
        format!("{error:?}").contains("before the response: the stream was silent for 45s"),
        "{error:?}"
    );

    // Keep-alives belong to the connection and do not extend the timeout of a call.
    let late = with(client.call_tool("slow", &json!({})).timeout(Duration::from_secs(60)), async {
        let sending = script.expect("tools/call").await.stream();
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_secs(20)).await;
            sending.raw(":\n\n");
        }
        sending.dropped().await;
    });
    assert_eq!(late.await.unwrap_err().kind(), ErrorKind::Timeout);

    // A colon at the start of a chunk does not make a comment.
    let reply = with(client.call_tool("slow", &json!({})), async {
        let exchange = script.expect("tools/call").await;
        let (id, sending) = (exchange.id(), exchange.stream());
        sending.raw("data");
        tokio::task::yield_now().await;
        sending.raw(": {\"jsonrpc\": \"2.0\", \"method\": \"notifications/x\"}\n\n");
        tokio::time::sleep(Duration::from_secs(200)).await;
        sending.reply(&id, text("late"));
    });
    assert_eq!(reply.await.unwrap().text(), "late");
}
