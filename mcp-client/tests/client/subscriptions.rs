//! Subscriptions of both eras.

use futures::StreamExt as _;
use mcp_client::types::SubscriptionFilter;
use mcp_client::{Client, ErrorKind, Event};
use serde_json::{Value, json};

use crate::fake::{Fake, legacy_with, modern};

fn filter(uris: &[&str]) -> SubscriptionFilter {
    SubscriptionFilter::new()
        .tools_list_changed(true)
        .resource_subscriptions(uris.iter().map(|uri| (*uri).to_owned()).collect::<Vec<_>>())
}

/// Answers a listen request with an acknowledgement; gives the request.
async fn acknowledge(fake: &mut Fake) -> Value {
    let request = fake.expect("subscriptions/listen").await;
    let params = json!({
        "notifications": {"toolsListChanged": true},
        "_meta": {"io.modelcontextprotocol/subscriptionId": request["id"]},
    });
    fake.tell("notifications/subscriptions/acknowledged", params).await;
    request
}

async fn tell(fake: &mut Fake, id: &Value, method: &str, uri: Option<&str>) {
    let mut params = json!({"_meta": {"io.modelcontextprotocol/subscriptionId": id}});
    if let Some(uri) = uri {
        params["uri"] = json!(uri);
    }
    fake.tell(method, params).await;
}

#[tokio::test]
async fn a_subscription_gets_its_own_events_until_the_server_ends_it() {
    let (client, mut fake) = modern().await;
    let (first, request) = tokio::join!(client.subscribe(filter(&["a://1"])), acknowledge(&mut fake));
    let (second, other) = tokio::join!(client.subscribe(filter(&[])), acknowledge(&mut fake));
    let (mut first, mut second) = (first.unwrap(), second.unwrap());
    assert_eq!(request["params"]["notifications"]["resourceSubscriptions"], json!(["a://1"]));
    assert_eq!(first.acknowledged().tools_list_changed, Some(true));
    assert_eq!(first.acknowledged().resource_subscriptions, None);

    tell(&mut fake, &other["id"], "notifications/tools/list_changed", None).await;
    tell(&mut fake, &request["id"], "notifications/resources/updated", Some("a://1")).await;
    fake.reply(&request, json!({"resultType": "complete", "_meta": {}})).await;
    let Some(Event::ResourceUpdated(updated)) = first.next().await else { panic!("its own event") };
    assert_eq!(updated.uri, "a://1");
    assert_eq!(first.next().await, None);
    assert!(first.error().is_none());
    assert_eq!(second.next().await, Some(Event::ToolsListChanged));

    // The other way to end one (T-5).
    fake.tell("notifications/cancelled", json!({"requestId": other["id"]})).await;
    assert_eq!(second.next().await, None);
}

#[tokio::test]
async fn dropping_a_subscription_cancels_it() {
    let (client, mut fake) = modern().await;
    let (subscription, request) = tokio::join!(client.subscribe(filter(&[])), acknowledge(&mut fake));
    drop(subscription);
    let cancelled = fake.expect("notifications/cancelled").await;
    assert_eq!(cancelled["params"]["requestId"], request["id"]);
}

#[tokio::test]
async fn a_lost_connection_ends_a_subscription_with_an_error() {
    let (client, mut fake) = modern().await;
    let (subscription, _) = tokio::join!(client.subscribe(filter(&[])), acknowledge(&mut fake));
    let mut subscription = subscription.unwrap();
    drop(fake);
    assert_eq!(subscription.next().await, None);
    assert_eq!(subscription.error().unwrap().kind(), ErrorKind::Transport);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_or_is_silent_gives_no_subscription() {
    let (client, mut fake) = modern().await;
    let refuse = async {
        let request = fake.expect("subscriptions/listen").await;
        fake.refuse(&request, -32601, Value::Null).await;
    };
    let (refused, ()) = tokio::join!(client.subscribe(filter(&[])), refuse);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Peer);
    assert_eq!(client.subscribe(filter(&[])).await.unwrap_err().kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn the_number_of_subscriptions_is_bounded() {
    let (client, mut fake) = modern().await;
    let mut open = Vec::new();
    for _ in 0..32 {
        let (subscription, _) = tokio::join!(client.subscribe(filter(&[])), acknowledge(&mut fake));
        open.push(subscription.unwrap());
    }
    assert_eq!(client.subscribe(filter(&[])).await.unwrap_err().kind(), ErrorKind::Limit);
    open.pop();
    fake.expect("notifications/cancelled").await;
    let (subscription, _) = tokio::join!(client.subscribe(filter(&[])), acknowledge(&mut fake));
    subscription.unwrap();
}

#[tokio::test]
async fn a_legacy_server_is_asked_for_each_resource_and_the_rest_is_filtered() {
    let (client, mut fake, _) = legacy_with(Client::builder(), "2025-06-18").await;
    let grant = async |fake: &mut Fake, method: &str| {
        let request = fake.expect(method).await;
        assert_eq!(request["params"], json!({"uri": "a://1"}));
        fake.reply(&request, json!({})).await;
    };
    let (first, ()) =
        tokio::join!(client.subscribe(filter(&["a://1"])), grant(&mut fake, "resources/subscribe"));
    let (second, ()) =
        tokio::join!(client.subscribe(filter(&["a://1"])), grant(&mut fake, "resources/subscribe"));
    let mut first = first.unwrap();
    assert_eq!(first.acknowledged(), &filter(&["a://1"]));

    fake.tell("notifications/prompts/list_changed", json!({})).await;
    fake.tell("notifications/resources/updated", json!({"uri": "b://2"})).await;
    fake.tell("notifications/resources/updated", json!({"uri": "a://1/below"})).await;
    fake.tell("notifications/tools/list_changed", json!({})).await;
    let Some(Event::ResourceUpdated(updated)) = first.next().await else { panic!("the update") };
    assert_eq!(updated.uri, "a://1/below");
    assert_eq!(first.next().await, Some(Event::ToolsListChanged));

    // Two watch it; the last one lets go of it.
    drop(first);
    drop(second);
    grant(&mut fake, "resources/unsubscribe").await;
}
