//! Servers that break the rules.

use std::future::IntoFuture as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures::StreamExt as _;
use mcp_client::{Client, Closed, ErrorKind, Event};
use mcp_test_support::message::text;
use mcp_test_support::{Log, soon, with};
use serde_json::json;
use tokio::io::{AsyncRead, DuplexStream, ReadBuf, ReadHalf};

use crate::fake::{Fake, discovered, legacy_with, modern};

#[tokio::test]
async fn an_answer_of_another_shape_shows_its_json() {
    let (client, mut fake) = modern().await;
    let error = with(client.call_tool("x", &()), async {
        let request = fake.next().await;
        fake.reply(&request, json!({"content": "none"})).await;
    })
    .await
    .unwrap_err();
    assert_eq!((error.kind(), error.method()), (ErrorKind::Decode, Some("tools/call")));
    assert_eq!(error.json(), Some(r#"{"content":"none"}"#));
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn the_json_of_an_error_is_bounded() {
    let (client, mut fake) = modern().await;
    let error = with(client.call_tool("x", &()), async {
        let request = fake.next().await;
        fake.reply(&request, json!({"content": "ü".repeat(100_000)})).await;
    })
    .await
    .unwrap_err();
    let shown = error.json().unwrap().len();
    assert!((16_000..=16 << 10).contains(&shown), "{shown}");
}

#[tokio::test]
async fn kinds_of_results_that_are_not_known_are_invalid() {
    let (client, mut fake) = modern().await;
    for result in [
        json!({"content": [], "resultType": "task"}),
        json!({"content": [], "resultType": 1}),
        json!({"content": [], "resultType": "input_required"}), // Neither questions nor a state.
    ] {
        let error = with(client.call_tool("x", &()), async {
            let request = fake.next().await;
            fake.reply(&request, result.clone()).await;
        })
        .await
        .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{result}");
    }
    // A method that cannot ask (TRAP-14).
    let error = with(client.list_tools(), async {
        let request = fake.next().await;
        fake.reply(
            &request,
            json!({"tools": [], "resultType": "input_required", "requestState": "s"}),
        )
        .await;
    })
    .await
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    // Absent is complete (RT-2), and the name may come anywhere.
    for result in [json!({"content": []}), json!({"content": [], "resultType": "complete"})] {
        with(client.call_tool("x", &()), async {
            let request = fake.next().await;
            fake.reply(&request, result).await;
        })
        .await
        .unwrap();
    }
}

#[tokio::test]
async fn before_2026_07_28_the_result_of_a_tool_needs_content_and_the_kind_counts_too() {
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let (client, mut fake, _) = legacy_with(Client::builder(), version).await;
        for (result, named) in [
            (json!({"task": {"taskId": "1", "status": "working"}}), "no content"),
            (json!({}), "no content"),
            (json!({"structuredContent": {"content": []}}), "no content"),
            (json!({"content": [], "resultType": "task"}), "\"task\" is unknown"),
            (json!({"resultType": "input_required", "requestState": "s"}), "input_required"),
        ] {
            let error = with(client.call_tool("x", &()), async {
                let request = fake.expect("tools/call").await;
                fake.reply(&request, result.clone()).await;
            })
            .await
            .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode, "{version}: {result}");
            assert!(error.to_string().contains(named), "{error}");
        }
        let reply = with(client.call_tool("x", &()), async {
            let request = fake.expect("tools/call").await;
            fake.reply(&request, json!({"isError": false, "content": []})).await;
        });
        assert_eq!(reply.await.unwrap().text(), "");
        // Other methods have other results.
        with(client.ping(), async {
            let request = fake.expect("ping").await;
            fake.reply(&request, json!({})).await;
        })
        .await
        .unwrap();
    }
    // Without a kind there is nothing else to go by.
    let (client, mut fake) = modern().await;
    let error = with(client.call_tool("x", &()), async {
        let request = fake.expect("tools/call").await;
        fake.reply(&request, json!({"structuredContent": 1})).await;
    });
    assert_eq!(error.await.unwrap_err().kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn text_of_the_server_in_an_error_is_short_and_cannot_forge_a_line() {
    let forged = format!("no\n2026-11-28 ERROR forged \u{1b}[2J\u{202e}{}", "x".repeat(100_000));
    let kind = json!({"content": [], "resultType": forged});
    let failed = json!({
        "resultType": "complete",
        "isError": true,
        "content": [{"type": "text", "text": forged}],
    });
    let question =
        json!({"resultType": "input_required", "inputRequests": {"a": {"method": forged}}});
    let (client, mut fake) = modern().await;
    for result in [kind, failed, question] {
        let reply = with(client.call_tool("x", &()), async {
            let request = fake.expect("tools/call").await;
            fake.reply(&request, result).await;
        })
        .await;
        let error = reply.and_then(|reply| reply.structured::<i64>()).unwrap_err();
        let shown = error.to_string();
        assert!(shown.contains("\\n2026-11-28 ERROR"), "{shown}");
        assert!(!shown.chars().any(|c| c.is_control() || c == '\u{202e}'), "{shown:?}");
        assert!(shown.len() < 2_000, "{} bytes", shown.len());
    }
    let error = with(client.call_tool("x", &()), async {
        let request = fake.expect("tools/call").await;
        let error = json!({"code": -32603, "message": forged});
        fake.send(json!({"jsonrpc": "2.0", "id": request["id"], "error": error})).await;
    })
    .await
    .unwrap_err();
    let shown = error.to_string();
    assert!(shown.contains("\\n2026-11-28 ERROR") && shown.len() < 10_000, "{shown}");
}

#[tokio::test]
async fn a_modern_server_has_no_requests() {
    let asked = Arc::new(AtomicBool::new(false));
    let flag = asked.clone();
    let builder = Client::builder().on_elicit(move |_| {
        flag.store(true, Ordering::Relaxed);
        async { Ok(mcp_client::types::ElicitResult::decline()) }
    });
    let (client, mut fake) = crate::fake::modern_with(builder).await;
    for method in ["elicitation/create", "ping", "roots/list"] {
        fake.send(json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": {}})).await;
        assert_eq!(fake.next().await["error"]["code"], -32601);
    }
    assert!(!asked.load(Ordering::Relaxed));
    drop(client);
}

#[tokio::test]
async fn a_legacy_server_is_answered_and_refused_by_what_was_declared() {
    let (client, mut fake, initialize) = legacy_with(Client::builder(), "2025-11-25").await;
    assert_eq!(initialize["params"]["capabilities"], json!({}));
    for (method, answer) in [
        ("ping", json!({"result": {}})),
        (
            "sampling/createMessage",
            json!({"error": {"code": -32601, "message": "method not found: sampling/createMessage"}}),
        ),
        ("x/y", json!({"error": {"code": -32601, "message": "method not found: x/y"}})),
    ] {
        fake.send(json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": {}})).await;
        let mut got = fake.next().await;
        let got = got.as_object_mut().unwrap();
        got.remove("jsonrpc");
        assert_eq!(got.remove("id"), Some(json!(7)));
        assert_eq!(json!(got), answer);
    }
    drop(client);
}

#[tokio::test]
async fn garbage_between_messages_does_no_harm() {
    let (client, mut fake) = modern().await;
    let reply = with(client.call_tool("x", &()), async {
        let request = fake.next().await;
        fake.raw("not json").await;
        fake.raw("").await;
        fake.raw(r#"{"jsonrpc":"2.0","id":999,"result":{}}"#).await;
        fake.raw(
            r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":[]}}"#,
        )
        .await;
        fake.raw(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{}}"#).await;
        fake.reply(&request, text("fine")).await;
    });
    assert_eq!(reply.await.unwrap().text(), "fine");
}

#[tokio::test]
async fn a_flood_of_notifications_is_bounded_and_told_of() {
    let (client, mut fake) = modern().await;
    let mut events = client.notifications();
    let reply = with(client.call_tool("x", &()), async {
        let request = fake.next().await;
        for number in 0..5_000 {
            fake.tell("notifications/custom", json!({ "number": number })).await;
        }
        fake.reply(&request, text("done")).await;
    });
    assert_eq!(reply.await.unwrap().text(), "done");
    let Some(Event::Lagged(lost)) = events.next().await else {
        panic!("the loss is reported first")
    };
    drop(client);
    assert_eq!(lost + events.count().await as u64, 5_000);
}

#[tokio::test]
async fn a_panic_in_a_handler_is_an_error_for_the_server_alone() {
    let builder = Client::builder().on_elicit_url(|_| async { panic!("a bug") });
    let (client, mut fake, _) = legacy_with(builder, "2025-11-25").await;
    let params =
        json!({"mode": "url", "message": "m", "url": "https://e.example", "elicitationId": "1"});
    fake.send(json!({"jsonrpc": "2.0", "id": 1, "method": "elicitation/create", "params": params}))
        .await;
    assert_eq!(fake.next().await["error"]["code"], -32603);
    let ping = with(client.ping(), async {
        let request = fake.expect("ping").await;
        fake.reply(&request, json!({})).await;
    });
    ping.await.unwrap();
}

/// A reader that panics once the test wants it to.
struct Panics {
    reader: ReadHalf<DuplexStream>,
    now: Arc<AtomicBool>,
}

impl AsyncRead for Panics {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        assert!(!self.now.load(Ordering::SeqCst), "the reader panics as the test wants");
        Pin::new(&mut self.reader).poll_read(cx, buffer)
    }
}

/// A client whose reader panics with the next message of the server.
async fn panicking() -> (Client, Fake) {
    let ((reader, writer), mut fake) = Fake::new();
    let now = Arc::new(AtomicBool::new(false));
    let connecting = Client::connect(Panics { reader, now: Arc::clone(&now) }, writer);
    let serve = async {
        let probe = fake.expect("server/discover").await;
        fake.reply(&probe, discovered()).await;
    };
    let (client, ()) = tokio::join!(connecting, serve);
    now.store(true, Ordering::SeqCst);
    (client.unwrap(), fake)
}

#[tokio::test]
async fn a_reader_that_panics_ends_the_connection() {
    let (client, mut fake) = panicking().await;
    let mut events = client.notifications();
    let call = client.call_tool("x", &());
    let (lost, ()) = tokio::join!(call.into_future(), async {
        fake.expect("tools/call").await;
        assert!(fake.maybe_next().await.is_none());
    });
    assert_eq!(lost.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    let Closed::Failed(error) = soon(client.closed()).await else { panic!("not as a failure") };
    assert!(error.to_string().contains("the task of the connection has ended"), "{error}");
    assert!(soon(events.next()).await.is_none());
    soon(client.close()).await;

    // Also if it panics while the client closes the connection.
    let (client, _fake) = panicking().await;
    soon(client.close()).await;
}

#[test]
fn a_connection_ends_with_its_runtime() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let (client, fake) = first.block_on(modern());
    drop(first);
    runtime().block_on(async {
        assert!(matches!(soon(client.closed()).await, Closed::Failed(_)));
        soon(client.close()).await;
    });
    drop(fake);
}

#[tokio::test]
async fn a_request_that_is_refused_again_and_again_is_one_warning() {
    let (log, _guard) = Log::capture();
    let (_client, mut fake, _) = legacy_with(Client::builder(), "2025-11-25").await;
    for id in 0..50 {
        for method in ["roots/list", "example/x"] {
            fake.send(json!({"jsonrpc": "2.0", "id": format!("{method}{id}"), "method": method}))
                .await;
            assert_eq!(fake.next().await["error"]["code"], -32601);
        }
    }
    let log = log.text();
    let at = |level: &str| {
        let is = |line: &&str| line.contains(level) && line.contains("refused a request");
        log.lines().filter(is).count()
    };
    assert_eq!((at(" WARN "), at("DEBUG ")), (2, 98));
}
