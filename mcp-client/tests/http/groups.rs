//! Subscriptions of a group to servers behind a URL.

use std::time::Duration;

use futures::StreamExt as _;
use mcp_client::types::SubscriptionFilter;
use mcp_client::{Client, ClientGroup, ErrorKind, Event, Limits, Subscription};
use serde_json::json;

use crate::script::{Exchange, Script, Sending, legacy, modern};

fn filter() -> SubscriptionFilter {
    SubscriptionFilter::new().tools_list_changed(true)
}

/// A group that gives up after two attempts in a row, and has no subscriptions of its own.
fn group(client: Client) -> ClientGroup {
    let mut limits = Limits::new();
    limits.max_reconnects = 2;
    let group = ClientGroup::builder().limits(limits).watch_lists(false).build();
    group.add("notes", client).expect("a group with space");
    group
}

/// Agrees to a subscription, and reports a change.
fn agree(exchange: Exchange) -> Sending {
    let meta = json!({"io.modelcontextprotocol/subscriptionId": exchange.id()});
    let agreed = json!({"notifications": {"toolsListChanged": true}, "_meta": meta});
    let stream = exchange.stream();
    stream.tell("notifications/subscriptions/acknowledged", agreed);
    stream.tell("notifications/tools/list_changed", json!({"_meta": meta}));
    stream
}

/// Subscribes, and receives the first change.
async fn subscribe(group: &ClientGroup, script: &mut Script) -> (Subscription, Sending) {
    let serve = async { agree(script.expect("subscriptions/listen").await) };
    let (changes, stream) = tokio::join!(group.subscribe("notes", filter()), serve);
    let mut changes = changes.expect("a subscription");
    assert_eq!(changes.next().await, Some(Event::ToolsListChanged));
    (changes, stream)
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_stream_is_opened_again_and_a_removed_server_is_left_alone() {
    let (client, mut script) = modern(Client::builder()).await;
    let group = group(client);
    let (mut changes, stream) = subscribe(&group, &mut script).await;
    stream.cut();
    let stream = agree(script.expect("subscriptions/listen").await);
    assert_eq!(changes.next().await, Some(Event::Gap));
    assert_eq!(changes.next().await, Some(Event::ToolsListChanged));
    let client = group.remove("notes");
    assert_eq!(changes.next().await, None);
    assert!(changes.error().is_none(), "{changes:?}");
    stream.dropped().await;
    script.expect_silence(Duration::from_secs(600)).await;
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_be_reached_any_more_ends_the_subscription() {
    let mut limits = Limits::new();
    limits.max_reconnects = 1;
    let (client, mut script) = modern(Client::builder().limits(limits)).await;
    let group = group(client);
    let (mut changes, stream) = subscribe(&group, &mut script).await;
    stream.cut();
    let attempts = async {
        // One of the client, and two of the group.
        for _ in 0..3 {
            answer_unreachable(&mut script).await;
        }
    };
    assert_eq!(tokio::join!(changes.next(), attempts).0, None);
    assert_eq!(changes.error().unwrap().kind(), ErrorKind::Transport);
    script.expect_silence(Duration::from_secs(600)).await;
}

async fn answer_unreachable(script: &mut Script) {
    script.expect("subscriptions/listen").await.status(503);
}

#[tokio::test(start_paused = true)]
async fn a_legacy_server_that_refuses_the_stream_ends_the_subscription() {
    let (client, mut script, exchange) = legacy(Client::builder()).await;
    let group = group(client);
    let stream = exchange.stream();
    let mut changes = group.subscribe("notes", filter()).await.unwrap();
    stream.tell("notifications/tools/list_changed", json!({}));
    assert_eq!(changes.next().await, Some(Event::ToolsListChanged));
    stream.cut();
    script.expect_bare("GET").await.status(405);
    assert_eq!(changes.next().await, None);
    assert_eq!(changes.error().unwrap().transport().unwrap().status(), Some(405));
    script.expect_silence(Duration::from_secs(3_600)).await;
}

/// The next request is about the resource, and is granted.
async fn grant(script: &mut Script, method: &str) {
    let exchange = script.expect(method).await;
    assert_eq!(exchange.message()["params"]["uri"], "note://1");
    exchange.reply(json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_legacy_server_stops_watching_once_when_no_subscription_is_left() {
    for is_opened_again in [true, false] {
        let mut limits = Limits::new();
        limits.max_reconnects = 1;
        let (client, mut script, exchange) = legacy(Client::builder().limits(limits)).await;
        let group = group(client);
        let stream = exchange.stream();
        let filter = filter().resource_subscriptions(vec!["note://1".to_owned()]);
        let (changes, ()) = tokio::join!(
            group.subscribe("notes", filter),
            grant(&mut script, "resources/subscribe")
        );
        let mut changes = changes.unwrap();
        stream.cut();
        if is_opened_again {
            script.expect_bare("GET").await.status(503); // The attempt of the client.
            let stream = script.expect_bare("GET").await.stream(); // The attempt of the group.
            grant(&mut script, "resources/subscribe").await;
            while changes.next().await != Some(Event::Gap) {}
            script.expect_silence(Duration::from_secs(600)).await;
            drop(changes);
            grant(&mut script, "resources/unsubscribe").await;
            drop(stream);
        } else {
            script.expect_bare("GET").await.status(405);
            while changes.next().await.is_some() {}
            assert_eq!(changes.error().unwrap().transport().unwrap().status(), Some(405));
            grant(&mut script, "resources/unsubscribe").await;
        }
    }
}
