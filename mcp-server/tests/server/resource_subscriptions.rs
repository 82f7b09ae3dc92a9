//! `resources/subscribe` and `resources/unsubscribe` of the legacy era. Spec: server/resources,
//! subscriptions.

use mcp_server::resource::ResourceRoute;
use mcp_server::{ServerBuilder, ServerHandle};
use serde_json::json;

use crate::harness::{Client, LEGACY, Raw, Transport, built, named, server};

fn library() -> ServerBuilder {
    server().resource(ResourceRoute::builder("r://{x}", "r").handler(|| async { "" }))
}

async fn sessions(body: impl AsyncFn(Client, ServerHandle)) {
    for &transport in Transport::ALL {
        for revision in LEGACY {
            let server = built(library());
            let client = Client::connect(&server, transport, revision).await;
            named(&format!("{transport:?} {revision}"), body(client, server.handle())).await;
        }
    }
}

async fn updated(client: &Client) -> Vec<String> {
    let all = client.receive_all().await.into_iter();
    all.map(|received| {
        assert_eq!(received.method, "notifications/resources/updated");
        received.params["uri"].as_str().unwrap().to_owned()
    })
    .collect()
}

#[tokio::test(start_paused = true)]
async fn updates_are_sent_only_for_subscribed_resources() {
    sessions(async |client, handle| {
        handle.resource_updated("r://1");
        assert_eq!(updated(&client).await, Vec::<String>::new(), "there are no subscriptions");
        assert_eq!(client.ok("resources/subscribe", json!({"uri": "r://1"})).await, json!({}));
        handle.resource_updated("r://1");
        handle.resource_updated("r://2");
        assert_eq!(updated(&client).await, ["r://1"]);
        assert_eq!(client.ok("resources/unsubscribe", json!({"uri": "r://1"})).await, json!({}));
        handle.resource_updated("r://1");
        assert_eq!(updated(&client).await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_includes_the_resources_below_it() {
    sessions(async |client, handle| {
        client.ok("resources/subscribe", json!({"uri": "r://dir"})).await;
        handle.resource_updated("r://dir/a");
        handle.resource_updated("r://directory");
        assert_eq!(updated(&client).await, ["r://dir/a"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn many_updates_of_one_resource_are_one_notification() {
    sessions(async |client, handle| {
        for uri in ["r://1", "r://2"] {
            client.ok("resources/subscribe", json!({"uri": uri})).await;
            client.ok("resources/subscribe", json!({"uri": uri})).await;
        }
        for _ in 0..1_000 {
            handle.resource_updated("r://2");
            handle.resource_updated("r://1");
        }
        assert_eq!(updated(&client).await, ["r://1", "r://2"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn unsubscribing_without_a_subscription_is_not_an_error() {
    sessions(async |client, _| {
        assert_eq!(
            client.ok("resources/unsubscribe", json!({"uri": "r://never"})).await,
            json!({})
        );
        assert_eq!(client.err("resources/subscribe", json!({})).await.code, -32602);
        assert_eq!(client.err("resources/unsubscribe", json!({"uri": 1})).await.code, -32602);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn each_session_has_its_own_subscriptions() {
    let server = built(library());
    let one = Client::connect(&server, Transport::Stream, LEGACY[3]).await;
    let two = Client::connect(&server, Transport::Stream, LEGACY[3]).await;
    one.ok("resources/subscribe", json!({"uri": "r://1"})).await;
    server.handle().resource_updated("r://1");
    assert_eq!(updated(&one).await, ["r://1"]);
    assert_eq!(updated(&two).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn the_task_that_sends_changes_ends_with_its_connection() {
    let server = built(library());
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for revision in LEGACY {
        let raw = Raw::session(&server, revision.as_str()).await;
        assert!(tasks() > before);
        drop(raw);
        tokio::time::sleep(std::time::Duration::from_secs(60)).await; // Virtual.
        assert_eq!(tasks(), before, "{revision}");
    }
}
