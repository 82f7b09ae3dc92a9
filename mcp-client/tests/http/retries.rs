//! What is sent again: never a request that may do harm if it is carried out twice.

use std::time::Duration;

use mcp_client::types::ElicitResult;
use mcp_client::{Client, ClientBuilder, Error, ErrorKind, Limits};
use mcp_test_support::message::text;
use mcp_test_support::with;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::script::{Exchange, Script, legacy, modern};

async fn call(client: &Client) -> Result<String, Error> {
    client.call_tool("pay", &json!({"sum": 1})).await.map(|reply| reply.text())
}

#[tokio::test(start_paused = true)]
async fn a_call_that_did_not_leave_is_sent_again_up_to_the_limit() {
    let (client, mut script) = modern(Client::builder()).await;
    let serve = async {
        let mut ids = Vec::new();
        for _ in 0..3 {
            let exchange = script.expect("tools/call").await;
            ids.push(exchange.id());
            exchange.unreachable();
        }
        let exchange = script.expect("tools/call").await;
        ids.push(exchange.id());
        ids.dedup();
        assert_eq!(ids.len(), 1, "the server has not seen the id");
        exchange.reply(text("paid"));
    };
    assert_eq!(with(async { call(&client).await }, serve).await.unwrap(), "paid");
    let lost = with(async { call(&client).await }, async {
        for _ in 0..4 {
            script.expect("tools/call").await.unreachable();
        }
    });
    let error = lost.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    let told = "tools/call got no answer (https://example.com/mcp): no connection to the server: connection refused";
    assert!(format!("{error:?}").ends_with(told), "{error:?}");
    script.expect_silence(Duration::from_secs(60)).await;
}

/// A connection that fails after so many bytes of the response.
fn cut_after(exchange: Exchange, media: &str, body: &str, bytes: usize) {
    let sending = exchange.begin(200, &[("content-type", media)]);
    sending.raw(&body.as_bytes()[..bytes]);
    sending.cut();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_may_have_left_is_never_sent_again() {
    let (modern, on_modern) = modern(Client::builder()).await;
    let (legacy, on_legacy, standalone) = legacy(Client::builder()).await;
    standalone.status(405);
    for (client, mut script) in [(modern, on_modern), (legacy, on_legacy)] {
        // Before the head of the response.
        let lost =
            with(async { call(&client).await }, async { drop(script.expect("tools/call").await) });
        let error = lost.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        let told = "tools/call was sent and got no result: it may have been carried out or not \
                    (https://example.com/mcp): the connection failed before the response: the server hung up";
        assert!(format!("{error:?}").ends_with(told), "{error:?}");
        // At every byte of it.
        let answer = |exchange: &Exchange| json!({"jsonrpc": "2.0", "id": exchange.id(), "result": text("paid")});
        for media in ["application/json", "text/event-stream"] {
            let mut bytes = 0;
            loop {
                let mut is_whole = false;
                let reply = with(async { call(&client).await }, async {
                    let exchange = script.expect("tools/call").await;
                    let body = match media {
                        "application/json" => answer(&exchange).to_string(),
                        _ => format!("data: {}\n\n", answer(&exchange)),
                    };
                    is_whole = bytes == body.len();
                    cut_after(exchange, media, &body, bytes);
                });
                let reply = reply.await;
                if is_whole && media == "text/event-stream" {
                    assert_eq!(reply.unwrap(), "paid", "it was all there");
                } else {
                    assert_eq!(
                        reply.unwrap_err().kind(),
                        ErrorKind::OutcomeUnknown,
                        "{media} {bytes}"
                    );
                }
                if is_whole {
                    break;
                }
                bytes += 1;
            }
        }
        if client.known_server().revision.era() == mcp_client::Era::Modern {
            script.expect_silence(Duration::from_secs(60)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_request_is_sent_again_with_a_new_id_up_to_the_limit() {
    type Ask = fn(Client) -> futures::future::BoxFuture<'static, Result<(), Error>>;
    let asks: [(&str, Ask, Value); 5] = [
        (
            "prompts/list",
            |client| Box::pin(async move { client.list_prompts().await.map(drop) }),
            json!({"prompts": []}),
        ),
        (
            "resources/list",
            |client| Box::pin(async move { client.list_resources().await.map(drop) }),
            json!({"resources": []}),
        ),
        (
            "resources/read",
            |client| Box::pin(async move { client.read_resource("a://1").await.map(drop) }),
            json!({"contents": []}),
        ),
        (
            "prompts/get",
            |client| Box::pin(async move { client.get_prompt("p", &json!({})).await.map(drop) }),
            json!({"messages": []}),
        ),
        (
            "tools/list",
            |client| Box::pin(async move { client.list_tools().await.map(drop) }),
            json!({"tools": []}),
        ),
    ];
    let (modern, mut on_modern) = modern(Client::builder()).await;
    let (legacy, mut on_legacy, standalone) = legacy(Client::builder()).await;
    standalone.status(405);
    for (method, ask, result) in asks {
        for is_modern in [true, false] {
            let (client, script): (&Client, &mut Script) =
                if is_modern { (&modern, &mut on_modern) } else { (&legacy, &mut on_legacy) };
            let mut result = result.clone();
            if is_modern {
                result["resultType"] = json!("complete");
                result["ttlMs"] = json!(0);
                result["cacheScope"] = json!("private");
            }
            let failures = [
                Exchange::unreachable,
                drop,
                |exchange: Exchange| exchange.page(502, "text/html", "bad gateway"),
                |exchange: Exchange| exchange.status(503),
                |exchange: Exchange| cut_after(exchange, "application/json", "{\"jsonrpc\"", 5),
                |exchange: Exchange| exchange.stream().cut(),
            ];
            for failure in failures {
                // It succeeds at the last attempt.
                let answered = with(ask(client.clone()), async {
                    for _ in 0..3 {
                        failure(script.expect(method).await);
                    }
                    script.expect(method).await.reply(result.clone());
                });
                answered.await.unwrap_or_else(|error| panic!("{method}: {error:?}"));
                // There is no further attempt.
                let before = Instant::now();
                let lost = with(ask(client.clone()), async {
                    for _ in 0..4 {
                        failure(script.expect(method).await);
                    }
                });
                let error = lost.await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Transport, "{method}: {error:?}");
                assert!(
                    before.elapsed() <= Duration::from_millis(200 + 400 + 800),
                    "{:?}",
                    before.elapsed()
                );
                script.expect_silence(Duration::from_secs(60)).await;
            }
            // An id that the server has seen is not used again.
            let answered = with(ask(client.clone()), async {
                let mut ids = Vec::new();
                for _ in 0..3 {
                    let exchange = script.expect(method).await;
                    ids.push(exchange.id().to_string());
                    drop(exchange);
                }
                let exchange = script.expect(method).await;
                ids.push(exchange.id().to_string());
                ids.sort();
                ids.dedup();
                assert_eq!(ids.len(), 4, "{method}: {ids:?}");
                exchange.reply(result.clone());
            });
            answered.await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_double_and_are_random() {
    let (client, mut script) = modern(Client::builder()).await;
    let mut pauses: [Vec<Duration>; 3] = Default::default();
    for _ in 0..100 {
        let lost = with(async { call(&client).await }, async {
            for attempt in 0..4_usize {
                let before = Instant::now();
                let exchange = script.expect("tools/call").await;
                if let Some(index) = attempt.checked_sub(1) {
                    let pauses: &mut Vec<_> = &mut pauses[index];
                    pauses.push(before.elapsed());
                }
                exchange.unreachable();
            }
        });
        lost.await.unwrap_err();
    }
    for (pauses, bound) in pauses.iter().zip([200, 400, 800]) {
        let longest = pauses.iter().max().unwrap();
        let shortest = pauses.iter().min().unwrap();
        // The timer counts whole milliseconds.
        assert!(*longest <= Duration::from_millis(bound + 1), "{longest:?}");
        assert!(*longest > Duration::from_millis(bound * 7 / 10), "{longest:?}");
        assert!(*shortest < Duration::from_millis(bound * 3 / 10), "{shortest:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_status_says_whether_a_tool_may_have_been_called() {
    let (client, mut script) = modern(Client::builder()).await;
    for (status, kind) in [
        (400, ErrorKind::Transport),
        (404, ErrorKind::Transport),
        (413, ErrorKind::Transport),
        (429, ErrorKind::Transport),
        (501, ErrorKind::Transport),
        (500, ErrorKind::OutcomeUnknown),
        (502, ErrorKind::OutcomeUnknown),
        // A gateway may answer this after it has passed the request on.
        (503, ErrorKind::OutcomeUnknown),
        (504, ErrorKind::OutcomeUnknown),
        (520, ErrorKind::OutcomeUnknown),
    ] {
        let refused = with(async { call(&client).await }, async {
            script.expect("tools/call").await.page(
                status,
                "text/plain; charset=utf-8",
                "a\nreason\u{1b}[2J",
            );
        });
        let error = refused.await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}: {error:?}");
        let error = error.transport().unwrap();
        assert_eq!(error.status(), Some(status));
        assert!(error.to_string().ends_with(": a\\nreason\\u{1b}[2J"), "{error}");
        script.expect_silence(Duration::from_secs(60)).await;
    }
}

/// A client that takes 503 with `Retry-After` as a promise that nothing was done.
fn trusting() -> ClientBuilder {
    let mut limits = Limits::new();
    limits.http.retry_unavailable = true;
    Client::builder().limits(limits)
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_refused_with_retry_after_is_sent_again_then() {
    for (status, builder) in [(429, Client::builder()), (429, trusting()), (503, trusting())] {
        let (client, mut script) = modern(builder).await;
        let serve = async {
            let exchange = script.expect("tools/call").await;
            let before = Instant::now();
            drop(exchange.begin(status, &[("retry-after", "3")]));
            let exchange = script.expect("tools/call").await;
            assert!((3..5).contains(&before.elapsed().as_secs()), "{:?}", before.elapsed());
            exchange.reply(text("paid"));
        };
        assert_eq!(with(async { call(&client).await }, serve).await.unwrap(), "paid");
        // Not after a longer time than the limit, not for a date, and not without end.
        for (wait, times) in [("31", 1), ("Wed, 21 Oct 2026 07:28:00 GMT", 1), ("-1", 1), ("1", 4)]
        {
            let refused = with(async { call(&client).await }, async {
                for _ in 0..times {
                    drop(script.expect("tools/call").await.begin(status, &[("retry-after", wait)]));
                }
            });
            let error = refused.await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Transport, "{error:?}");
            assert_eq!(error.transport().unwrap().status(), Some(status));
            script.expect_silence(Duration::from_secs(60)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_a_gateway_refused_is_not_sent_again() {
    // Even with the option, 502 says nothing about the server behind the gateway.
    for (status, builder) in [(503, Client::builder()), (502, Client::builder()), (502, trusting())]
    {
        let (client, mut script) = modern(builder).await;
        let refused = with(async { call(&client).await }, async {
            drop(script.expect("tools/call").await.begin(status, &[("retry-after", "1")]));
        });
        let error = refused.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error:?}");
        assert_eq!(error.transport().unwrap().status(), Some(status));
        script.expect_silence(Duration::from_secs(60)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_round_with_answers_is_not_sent_again() {
    let builder = Client::builder().on_elicit(|_| async { Ok(ElicitResult::decline()) });
    let (client, mut script) = modern(builder).await;
    let lost = with(client.get_prompt("p", &json!({})), async {
        let question = json!({"method": "elicitation/create", "params": {
            "mode": "form", "message": "?", "requestedSchema": {"type": "object", "properties": {}},
        }});
        let first = script.expect("prompts/get").await;
        first.reply(json!({
            "resultType": "input_required", "requestState": "sealed", "inputRequests": {"q": question},
        }));
        let second = script.expect("prompts/get").await;
        assert_eq!(second.message()["params"]["requestState"], "sealed");
        drop(second);
    });
    assert_eq!(lost.await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    script.expect_silence(Duration::from_secs(60)).await;
}
