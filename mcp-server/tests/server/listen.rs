//! `subscriptions/listen`. Spec: basic/patterns/subscriptions (2026-07-28).

use mcp_server::prompt::PromptRoute;
use mcp_server::resource::ResourceRoute;
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Revision, Server, ServerBuilder, ServerHandle};
use mcp_test_support::settle;
use serde_json::{Value, json};

use crate::harness::{Call, Client, Transport, built, named, server};

const ACK: &str = "notifications/subscriptions/acknowledged";
const TOOLS: &str = "notifications/tools/list_changed";
const PROMPTS: &str = "notifications/prompts/list_changed";
const UPDATED: &str = "notifications/resources/updated";
const ID: &str = "io.modelcontextprotocol/subscriptionId";

fn tool(name: &str) -> ToolRoute {
    ToolRoute::builder(name).handler(|_: Context| async { "" })
}

fn prompt(name: &str) -> PromptRoute {
    PromptRoute::builder(name).handler(|| async { "" })
}

fn full() -> ServerBuilder {
    server()
        .tool(tool("t"))
        .prompt(prompt("p"))
        .resource(ResourceRoute::builder("r://{x}", "r").handler(|| async { "" }))
}

async fn modern(server: impl Fn() -> ServerBuilder, body: impl AsyncFn(Client, ServerHandle)) {
    modern_of(Transport::ALL, server, body).await;
}

async fn modern_of(
    transports: &[Transport],
    server: impl Fn() -> ServerBuilder,
    body: impl AsyncFn(Client, ServerHandle),
) {
    for &transport in transports {
        let server = built(server());
        let client = Client::connect(&server, transport, Revision::V2026_07_28).await;
        named(&format!("{transport:?}"), body(client, server.handle())).await;
    }
}

/// Starts a subscription and returns its acknowledgement.
async fn listen(client: &Client, id: Value, filter: Value) -> (Call, Value) {
    let call =
        client.start_as(id.clone(), "subscriptions/listen", json!({"notifications": filter}));
    let acknowledged = client.receive(ACK).await;
    assert_eq!(acknowledged["_meta"], json!({ID: id}));
    (call, acknowledged["notifications"].clone())
}

#[tokio::test(start_paused = true)]
async fn the_acknowledgement_comes_first_with_the_accepted_filter() {
    modern(full, async |client, _| {
        let all = json!({
            "toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true,
            "resourceSubscriptions": ["r://1"],
        });
        assert_eq!(listen(&client, json!(1), all.clone()).await.1, all);
        assert_eq!(listen(&client, json!(2), json!({})).await.1, json!({}));
        let unknown = json!({"toolsListChanged": true, "moonPhaseChanged": true});
        assert_eq!(listen(&client, json!(3), unknown).await.1, json!({"toolsListChanged": true}));
    })
    .await;
    modern(
        || server().prompts([]),
        async |client, _| {
            let all = json!({
                "toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true,
                "resourceSubscriptions": ["r://1"],
            });
            assert_eq!(listen(&client, json!(1), all).await.1, json!({"promptsListChanged": true}));
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn only_requested_changes_arrive() {
    modern(full, async |client, handle| {
        let filter = json!({"toolsListChanged": true, "promptsListChanged": false, "resourceSubscriptions": ["r://1"]});
        let (mut call, _) = listen(&client, json!("sub"), filter).await;
        handle.set_prompt(prompt("p2")).unwrap();
        handle.set_resource(ResourceRoute::builder("r://2", "2").handler(|| async { "" })).unwrap();
        handle.resource_updated("r://2");
        assert_eq!(client.receive_all().await, []);
        handle.set_tool(tool("t2")).unwrap();
        assert_eq!(client.receive(TOOLS).await, json!({"_meta": {ID: "sub"}}));
        handle.resource_updated("r://1");
        assert_eq!(client.receive(UPDATED).await, json!({"uri": "r://1", "_meta": {ID: "sub"}}));
        assert_eq!(client.receive_all().await, []);
        assert!(!call.is_answered());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_subscription_keeps_the_type_of_its_id() {
    modern(full, async |client, handle| {
        let number = listen(&client, json!(1), json!({"toolsListChanged": true})).await;
        let text = listen(&client, json!("1"), json!({"promptsListChanged": true})).await;
        handle.set_tool(tool("t2")).unwrap();
        assert_eq!(client.receive(TOOLS).await["_meta"][ID], json!(1));
        handle.set_prompt(prompt("p2")).unwrap();
        assert_eq!(client.receive(PROMPTS).await["_meta"][ID], json!("1"));
        drop((number, text));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn several_subscriptions_receive_their_own_notifications() {
    modern(full, async |client, handle| {
        let mut calls = Vec::new();
        for id in 1..=3 {
            calls.push(listen(&client, json!(id), json!({"toolsListChanged": true})).await);
        }
        for _ in 0..100 {
            handle.set_tool(tool("t2")).unwrap();
        }
        let mut ids: Vec<_> = Vec::new();
        for received in client.receive_all().await {
            assert_eq!(received.method, TOOLS);
            ids.push(received.params["_meta"][ID].as_i64().unwrap());
        }
        ids.sort_unstable();
        assert_eq!(ids, [1, 2, 3], "each exactly once");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_subscription_is_silent_and_frees_its_permit() {
    let server = || {
        let mut limits = mcp_server::Limits::new();
        limits.max_subscriptions = 2;
        full().limits(limits)
    };
    modern_of(Transport::CONNECTIONS, server, async |client, handle| {
        let filter = || json!({"toolsListChanged": true});
        let (one, _) = listen(&client, json!(1), filter()).await;
        let (_two, _) = listen(&client, json!(2), filter()).await;
        let error = client.err("subscriptions/listen", json!({"notifications": filter()})).await;
        assert_eq!(error.code, -32602);
        assert!(error.message.contains("at most 2"), "{}", error.message);
        client.cancel(&one);
        settle().await;
        handle.set_tool(tool("t2")).unwrap();
        assert_eq!(client.receive(TOOLS).await["_meta"][ID], json!(2));
        assert_eq!(client.receive_all().await, [], "nothing for the cancelled one");
        assert_eq!(one.ended().await, None);
        listen(&client, json!(3), filter()).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_invalid_filter_is_refused() {
    modern(full, async |client, _| {
        for params in [
            json!({}),
            json!({"notifications": null}),
            json!({"notifications": {"toolsListChanged": 1}}),
        ] {
            assert_eq!(
                client.err("subscriptions/listen", params.clone()).await.code,
                -32602,
                "{params}"
            );
        }
    })
    .await;
}

async fn connect(server: &Server) -> Client {
    Client::connect(server, Transport::Stream, Revision::V2026_07_28).await
}

async fn ended(client: &Client, call: Call, id: i64) {
    let cancelled = client.receive("notifications/cancelled").await;
    assert_eq!(cancelled["requestId"], json!(id));
    let result = call.answer().await.unwrap();
    assert_eq!((&result["resultType"], &result["_meta"][ID]), (&json!("complete"), &json!(id)));
}

#[tokio::test(start_paused = true)]
async fn a_stopping_server_ends_its_subscriptions_gracefully() {
    let client = connect(&built(full())).await;
    let (call, _) = listen(&client, json!(7), json!({"toolsListChanged": true})).await;
    let before = tokio::time::Instant::now();
    client.stop_server();
    ended(&client, call, 7).await;
    client.served().await.unwrap();
    assert_eq!(before.elapsed(), std::time::Duration::ZERO, "the stop does not wait");
}

#[tokio::test(start_paused = true)]
async fn pending_changes_are_sent_before_the_end() {
    let server = built(full());
    let client = connect(&server).await;
    let (call, _) = listen(&client, json!(1), json!({"toolsListChanged": true})).await;
    server.handle().set_tool(tool("t2")).unwrap();
    client.stop_server();
    assert_eq!(client.receive(TOOLS).await["_meta"][ID], json!(1));
    ended(&client, call, 1).await;
}

/// A client that closes its input wants the server to exit, so an open subscription must not delay
/// the shutdown.
#[tokio::test(start_paused = true)]
async fn the_end_of_input_ends_subscriptions_at_once() {
    let client = connect(&built(full())).await;
    let (call, _) = listen(&client, json!(1), json!({"toolsListChanged": true})).await;
    let before = tokio::time::Instant::now();
    client.close();
    ended(&client, call, 1).await;
    client.served().await.unwrap();
    assert_eq!(before.elapsed(), std::time::Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn stopping_one_conversation_does_not_affect_the_others() {
    let server = built(full());
    let one = connect(&server).await;
    let two = connect(&server).await;
    let (_, _) = listen(&one, json!(1), json!({"toolsListChanged": true})).await;
    let (_call, _) = listen(&two, json!(2), json!({"toolsListChanged": true})).await;
    one.stop_server();
    one.served().await.unwrap();
    server.handle().set_tool(tool("t2")).unwrap();
    assert_eq!(two.receive(TOOLS).await["_meta"][ID], json!(2));
    let three = connect(&server).await;
    listen(&three, json!(3), json!({"toolsListChanged": true})).await;
}
