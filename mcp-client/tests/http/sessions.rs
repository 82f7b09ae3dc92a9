//! The sessions of the legacy era: on every request, replaced if they are forgotten, ended.

use std::time::Duration;

use futures::future::join_all;
use mcp_client::{Client, ErrorKind, Revision};
use mcp_test_support::message::{initialized, response, text};
use mcp_test_support::with;
use serde_json::{Value, json};

use crate::script::{Script, URL, legacy, shake_hands};

const SESSION: Option<&str> = Some("session-1");
const VERSION: Option<&str> = Some("2025-11-25");

#[tokio::test(start_paused = true)]
async fn every_request_of_a_session_has_its_id_and_its_revision() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    assert_eq!(standalone.header("mcp-session-id"), SESSION);
    assert_eq!(standalone.header("mcp-protocol-version"), VERSION);
    assert_eq!(standalone.header("accept"), Some("text/event-stream"));
    assert_eq!(standalone.header("content-type"), None);
    assert_eq!(standalone.header("last-event-id"), None);
    standalone.status(405);

    let reply = with(client.call_tool("add", &json!({"a": 1})), async {
        let exchange = script.expect("tools/call").await;
        assert_eq!(exchange.header("mcp-session-id"), SESSION);
        assert_eq!(exchange.header("mcp-protocol-version"), VERSION);
        assert_eq!(exchange.header("accept"), Some("application/json, text/event-stream"));
        assert_eq!((exchange.header("mcp-method"), exchange.header("mcp-name")), (None, None));
        assert_eq!(exchange.message()["params"].get("_meta"), None);
        exchange.reply(text("1"));
    });
    assert_eq!(reply.await.unwrap().text(), "1");

    let farewell = async {
        let exchange = script.expect_bare("DELETE").await;
        assert_eq!(exchange.header("mcp-session-id"), SESSION);
        assert_eq!(exchange.header("mcp-protocol-version"), VERSION);
        exchange.status(405); // A server may refuse it.
    };
    tokio::join!(client.close(), farewell);
    drop(client);
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_without_sessions_gets_no_id_and_no_delete() {
    let (stack, mut script) = Script::new();
    let builder = Client::builder().revision(Revision::V2025_11_25).http_stack(stack);
    let (client, standalone) =
        tokio::join!(builder.connect_http(URL), shake_hands(&mut script, None));
    let client = client.unwrap();
    standalone.status(405);
    let reply = with(client.call_tool("add", &json!({})), async {
        let exchange = script.expect("tools/call").await;
        assert_eq!(
            (exchange.header("mcp-session-id"), exchange.header("mcp-protocol-version")),
            (None, VERSION)
        );
        // 404 does not mean a forgotten session here.
        exchange.status(404);
    });
    assert_eq!(reply.await.unwrap_err().transport().unwrap().status(), Some(404));
    client.close().await;
    drop(client);
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_client_ends_its_session_and_a_closed_one_waits_only_so_long() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    let stream = standalone.stream();
    drop(client);
    let exchange = script.expect_bare("DELETE").await;
    assert_eq!(exchange.header("mcp-session-id"), SESSION);
    stream.dropped().await;
    exchange.status(200);

    let (client, mut script, standalone) = legacy(Client::builder()).await;
    let before = tokio::time::Instant::now();
    let farewell = async {
        script.expect_bare("DELETE").await.dropped().await;
    };
    tokio::join!(client.close(), farewell);
    assert_eq!(before.elapsed().as_secs(), 5);
    drop((client, standalone));
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn closing_ends_the_session_and_its_calls_with_one_request() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    let stream = standalone.stream();
    let calls: Vec<_> =
        (0..10).map(|_| tokio::spawn(client.call_tool("slow", &json!({})).into_future())).collect();
    let mut open = Vec::new();
    for _ in 0..10 {
        open.push(script.expect("tools/call").await.stream());
    }
    let farewell = async {
        script.expect_bare("DELETE").await.status(200);
    };
    tokio::join!(client.close(), farewell);
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    }
    for sending in open.iter().chain([&stream]) {
        sending.dropped().await;
    }
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_session_is_replaced_once_for_a_hundred_calls() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    let first = standalone.stream();
    let calls = join_all((0..100).map(|number: usize| {
        let client = client.clone();
        async move { client.call_tool("echo", &json!({"n": number})).await.unwrap().text() }
    }));
    let serve = async {
        for number in 0..100 {
            let exchange = script.expect("tools/call").await;
            match number % 3 {
                0 => exchange.status(404),
                1 => exchange.page(404, "text/plain", "no such session"),
                _ => exchange.refuse(404, -32600, Value::Null),
            }
        }
        let stream = shake_hands(&mut script, Some("session-2")).await;
        assert_eq!(stream.header("mcp-session-id"), Some("session-2"));
        first.dropped().await;
        for _ in 0..100 {
            let exchange = script.expect("tools/call").await;
            assert_eq!(exchange.header("mcp-session-id"), Some("session-2"));
            let number = exchange.message()["params"]["arguments"]["n"].to_string();
            exchange.reply(text(&number));
        }
        stream
    };
    let (texts, stream) = tokio::join!(calls, serve);
    assert_eq!(texts, (0..100).map(|number| number.to_string()).collect::<Vec<_>>());
    stream.status(405);

    // A second 404 for the same call is its answer.
    let lost = with(client.call_tool("echo", &json!({})), async {
        script.expect("tools/call").await.status(404);
        shake_hands(&mut script, Some("session-3")).await.status(405);
        script.expect("tools/call").await.status(404);
    });
    assert_eq!(lost.await.unwrap_err().transport().unwrap().status(), Some(404));
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_server_is_the_answer_though_its_status_is_404() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    standalone.status(405);
    for code in [-32601, -32602, -32002, -32603, 7] {
        let refused = with(client.call_tool("pay", &json!({})), async {
            script.expect("tools/call").await.refuse(404, code, Value::Null);
        });
        let error = refused.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Peer, "{error:?}");
        assert_eq!(error.peer().unwrap().code(), code);
        script.expect_silence(Duration::from_secs(60)).await;
    }
    // An error that is not for this request, or that refuses the HTTP request itself, says that the
    // session is forgotten.
    for (is_ours, code) in [(false, -32602), (true, -32600), (true, -32001)] {
        let reply = with(client.call_tool("echo", &json!({})), async {
            let exchange = script.expect("tools/call").await;
            let id = if is_ours { exchange.id() } else { json!("server-error") };
            let error = json!({"code": code, "message": "Session not found"});
            exchange.json(404, &json!({"jsonrpc": "2.0", "id": id, "error": error}));
            shake_hands(&mut script, Some("session-2")).await.status(405);
            script.expect("tools/call").await.reply(text("here"));
        });
        assert_eq!(reply.await.unwrap().text(), "here");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_cannot_be_replaced_fails_all_waiting_calls_at_once() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    standalone.status(405);
    let calls = join_all((0..100).map(|_| {
        let client = client.clone();
        async move { client.call_tool("echo", &json!({})).await.unwrap_err() }
    }));
    let serve = async {
        for _ in 0..100 {
            script.expect("tools/call").await.status(404);
        }
        for _ in 0..4 {
            script.expect("initialize").await.unreachable();
        }
    };
    let (errors, ()) = tokio::join!(calls, serve);
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Transport, "{error:?}");
        let told = "the session has ended, and the server refuses another one";
        assert!(format!("{error:?}").contains(told), "{error:?}");
    }
    // The next call tries again.
    let reply = with(client.call_tool("echo", &json!({})), async {
        script.expect("tools/call").await.status(404);
        shake_hands(&mut script, Some("session-2")).await.status(405);
        script.expect("tools/call").await.reply(text("here"));
    });
    assert_eq!(reply.await.unwrap().text(), "here");
}

#[tokio::test(start_paused = true)]
async fn a_session_is_replaced_even_if_the_call_that_needs_it_is_dropped() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    standalone.status(405);
    let call = tokio::spawn(client.call_tool("echo", &json!({})).into_future());
    script.expect("tools/call").await.status(404);
    let exchange = script.expect("initialize").await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    let message = response(&exchange.id(), initialized("2025-11-25"));
    let fields = [("content-type", "application/json"), ("mcp-session-id", "session-2")];
    let cancelled = script.expect("notifications/cancelled").await;
    cancelled.status(404);
    exchange.begin(200, &fields).raw(message.to_string());
    let noted = script.expect("notifications/initialized").await;
    assert_eq!(noted.header("mcp-session-id"), Some("session-2"));
    noted.status(202);
    script.expect_bare("GET").await.status(405);
    let reply = with(client.call_tool("echo", &json!({})), async {
        let exchange = script.expect("tools/call").await;
        assert_eq!(exchange.header("mcp-session-id"), Some("session-2"));
        exchange.reply(text("here"));
    });
    assert_eq!(reply.await.unwrap().text(), "here");
}

#[tokio::test(start_paused = true)]
async fn a_new_session_must_begin_and_have_the_same_revision() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    standalone.status(405);
    let error = with(client.call_tool("echo", &json!({})), async {
        script.expect("tools/call").await.status(404);
        script.expect("initialize").await.reply(initialized("2025-03-26"));
    });
    let error = error.await.unwrap_err();
    assert!(format!("{error:?}").contains("uses another revision in the next"), "{error:?}");
    // No call uses that session: the next one finds the old one forgotten, and begins another.
    let reply = with(client.call_tool("echo", &json!({})), async {
        let exchange = script.expect("tools/call").await;
        assert_eq!(exchange.header("mcp-session-id"), Some("session-1"));
        assert_eq!(exchange.header("mcp-protocol-version"), Some("2025-11-25"));
        exchange.status(404);
        shake_hands(&mut script, Some("session-3")).await.status(405);
        script.expect("tools/call").await.reply(text("here"));
    });
    assert_eq!(reply.await.unwrap().text(), "here");

    let (client, mut script, standalone) = legacy(Client::builder()).await;
    standalone.status(405);
    let error = with(client.call_tool("echo", &json!({})), async {
        script.expect("tools/call").await.status(404);
        script.expect("initialize").await.dropped().await;
    });
    let error = error.await.unwrap_err();
    assert!(format!("{error:?}").contains("the server did not answer within 30s"), "{error:?}");
}
