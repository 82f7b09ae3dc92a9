//! Interrupted streams of the legacy era.

use std::time::Duration;

use futures::StreamExt as _;
use mcp_client::{Client, ErrorKind, Event};
use mcp_test_support::message::{initialized, text};
use mcp_test_support::{Random, with};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::script::{Exchange, Script, Sending, legacy, shake_hands};

#[tokio::test(start_paused = true)]
async fn a_stream_with_ids_is_resumed_after_the_time_that_the_server_sets() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    standalone.status(405);
    let reply = with(client.call_tool("slow", &json!({})), async {
        let exchange = script.expect("tools/call").await;
        let id = exchange.id();
        exchange.stream().raw("id: 7-0\nretry: 1500\ndata:\n\n"); // Then it ends.
        for last in ["7-0", "7-1", "7-2"] {
            let ended = Instant::now();
            let exchange = script.expect_bare("GET").await;
            // Each time.
            assert_eq!(ended.elapsed().as_millis(), 1_500);
            assert_eq!(exchange.header("last-event-id"), Some(last));
            assert_eq!(exchange.header("mcp-session-id"), Some("session-1"));
            assert_eq!(exchange.header("mcp-protocol-version"), Some("2025-11-25"));
            assert_eq!(exchange.header("accept"), Some("text/event-stream"));
            let stream = exchange.stream();
            match last {
                "7-0" => stream.raw("id: 7-1\ndata:\n\n"),
                // An incomplete event does not count.
                "7-1" => stream.raw("id: 7-2\ndata:\n\nid: 7-3\ndata: {\"jsonrpc\""),
                _ => {
                    stream.reply(&id, text("done"));
                    stream.dropped().await;
                }
            }
        }
    });
    assert_eq!(reply.await.unwrap().text(), "done");
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_may_not_ask_for_a_longer_pause_than_the_limit() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    standalone.status(405);
    let reply = with(client.call_tool("slow", &json!({})), async {
        let exchange = script.expect("tools/call").await;
        let id = exchange.id();
        exchange.stream().raw("id: 1\nretry: 99999999999999999999\ndata:\n\n");
        let ended = Instant::now();
        let exchange = script.expect_bare("GET").await;
        assert_eq!(ended.elapsed().as_secs(), 30);
        exchange.stream().reply(&id, text("done"));
    });
    assert_eq!(reply.await.unwrap().text(), "done");
}

/// A server with 10,000 numbered events, whose connections are all interrupted.
struct Cutting {
    random: Random,
    events: Vec<String>,
    /// Events that the client has received completely.
    sent: usize,
}

impl Cutting {
    fn new(seed: u64, last: impl FnOnce(usize) -> Option<Value>) -> Self {
        let mut events: Vec<_> = (1..=10_000)
            .map(|number| json!({"jsonrpc": "2.0", "method": "notifications/count", "params": {"n": number}}))
            .collect();
        events.extend(last(events.len()));
        let events = events
            .iter()
            .enumerate()
            .map(|(index, message)| {
                format!("id: {}\nevent: message\ndata: {message}\n\n", index + 1)
            })
            .collect();
        Self { random: Random::new(seed), events, sent: 0 }
    }

    /// Sends some complete events and the beginning of another, and interrupts the connection.
    /// False once all are sent.
    fn send(&mut self, stream: Sending) -> bool {
        let whole = (1 + self.random.below(200)).min(self.events.len() - self.sent);
        let mut bytes = self.events[self.sent..self.sent + whole].concat();
        self.sent += whole;
        if let Some(next) = self.events.get(self.sent) {
            let cut = self.random.below(next.len());
            bytes.push_str(&next[..cut]);
        }
        let mut rest = bytes.as_bytes();
        while !rest.is_empty() {
            let (piece, left) = rest.split_at((1 + self.random.below(4_000)).min(rest.len()));
            stream.raw(piece);
            rest = left;
        }
        if self.random.below(2) == 0 {
            stream.cut();
        }
        self.sent < self.events.len()
    }

    fn go_on(&mut self, exchange: Exchange) -> bool {
        let last = self.sent.to_string();
        assert_eq!(exchange.header("last-event-id"), (self.sent > 0).then_some(&*last));
        self.send(exchange.stream())
    }
}

/// Reads the numbers, and reports the last one. Panics at the first one that is lost or comes
/// twice.
fn count(client: &Client) -> watch::Receiver<u64> {
    let mut events = client.notifications();
    let (seen, far) = watch::channel(0);
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            let Event::Other { method, params } = event else { panic!("not expected: {event:?}") };
            let expected = *seen.borrow() + 1;
            assert_eq!(
                (&*method, params.to_value()),
                ("notifications/count", json!({"n": expected}))
            );
            seen.send_replace(expected);
        }
    });
    far
}

const SEEDS: [u64; 4] = [1, 42, 0x5eed, 0xdead_beef];

#[tokio::test(start_paused = true)]
async fn of_ten_thousand_events_of_a_call_none_is_lost_and_none_comes_twice() {
    for seed in SEEDS {
        show_seed(seed);
        let (client, mut script, standalone) = legacy(Client::builder()).await;
        standalone.status(405);
        let mut far = count(&client);
        let call = client.call_tool("slow", &json!({})).timeout(Duration::from_secs(3_600));
        let reply = with(call.total_timeout(Duration::from_secs(36_000)), async {
            let exchange = script.expect("tools/call").await;
            let answer = json!({"jsonrpc": "2.0", "id": exchange.id(), "result": text("done")});
            let mut server = Cutting::new(seed, |_| Some(answer));
            let mut goes_on = server.send(exchange.stream());
            while goes_on {
                let exchange = script.expect_bare("GET").await;
                let sent = u64::try_from(server.sent).unwrap();
                far.wait_for(|seen| *seen == sent).await.expect("none lost, none twice");
                goes_on = server.go_on(exchange);
            }
        });
        assert_eq!(reply.await.unwrap().text(), "done", "seed {seed}");
        far.wait_for(|seen| *seen == 10_000).await.expect("none lost, none twice");
    }
}

#[tokio::test(start_paused = true)]
async fn of_ten_thousand_events_of_a_session_none_is_lost_and_none_comes_twice() {
    for seed in SEEDS {
        show_seed(seed);
        let (client, mut script, standalone) = legacy(Client::builder()).await;
        let mut far = count(&client);
        let mut server = Cutting::new(seed, |_| None);
        let mut exchange = standalone;
        while server.go_on(exchange) {
            exchange = script.expect_bare("GET").await;
            let sent = u64::try_from(server.sent).unwrap();
            far.wait_for(|seen| *seen == sent).await.expect("none lost, none twice");
        }
        far.wait_for(|seen| *seen == 10_000).await.expect("none lost, none twice");
        drop(client);
    }
}

/// Shown by the test harness if the test fails.
#[allow(clippy::print_stderr, reason = "how a failure is reproduced")]
fn show_seed(seed: u64) {
    eprintln!("seed {seed}");
}

#[tokio::test(start_paused = true)]
async fn resumption_waits_out_transient_failures_and_reports_others() {
    let patient = Client::builder()
        .timeout(Duration::from_secs(3_600))
        .total_timeout(Duration::from_secs(3_600));
    let (client, mut script, standalone) = legacy(patient).await;
    standalone.status(405);
    // The server restarts, and resumes the stream.
    let reply = with(client.call_tool("slow", &json!({})), async {
        let exchange = script.expect("tools/call").await;
        let id = exchange.id();
        let stream = exchange.stream();
        stream.raw("id: 1\ndata:\n\n");
        stream.cut();
        for answer in [
            Exchange::unreachable,
            drop,
            |exchange: Exchange| exchange.status(503),
            |exchange: Exchange| exchange.status(429),
            |exchange: Exchange| exchange.status(502),
            |exchange: Exchange| exchange.stream().cut(),
        ] {
            let exchange = script.expect_bare("GET").await;
            assert_eq!(exchange.header("last-event-id"), Some("1"));
            answer(exchange);
        }
        script.expect_bare("GET").await.stream().reply(&id, text("done"));
    });
    assert_eq!(reply.await.unwrap().text(), "done");

    // It does not resume the stream: the tool may have been called, so the call is not sent again.
    for status in [400, 404, 405, 200] {
        let lost = with(client.call_tool("slow", &json!({})), async {
            let stream = script.expect("tools/call").await.stream();
            stream.raw("id: 1\ndata:\n\n");
            stream.cut();
            script.expect_bare("GET").await.status(status);
        });
        let error = lost.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error:?}");
        let told = format!("the server does not resume it ({status})");
        assert!(format!("{error:?}").contains(&told), "{error:?}");
    }
    // It cannot be reached.
    let lost = with(client.call_tool("slow", &json!({})), async {
        let stream = script.expect("tools/call").await.stream();
        stream.raw("id: 1\ndata:\n\n");
        stream.cut();
        for _ in 0..10 {
            script.expect_bare("GET").await.unreachable();
        }
    });
    assert_eq!(lost.await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn an_interruption_is_not_a_cancellation_and_without_an_id_nothing_is_resumed() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    standalone.status(405);
    let lost = with(client.call_tool("slow", &json!({})), async {
        let stream = script.expect("tools/call").await.stream();
        stream.tell("notifications/count", json!({}));
        stream.cut();
    });
    assert_eq!(lost.await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    script.expect_silence(Duration::from_secs(60)).await;
    // An idempotent request is sent again with another id.
    let listed = with(client.list_prompts(), async {
        let exchange = script.expect("prompts/list").await;
        let id = exchange.id();
        exchange.stream().cut();
        let exchange = script.expect("prompts/list").await;
        assert_ne!(exchange.id(), id);
        exchange.reply(json!({"prompts": []}));
    });
    assert!(listed.await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_id_is_reset_is_not_resumed() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    standalone.status(405);
    let lost = with(client.call_tool("pay", &json!({})), async {
        script.expect("tools/call").await.stream().raw("id: 1\ndata:\n\n");
        let exchange = script.expect_bare("GET").await;
        assert_eq!(exchange.header("last-event-id"), Some("1"));
        exchange.stream().raw("id:\ndata:\n\n");
        // Without an id it would be the stream of the session, which does not have the response.
        script.expect_silence(Duration::from_secs(600)).await;
    });
    assert_eq!(lost.await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_session_ends_during_an_interruption_is_lost_or_sent_again() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    standalone.status(405);
    let listed = with(client.list_prompts(), async {
        let stream = script.expect("prompts/list").await.stream();
        stream.raw("id: 1\ndata:\n\n");
        stream.cut();
        script.expect_bare("GET").await.status(404);
        script.expect("prompts/list").await.status(404);
        shake_hands(&mut script, Some("session-2")).await.status(405);
        let exchange = script.expect("prompts/list").await;
        assert_eq!(exchange.header("mcp-session-id"), Some("session-2"));
        exchange.reply(json!({"prompts": []}));
    });
    assert!(listed.await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_resumed_in_the_session_in_which_it_began() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    standalone.status(405);
    let other = client.clone();
    let lost = with(client.call_tool("slow", &json!({})), async {
        let stream = script.expect("tools/call").await.stream();
        stream.raw("id: 1\nretry: 5000\ndata:\n\n");
        stream.cut();
        // Another call finds that the session is forgotten.
        let reply = with(other.call_tool("add", &json!({})), async {
            script.expect("tools/call").await.status(404);
            shake_hands(&mut script, Some("session-2")).await.status(405);
            script.expect("tools/call").await.reply(text("3"));
        });
        reply.await.unwrap();
        let exchange = script.expect_bare("GET").await;
        // In the new session the same id may belong to another event.
        assert_eq!(exchange.header("mcp-session-id"), Some("session-1"));
        exchange.status(404);
    });
    assert_eq!(lost.await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
}

#[tokio::test(start_paused = true)]
async fn an_event_id_that_a_header_field_cannot_hold_is_not_sent() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    let stream = standalone.stream();
    stream.raw("id: a\u{1}b\ndata:\n\n");
    stream.cut();
    let exchange = script.expect_bare("GET").await;
    assert_eq!(exchange.header("last-event-id"), None, "the stream is opened from its start");
    exchange.status(405);
    let lost = with(client.call_tool("slow", &json!({})), async {
        let stream = script.expect("tools/call").await.stream();
        stream.raw("id: a\u{1}b\ndata:\n\n");
        stream.cut();
    });
    let error = lost.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert!(
        format!("{error:?}").contains("the id of the last event cannot be sent in a header field"),
        "{error:?}"
    );
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_every_stream_at_once_is_asked_with_growing_pauses() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    standalone.status(405);
    let before = Instant::now();
    let late = with(client.call_tool("slow", &json!({})), async {
        script.expect("tools/call").await.stream().raw("id: 1\nretry: 0\ndata:\n\n");
        let mut times = 0;
        loop {
            let exchange: Exchange = tokio::select! {
                exchange = script.next() => exchange,
                () = sleep(Duration::from_secs(61)) => break,
            };
            if exchange.request.method() == "POST" {
                assert_eq!(exchange.message()["method"], "notifications/cancelled");
                exchange.status(202);
                break;
            }
            exchange.stream().raw("id: 1\ndata:\n\n");
            times += 1;
        }
        // Between two there is a tenth of a second on average.
        assert!((100..2_000).contains(&times), "{times} times");
    });
    assert_eq!(late.await.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(before.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_between_two_connections_is_cancelled() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    standalone.status(405);
    // While it waits, while it connects, and while it reads again.
    for stage in 0..3 {
        let call = tokio::spawn(client.call_tool("slow", &json!({})).into_future());
        let exchange = script.expect("tools/call").await;
        let id = exchange.id();
        exchange.stream().raw("id: 1\nretry: 1000\ndata:\n\n");
        let (mut connecting, mut reading) = (None, None);
        match stage {
            0 => sleep(Duration::from_millis(500)).await,
            1 => connecting = Some(script.expect_bare("GET").await),
            _ => {
                reading = Some(script.expect_bare("GET").await.stream());
                sleep(Duration::from_millis(1)).await;
            }
        }
        call.abort();
        let cancelled = script.expect("notifications/cancelled").await;
        assert_eq!(cancelled.message()["params"]["requestId"], id, "stage {stage}");
        cancelled.status(202);
        if let Some(mut exchange) = connecting {
            exchange.dropped().await;
        }
        if let Some(stream) = reading {
            stream.dropped().await;
        }
    }
    script.expect_silence(Duration::from_secs(60)).await;
}

/// The handshake itself is on a stream that is interrupted.
#[tokio::test(start_paused = true)]
async fn an_interrupted_handshake_is_sent_again() {
    let (stack, mut script) = Script::new();
    let builder = Client::builder().revision(mcp_client::Revision::V2025_11_25).http_stack(stack);
    let serve = async {
        let exchange = script.expect("initialize").await;
        let id = exchange.id();
        exchange.stream().cut();
        let exchange = script.expect("initialize").await;
        assert_ne!(exchange.id(), id);
        let id = exchange.id();
        exchange.stream().reply(&id, initialized("2025-11-25"));
        script.expect("notifications/initialized").await.status(202);
        script.expect_bare("GET").await.status(405);
    };
    let (client, ()) = tokio::join!(builder.connect_http(crate::script::URL), serve);
    client.unwrap();
}
