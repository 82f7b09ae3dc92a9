//! Protocol extensions: declaration, methods, and results of other types. Spec: basic/versioning
//! (EXT-1, EXT-2).

use std::time::Duration;

use mcp_client::extension::{ClientExtension, NoSettings, ProtocolExtension, Skills};
use mcp_client::json::RawJson;
use mcp_client::method::task_2025::TasksGet;
use mcp_client::method::{Direction, Kind, Method, Row};
use mcp_client::types::SubscriptionFilter;
use mcp_client::types::task_2025::TaskParams;
use mcp_client::{Client, ClientBuilder, ErrorKind, Expired};
use mcp_test_support::message;
use mcp_test_support::message::text;
use mcp_test_support::with;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::fake::{Fake, legacy_with, modern};

const ID: &str = "com.example/search";

enum Search {}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct ServerSettings {
    indexes: Vec<String>,
}

impl ProtocolExtension for Search {
    const ID: &'static str = ID;
    type ServerSettings = ServerSettings;
    type ClientSettings = NoSettings;
    const METHODS: &'static [Row] =
        &[Row::of_extension(ID, Find::NAME, Kind::Request, Direction::ClientToServer)];
}

enum Find {}

impl Method for Find {
    const NAME: &'static str = "search/find";
    type Params = Value;
    type Result = Value;
}

fn search() -> ClientExtension {
    ClientExtension::new::<Search>(&NoSettings::new())
}

fn searching() -> ClientBuilder {
    Client::builder().extension(search())
}

/// A client of a modern server that declares these extensions.
async fn modern_that_declares(builder: ClientBuilder, extensions: Value) -> (Client, Fake) {
    let ((reader, writer), mut fake) = Fake::new();
    let serve = async {
        let probe = fake.expect("server/discover").await;
        let declared = &probe["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"];
        assert_eq!(declared["extensions"][ID], json!({}));
        let capabilities = json!({ "tools": {}, "extensions": extensions });
        fake.reply(&probe, message::discovered(capabilities)).await;
    };
    let (client, ()) = tokio::join!(builder.connect(reader, writer), serve);
    (client.unwrap(), fake)
}

#[tokio::test]
async fn a_method_is_sent_to_a_server_that_declares_the_extension() {
    let declared = json!({ ID: { "indexes": ["notes"] } });
    let (client, mut fake) = modern_that_declares(searching(), declared).await;
    let settings = client.server_extension::<Search>().unwrap();
    assert_eq!(settings, Some(ServerSettings { indexes: vec!["notes".into()] }));
    assert!(client.server_extension::<Skills>().unwrap().is_none());
    let found = with(client.request::<Find>(&json!({ "text": "rust" })), async {
        let request = fake.expect(Find::NAME).await;
        assert_eq!(request["params"]["text"], "rust");
        fake.reply(&request, json!({ "resultType": "complete", "uris": ["a://b"] })).await;
    });
    assert_eq!(found.await.unwrap()["uris"], json!(["a://b"]));
}

#[tokio::test]
async fn a_method_is_not_sent_to_a_server_that_does_not_declare_the_extension() {
    let (modern, _modern_fake) = modern_that_declares(searching(), json!({})).await;
    let (legacy, _legacy_fake, initialize) = legacy_with(searching(), "2025-11-25").await;
    assert_eq!(initialize["params"]["capabilities"]["extensions"], json!({ ID: {} }));
    for client in [modern, legacy] {
        let error = client.request::<Find>(&json!({})).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains(ID), "{error}");
    }
}

#[tokio::test]
async fn malformed_settings_of_the_server_are_an_error() {
    let declared = json!({ ID: { "indexes": 1 } });
    let (client, _fake) = modern_that_declares(searching(), declared).await;
    let error = client.server_extension::<Search>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains(ID), "{error}");
}

#[tokio::test]
async fn a_handler_completes_a_result_of_another_type() {
    let extension = search().on_result("tools/call", "ticket", |result| async move {
        let ticket: Value = result.parse()?;
        let found = result.client().request::<Find>(&json!({ "ticket": ticket["id"] })).await?;
        RawJson::new(&found).map_err(|error| result.invalid(error))
    });
    let builder = Client::builder().extension(extension);
    let (client, mut fake) = modern_that_declares(builder, json!({ ID: { "indexes": [] } })).await;
    let reply = with(client.call_tool("x", &()), async {
        let request = fake.expect("tools/call").await;
        fake.reply(&request, json!({ "resultType": "ticket", "id": 7 })).await;
        let request = fake.expect(Find::NAME).await;
        assert_eq!(request["params"]["ticket"], 7);
        fake.reply(&request, text("done")).await;
    });
    assert_eq!(reply.await.unwrap().text(), "done");
}

#[tokio::test]
async fn a_result_of_another_type_without_a_handler_is_an_error() {
    for client in [modern().await, modern_that_declares(searching(), json!({})).await] {
        let (client, mut fake) = client;
        let reply = with(client.call_tool("x", &()), async {
            let request = fake.expect("tools/call").await;
            fake.reply(&request, json!({ "resultType": "ticket", "id": 7 })).await;
        });
        let error = reply.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("ticket"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_total_timeout_limits_a_handler() {
    let extension = search().on_result("tools/call", "ticket", |_| std::future::pending());
    let builder = Client::builder().extension(extension);
    let (client, mut fake) = modern_that_declares(builder, json!({})).await;
    let call = client.call_tool("x", &()).total_timeout(Duration::from_secs(90));
    let reply = with(call, async {
        let request = fake.expect("tools/call").await;
        fake.reply(&request, json!({ "resultType": "ticket", "id": 7 })).await;
    });
    let error = reply.await.unwrap_err();
    assert_eq!((error.kind(), error.expired()), (ErrorKind::Timeout, Some(Expired::Total)));
}

/// EXT-1.
#[tokio::test]
async fn an_invalid_extension_fails_the_connect_call() {
    for (id, settings, reason) in [
        ("search", json!({}), "prefix"),
        ("com.example/search", json!([]), "must be an object"),
        ("io.modelcontextprotocol/tasks", json!({}), "on_result"),
    ] {
        let ((reader, writer), _fake) = Fake::new();
        let builder = Client::builder().extension(ClientExtension::declared(id, settings));
        let error = builder.connect(reader, writer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains(reason), "{error}");
    }
    let ((reader, writer), _fake) = Fake::new();
    let error = searching().extension(search()).connect(reader, writer).await.unwrap_err();
    assert!(error.to_string().contains("declared twice"), "{error}");
}

#[tokio::test]
async fn the_result_of_a_handler_must_be_complete() {
    for incomplete in [json!({ "resultType": "ticket" }), json!({ "resultType": "other" })] {
        let extension = search().on_result("tools/call", "ticket", move |result| {
            let incomplete = RawJson::new(&incomplete).map_err(|error| result.invalid(error));
            async move { incomplete }
        });
        let builder = Client::builder().extension(extension);
        let (client, mut fake) = modern_that_declares(builder, json!({})).await;
        let reply = with(client.call_tool("x", &()), async {
            let request = fake.expect("tools/call").await;
            fake.reply(&request, json!({ "resultType": "ticket", "id": 7 })).await;
        });
        assert_eq!(reply.await.unwrap_err().kind(), ErrorKind::Decode);
    }
}

#[tokio::test]
async fn a_handler_that_repeats_its_call_is_stopped() {
    let extension = search().on_result("tools/call", "ticket", |result| async move {
        let reply = result.client().call_tool("x", &()).await?;
        RawJson::new(&reply.into_inner()).map_err(|error| result.invalid(error))
    });
    let builder = Client::builder().extension(extension);
    let (client, mut fake) = modern_that_declares(builder, json!({})).await;
    let reply = with(client.call_tool("x", &()), async {
        for _ in 0..17 {
            let request = fake.expect("tools/call").await;
            fake.reply(&request, json!({ "resultType": "ticket" })).await;
        }
    });
    let error = reply.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
}

#[tokio::test]
async fn a_handler_of_a_type_of_the_protocol_or_a_second_one_fails_the_connect_call() {
    let handled = |extension: ClientExtension, kind: &'static str| {
        extension.on_result("tools/call", kind, |_| std::future::pending())
    };
    for extension in [
        handled(search(), "complete"),
        handled(search(), "input_required"),
        handled(handled(search(), "ticket"), "ticket"),
    ] {
        let ((reader, writer), _fake) = Fake::new();
        let error =
            Client::builder().extension(extension).connect(reader, writer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("tools/call"), "{error}");
    }
}

#[tokio::test]
async fn tasks_of_2025_need_no_extension() {
    let (client, mut fake, _) = legacy_with(Client::builder(), "2025-11-25").await;
    let params = TaskParams::new("1");
    let task = with(client.request::<TasksGet>(&params), async {
        let request = fake.expect("tasks/get").await;
        let now = "2026-01-01T00:00:00Z";
        let task = json!({
            "taskId": "1", "status": "working", "createdAt": now, "lastUpdatedAt": now, "ttl": null,
        });
        fake.reply(&request, task).await;
    });
    assert_eq!(task.await.unwrap().task_id, "1");
}

#[tokio::test]
async fn a_subscription_says_what_of_an_extension_the_server_agreed_to() {
    const LISTEN: &str = "subscriptions/listen";
    let (client, mut fake) = modern_that_declares(searching(), json!({})).await;
    let mut filter = SubscriptionFilter::new();
    filter.extra.insert("searchIndexes", json!(["notes", "mail"]));
    filter.extra.insert("searchAll", true);
    filter.extra.insert("searchNone", true);
    let subscription = with(client.subscribe(filter.clone()), async {
        let request = fake.expect(LISTEN).await;
        let requested = &request["params"]["notifications"];
        assert_eq!(requested["searchIndexes"], json!(["notes", "mail"]));
        let agreed = json!({
            "searchIndexes": ["notes", "other"], "searchAll": true, "searchNone": false,
        });
        let meta = json!({ "io.modelcontextprotocol/subscriptionId": request["id"] });
        let params = json!({ "notifications": agreed, "_meta": meta });
        fake.tell("notifications/subscriptions/acknowledged", params).await;
    });
    let subscription = subscription.await.unwrap();
    let json = |filter: &SubscriptionFilter| serde_json::to_value(filter).unwrap();
    let agreed = json!({ "searchIndexes": ["notes"], "searchAll": true });
    assert_eq!(json(subscription.acknowledged()), agreed);
    let missing = json!({ "searchIndexes": ["mail"], "searchNone": true });
    assert_eq!(json(&subscription.not_acknowledged()), missing);

    let (client, _fake, _) = legacy_with(searching(), "2025-11-25").await;
    let subscription = client.subscribe(filter.clone()).await.unwrap();
    assert_eq!(json(&subscription.not_acknowledged()), json(&filter));
}
