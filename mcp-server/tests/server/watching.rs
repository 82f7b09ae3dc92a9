//! `resources/subscribe` and `resources/unsubscribe` of the legacy era. Spec: server/resources,
//! subscriptions.

use mcp_server::resource::ResourceRoute;
use mcp_server::{ServerBuilder, ServerHandle};
use serde_json::json;

use crate::harness::{Client, LEGACY, Way, built, named, server};

fn library() -> ServerBuilder {
    server().resource(ResourceRoute::builder("r://{x}", "r").handler(|| async { "" }))
}

async fn sessions(body: impl AsyncFn(Client, ServerHandle)) {
    for &way in Way::ALL {
        for revision in LEGACY {
            let server = built(library());
            let client = Client::connect(&server, way, revision).await;
            named(&format!("{way:?} {revision}"), body(client, server.handle())).await;
        }
    }
}

async fn updated(client: &Client) -> Vec<String> {
    let all = client.all_told().await.into_iter();
    all.map(|told| {
        assert_eq!(told.method, "notifications/resources/updated");
        told.params["uri"].as_str().unwrap().to_owned()
    })
    .collect()
}

#[tokio::test(start_paused = true)]
async fn updates_come_for_watched_resources_alone() {
    sessions(async |client, handle| {
        handle.resource_updated("r://1");
        assert_eq!(updated(&client).await, Vec::<String>::new(), "nothing is watched");
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
async fn watching_a_resource_watches_what_is_below_it() {
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
async fn unsubscribing_from_what_is_not_watched_is_no_error() {
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
async fn sessions_watch_each_for_itself() {
    let server = built(library());
    let one = Client::connect(&server, Way::Stream, LEGACY[3]).await;
    let two = Client::connect(&server, Way::Stream, LEGACY[3]).await;
    one.ok("resources/subscribe", json!({"uri": "r://1"})).await;
    server.handle().resource_updated("r://1");
    assert_eq!(updated(&one).await, ["r://1"]);
    assert_eq!(updated(&two).await, Vec::<String>::new());
}
