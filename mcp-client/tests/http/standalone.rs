//! The stream of a legacy session for what belongs to no call.

use std::pin::pin;
use std::time::Duration;

use futures::future::poll_immediate;
use futures::{FutureExt as _, StreamExt as _};
use mcp_client::types::{Root, SubscriptionFilter};
use mcp_client::{Client, ErrorKind, Event, Limits};
use mcp_test_support::message::text;
use mcp_test_support::with;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::script::{Exchange, Script, legacy, shake_hands};

#[tokio::test(start_paused = true)]
async fn a_silent_stream_that_lasts_is_opened_again_without_end() {
    let (client, mut script, mut exchange) = legacy(Client::builder()).await;
    for _ in 0..1_000 {
        let stream = exchange.stream();
        sleep(Duration::from_secs(60)).await; // A proxy closes idle streams.
        stream.cut();
        exchange = script.expect_bare("GET").await;
    }
    drop(client);
}

/// Interrupts the stream as soon as it is open, until the client does not open it again.
async fn interrupt_until_given_up(mut exchange: Exchange, script: &mut Script) {
    for _ in 0..10 {
        exchange.stream().cut();
        exchange = script.expect_bare("GET").await;
    }
    exchange.stream().cut();
    script.expect_silence(Duration::from_secs(3_600)).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_interrupted_at_once_is_given_up() {
    let (client, mut script, exchange) = legacy(Client::builder()).await;
    interrupt_until_given_up(exchange, &mut script).await;
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_lost_stream_is_tried_again_after_the_next_call() {
    let (client, mut script, exchange) = legacy(Client::builder()).await;
    interrupt_until_given_up(exchange, &mut script).await;
    let mut events = client.notifications();
    // Once for each call, until it lasts.
    for failure in [Exchange::unreachable, |exchange: Exchange| exchange.status(503)] {
        call(&client, &mut script).await;
        failure(script.expect_bare("GET").await);
        script.expect_silence(Duration::from_secs(60)).await;
        assert!(events.next().now_or_never().is_none(), "the loss was reported before");
    }
    call(&client, &mut script).await;
    let stream = script.expect_bare("GET").await.stream();
    assert_eq!(events.next().await, Some(Event::Gap));
    stream.tell("notifications/tools/list_changed", json!({}));
    assert_eq!(events.next().await, Some(Event::ToolsListChanged));
    // It is in use again: no call opens another one.
    call(&client, &mut script).await;
    script.expect_silence(Duration::from_secs(60)).await;
}

/// A call that succeeds.
async fn call(client: &Client, script: &mut Script) {
    let reply = with(client.call_tool("add", &json!({})), async {
        script.expect("tools/call").await.reply(text("3"));
    });
    assert_eq!(reply.await.expect("a result").text(), "3");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_the_server_refuses_is_tried_again_only_for_a_subscription() {
    let (client, mut script, exchange) = legacy(Client::builder()).await;
    exchange.stream().cut();
    script.expect_bare("GET").await.status(405);
    call(&client, &mut script).await;
    script.expect_silence(Duration::from_secs(3_600)).await;
    let changes = SubscriptionFilter::new().tools_list_changed(true);
    let (subscription, ()) = tokio::join!(client.subscribe(changes), async {
        script.expect_bare("GET").await.status(405);
    });
    let mut subscription = subscription.unwrap();
    assert_eq!(subscription.next().await, None);
    assert_eq!(subscription.error().unwrap().transport().unwrap().status(), Some(405));
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_a_session_that_cannot_be_replaced_is_tried_again_too() {
    let (client, mut script, exchange) = legacy(Client::builder()).await;
    let stream = exchange.stream();
    let changes = SubscriptionFilter::new().tools_list_changed(true);
    let mut subscription = client.subscribe(changes.clone()).await.unwrap();
    stream.cut();
    script.expect_bare("GET").await.status(404);
    script.expect("initialize").await.status(500);
    assert_eq!(subscription.next().await, None);
    assert!(subscription.error().is_some());
    let mut subscribing = pin!(client.subscribe(changes));
    assert!(poll_immediate(&mut subscribing).await.is_none());
    script.expect_bare("GET").await.status(404);
    let stream = shake_hands(&mut script, Some("session-2")).await.stream();
    let mut subscription = subscribing.await.unwrap();
    stream.tell("notifications/tools/list_changed", json!({}));
    let mut events = Vec::new();
    while !events.contains(&Event::ToolsListChanged) {
        events.push(subscription.next().await.expect("the stream is open"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscription_ends_with_the_reason_when_its_stream_is_given_up() {
    let (client, mut script, exchange) = legacy(Client::builder()).await;
    let stream = exchange.stream();
    let changes = SubscriptionFilter::new().tools_list_changed(true);
    let mut subscription = client.subscribe(changes.clone()).await.unwrap();
    let mut all = client.notifications();
    stream.cut();
    for _ in 0..10 {
        script.expect_bare("GET").await.unreachable();
    }
    assert_eq!(subscription.next().await, None);
    let error = subscription.error().expect("it did not end in the proper way");
    assert_eq!(error.kind(), ErrorKind::Transport, "{error:?}");
    assert!(format!("{error:?}").contains("connection refused"), "{error:?}");
    // A stream of all notifications continues: calls have notifications too.
    assert_eq!(all.next().await, Some(Event::Gap));

    // The next subscription opens the stream again.
    let mut subscribing = pin!(client.subscribe(changes));
    assert!(poll_immediate(&mut subscribing).await.is_none());
    let stream = script.expect_bare("GET").await.stream();
    let mut subscription = subscribing.await.unwrap();
    assert_eq!(subscription.next().await, Some(Event::Gap), "since the first one ended");
    stream.tell("notifications/tools/list_changed", json!({}));
    assert_eq!(subscription.next().await, Some(Event::ToolsListChanged));
}

#[tokio::test(start_paused = true)]
async fn a_subscription_ends_when_the_server_no_longer_has_its_stream() {
    for status in [400, 405, 501] {
        let (client, mut script, exchange) = legacy(Client::builder()).await;
        let stream = exchange.stream();
        let changes = SubscriptionFilter::new().tools_list_changed(true);
        let mut subscription = client.subscribe(changes).await.unwrap();
        stream.cut();
        let attempts = if status == 501 { 10 } else { 1 };
        for _ in 0..attempts {
            script.expect_bare("GET").await.status(status);
        }
        assert_eq!(subscription.next().await, None);
        let error = subscription.error().expect("it did not end in the proper way");
        assert_eq!(error.transport().and_then(|error| error.status()), Some(status), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_without_a_stream_for_the_session_is_asked_once() {
    for status in [400, 404, 405, 406, 501, 204, 200] {
        let (client, mut script, exchange) = legacy(Client::builder()).await;
        exchange.status(status);
        match status {
            501 => drop(script.expect_bare("GET").await), // It may be transient.
            _ => script.expect_silence(Duration::from_secs(3_600)).await,
        }
        drop(client);
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_stream_is_forgotten_is_replaced() {
    let (client, mut script, exchange) = legacy(Client::builder()).await;
    exchange.stream().cut();
    script.expect_bare("GET").await.status(404);
    let stream = shake_hands(&mut script, Some("session-2")).await;
    assert_eq!(stream.header("mcp-session-id"), Some("session-2"));
    assert_eq!(stream.header("last-event-id"), None);
    drop((client, stream));

    // Not without end: a server that ends each session at once is left alone.
    let (client, mut script, exchange) = legacy(Client::builder()).await;
    exchange.stream().cut();
    script.expect_bare("GET").await.status(404);
    shake_hands(&mut script, Some("session-2")).await.status(404);
    script.expect_silence(Duration::from_secs(3_600)).await;
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_cannot_be_resumed_is_opened_from_its_start() {
    let (client, mut script, exchange) = legacy(Client::builder()).await;
    let stream = exchange.stream();
    stream.raw("id: 5\ndata:\n\n");
    stream.cut();
    let exchange = script.expect_bare("GET").await;
    assert_eq!(exchange.header("last-event-id"), Some("5"));
    exchange.status(400);
    let exchange = script.expect_bare("GET").await;
    assert_eq!(exchange.header("last-event-id"), None);
    let mut events = client.notifications();
    exchange.stream().tell("notifications/tools/list_changed", json!({}));
    assert_eq!(events.next().await, Some(Event::Gap), "what was told meanwhile is lost");
    assert_eq!(events.next().await, Some(Event::ToolsListChanged));
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_gap_is_reported_only_if_events_are_lost_and_once_the_stream_is_open() {
    let (client, mut script, exchange) = legacy(Client::builder()).await;
    let mut events = client.notifications();
    // Without ids nothing is replayed.
    exchange.stream().cut();
    let exchange = script.expect_bare("GET").await;
    assert!(
        events.next().now_or_never().is_none(),
        "who lists now may miss what comes before the stream"
    );
    let stream = exchange.stream();
    assert_eq!(events.next().await, Some(Event::Gap));
    // With ids everything is.
    stream.raw("id: 1\ndata:\n\n");
    stream.cut();
    let exchange = script.expect_bare("GET").await;
    assert_eq!(exchange.header("last-event-id"), Some("1"));
    let stream = exchange.stream();
    stream.tell("notifications/tools/list_changed", json!({}));
    assert_eq!(events.next().await, Some(Event::ToolsListChanged));
    stream.cut();
    // The server ends the session, so that events are lost.
    script.expect_bare("GET").await.status(404);
    let exchange = shake_hands(&mut script, Some("session-2")).await;
    assert_eq!(events.next().await, Some(Event::Gap));
    // The stream is given up.
    exchange.stream().cut();
    for _ in 0..10 {
        script.expect_bare("GET").await.unreachable();
    }
    assert_eq!(events.next().await, Some(Event::Gap));
    script.expect_silence(Duration::from_secs(3_600)).await;
}

#[tokio::test(start_paused = true)]
async fn a_response_on_the_stream_of_the_session_reaches_its_call() {
    let (client, mut script, exchange) = legacy(Client::builder()).await;
    let session = exchange.stream();
    let reply = with(client.call_tool("add", &json!({})), async {
        let call = script.expect("tools/call").await;
        let id = call.id();
        let own = call.stream();
        session.reply(&json!("unknown"), json!({}));
        session.reply(&id, text("3"));
        // Its own stream is not read further.
        own.dropped().await;
    });
    assert_eq!(reply.await.unwrap().text(), "3");
}

#[tokio::test(start_paused = true)]
async fn a_subscription_waits_for_the_stream_of_the_session() {
    let (client, _script, exchange) = legacy(Client::builder()).await;
    let mut subscribing =
        pin!(client.subscribe(SubscriptionFilter::new().tools_list_changed(true)));
    assert!(poll_immediate(&mut subscribing).await.is_none(), "what the server sends now is lost");
    let session = exchange.stream();
    let mut changes = subscribing.await.unwrap();
    session.tell("notifications/tools/list_changed", json!({}));
    assert_eq!(changes.next().await, Some(Event::ToolsListChanged));
}

#[tokio::test(start_paused = true)]
async fn a_call_in_which_the_server_may_ask_waits_for_the_stream_of_the_session() {
    let (client, mut script, exchange) =
        legacy(Client::builder().roots([Root::new("file:///r")])).await;
    let mut call = client.call_tool("ask", &json!({})).into_future();
    assert!(poll_immediate(&mut call).await.is_none());
    script.expect_silence(Duration::from_millis(1)).await;
    let session = exchange.stream();
    let reply = with(call, async {
        let call = script.expect("tools/call").await;
        session.ask(&json!(7), "roots/list", json!({}));
        let answer = script.next().await;
        let uri = answer.message()["result"]["roots"][0]["uri"].clone();
        answer.status(202);
        call.reply(text(uri.as_str().unwrap_or_default()));
    });
    assert_eq!(reply.await.unwrap().text(), "file:///r");
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_a_session_that_does_not_open_is_waited_for_once() {
    let (client, _script, _exchange) = legacy(Client::builder()).await;
    for waited in [Limits::new().http.stream_open_timeout, Duration::ZERO] {
        let before = Instant::now();
        client.subscribe(SubscriptionFilter::new().tools_list_changed(true)).await.unwrap();
        assert_eq!(before.elapsed(), waited);
    }
}
