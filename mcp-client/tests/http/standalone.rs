//! The stream of a legacy session on which the server tells what belongs to no call.

use std::time::Duration;

use futures::{FutureExt as _, StreamExt as _};
use mcp_client::{Client, Event};
use serde_json::json;
use tokio::time::sleep;

use crate::script::{legacy, shake_hands, text, with};

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_of_a_session_is_opened_again_however_often_it_is_cut() {
    let (client, mut script, mut exchange) = legacy(Client::builder()).await;
    for _ in 0..1_000 {
        let stream = exchange.stream();
        sleep(Duration::from_secs(60)).await; // What stands in between has its own idea of idle.
        stream.cut();
        exchange = script.expect_bare("GET").await;
    }
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_a_session_that_is_cut_at_once_is_given_up() {
    let (client, mut script, mut exchange) = legacy(Client::builder()).await;
    for _ in 1..10 {
        exchange.stream().cut();
        exchange = script.expect_bare("GET").await;
    }
    exchange.stream().cut();
    script.expect_silence(Duration::from_secs(3_600)).await;
    // The calls are none the worse.
    let reply = with(client.call("add", &json!({})), async {
        script.expect("tools/call").await.reply(text("3"));
    });
    assert_eq!(reply.await.unwrap().text(), "3");
}

#[tokio::test(start_paused = true)]
async fn a_server_without_the_stream_of_a_session_is_asked_once() {
    for status in [400, 404, 405, 406, 501, 204, 200] {
        let (client, mut script, exchange) = legacy(Client::builder()).await;
        exchange.status(status);
        match status {
            501 => drop(script.expect_bare("GET").await), // It may pass.
            _ => script.expect_silence(Duration::from_secs(3_600)).await,
        }
        drop(client);
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_stream_is_gone_is_begun_anew() {
    let (client, mut script, exchange) = legacy(Client::builder()).await;
    exchange.stream().cut();
    script.expect_bare("GET").await.status(404);
    let stream = shake_hands(&mut script, Some("session-2")).await;
    assert_eq!(stream.header("mcp-session-id"), Some("session-2"));
    assert_eq!(stream.header("last-event-id"), None);
    drop((client, stream));

    // Not for ever: one that ends each session at once is let be.
    let (client, mut script, exchange) = legacy(Client::builder()).await;
    exchange.stream().cut();
    script.expect_bare("GET").await.status(404);
    shake_hands(&mut script, Some("session-2")).await.status(404);
    script.expect_silence(Duration::from_secs(3_600)).await;
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_events_the_server_has_not_kept_begins_anew() {
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
async fn a_gap_is_told_where_there_is_one_and_once_the_stream_is_there_again() {
    let (client, mut script, exchange) = legacy(Client::builder()).await;
    let mut events = client.notifications();
    // Without ids nothing is replayed.
    exchange.stream().cut();
    let exchange = script.expect_bare("GET").await;
    assert!(events.next().now_or_never().is_none(), "who lists now may miss what comes before the stream");
    let stream = exchange.stream();
    assert_eq!(events.next().await, Some(Event::Gap));
    // With them everything is.
    stream.raw("id: 1\ndata:\n\n");
    stream.cut();
    let exchange = script.expect_bare("GET").await;
    assert_eq!(exchange.header("last-event-id"), Some("1"));
    let stream = exchange.stream();
    stream.tell("notifications/tools/list_changed", json!({}));
    assert_eq!(events.next().await, Some(Event::ToolsListChanged));
    stream.cut();
    // The server ends the session, and with it what it would have told.
    script.expect_bare("GET").await.status(404);
    let exchange = shake_hands(&mut script, Some("session-2")).await;
    assert_eq!(events.next().await, Some(Event::Gap));
    // It is given up.
    exchange.stream().cut();
    for _ in 0..9 {
        script.expect_bare("GET").await.unreachable();
    }
    assert_eq!(events.next().await, Some(Event::Gap));
    script.expect_silence(Duration::from_secs(3_600)).await;
}
