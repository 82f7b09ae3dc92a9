//! Protocol extensions: methods, capability checks, and filters of subscriptions. Spec:
//! basic/versioning (EXT-1, EXT-2).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::stream;
use mcp_server::extension::{Listening, NoSettings, ProtocolExtension, ServerExtension, Tasks};
use mcp_server::method::{Direction, Kind, Method, NotificationMethod, Revisions, Row};
use mcp_server::{BuildError, Context, ErrorObject, Revision, ServerBuilder, tool};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::harness::{Setup, Transport, built, named, server};

const ID: &str = "com.example/search";

enum Search {}

#[derive(Serialize, Deserialize)]
struct ClientSettings {
    max_hits: usize,
}

impl ProtocolExtension for Search {
    const ID: &'static str = ID;
    type ServerSettings = NoSettings;
    type ClientSettings = ClientSettings;
    const METHODS: &'static [Row] = &[
        request(ID, Find::NAME),
        request(ID, Reindex::NAME)
            .revisions(Revisions::between(Revision::V2026_07_28, Revision::V2026_07_28)),
        Row::of_extension(ID, IndexChanged::NAME, Kind::Notification, Direction::ServerToClient),
    ];
}

const fn request(id: &'static str, name: &'static str) -> Row {
    Row::of_extension(id, name, Kind::Request, Direction::ClientToServer)
}

macro_rules! methods {
    ($($name:ident $wire:literal;)+) => { $(
        enum $name {}
        impl Method for $name {
            const NAME: &'static str = $wire;
            type Params = Value;
            type Result = Value;
        }
    )+ };
}

methods! {
    Find "search/find";
    Reindex "search/reindex";
    Foreign "foreign/method";
}

enum IndexChanged {}

impl NotificationMethod for IndexChanged {
    const NAME: &'static str = "notifications/search/index_changed";
    type Params = Value;
}

/// Says how many hits the client wants at most.
#[tool]
async fn max_hits(ctx: &Context) -> Result<String, ErrorObject> {
    Ok(ctx.require_extension::<Search>()?.max_hits.to_string())
}

fn search(calls: &Arc<AtomicUsize>) -> ServerExtension {
    let calls = Arc::clone(calls);
    ServerExtension::new::<Search>(&NoSettings::new())
        .method::<Find, _, _>(move |params, _| {
            calls.fetch_add(1, Ordering::Relaxed);
            async move { Ok(json!({ "found": params["text"] })) }
        })
        .method::<Reindex, _, _>(|_, _| async { Ok(json!({})) })
        .listen("searchIndexes", |_, indexes: Vec<String>| async {
            let accepted: Vec<_> = indexes.into_iter().filter(|index| index != "none").collect();
            if accepted.is_empty() {
                return Ok(None);
            }
            let changes: Vec<_> = (accepted.iter())
                .map(|index| json!({ "index": index, "_meta": { "com.example/n": 1 } }))
                .collect();
            Ok(Some(Listening::new::<IndexChanged>(accepted, stream::iter(changes))))
        })
}

fn searching() -> ServerBuilder {
    server().extension(search(&Arc::default())).routes(mcp_server::routes![max_hits])
}

fn declared() -> Value {
    json!({ "extensions": { ID: { "max_hits": 3 } } })
}

/// Runs a body on all transports and revisions, with a client that has these capabilities.
async fn each(
    capabilities: Value,
    server: impl Fn() -> ServerBuilder,
    body: impl AsyncFn(crate::harness::Client),
) {
    for &transport in Transport::ALL {
        for revision in Revision::ALL {
            let setup = Setup::default().capabilities(capabilities.clone());
            let client = setup.connect(&built(server()), transport, revision).await;
            named(&format!("{transport:?}, {revision}"), body(client)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_is_answered_in_its_revisions() {
    each(declared(), searching, async |client| {
        let result = client.ok("search/find", json!({"text": "rust"})).await;
        assert_eq!(result["found"], "rust");
        let reindexed = client.request("search/reindex", json!({})).await;
        match reindexed {
            Ok(_) => assert!(!client.is_legacy()),
            Err(error) => {
                assert!(client.is_legacy());
                assert_eq!(error.code, -32601);
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_did_not_declare_the_extension_is_refused_before_the_handler_runs() {
    let calls = Arc::<AtomicUsize>::default();
    let server = || server().extension(search(&calls)).routes(mcp_server::routes![max_hits]);
    each(json!({ "extensions": { "com.example/other": {} } }), server, async |client| {
        for (method, params) in [
            ("search/find", json!({"text": "rust"})),
            ("tools/call", json!({"name": "max_hits", "arguments": {}})),
        ] {
            let error = client.err(method, params).await;
            assert_eq!(error.code, if client.is_legacy() { -32600 } else { -32021 }, "{method}");
            let required = json!({ "requiredCapabilities": { "extensions": { ID: {} } } });
            assert_eq!(error.data, Some(required), "{method}");
        }
    })
    .await;
    assert_eq!(calls.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_handler_reads_the_settings_of_the_client() {
    let call = || json!({"name": "max_hits", "arguments": {}});
    each(declared(), searching, async |client| {
        assert_eq!(client.ok("tools/call", call()).await["content"][0]["text"], "3");
    })
    .await;
    let wrong = json!({ "extensions": { ID: { "max_hits": "many" } } });
    each(wrong, searching, async |client| {
        let error = client.err("tools/call", call()).await;
        assert_eq!(error.code, -32602);
        assert!(error.message.contains(ID), "{}", error.message);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_reports_what_the_extension_accepts() {
    const ACK: &str = "notifications/subscriptions/acknowledged";
    for &transport in Transport::ALL {
        let setup = Setup::default().capabilities(declared());
        let client = setup.connect(&built(searching()), transport, Revision::V2026_07_28).await;
        let listen = |id: i64, filter: Value| {
            let params = json!({ "notifications": filter });
            client.start_as(json!(id), "subscriptions/listen", params)
        };
        named(&format!("{transport:?}"), async {
            let filter = json!({"toolsListChanged": true, "searchIndexes": ["notes", "none"]});
            let _open = listen(1, filter);
            let acknowledged = client.receive(ACK).await;
            assert_eq!(
                acknowledged["notifications"],
                json!({"toolsListChanged": true, "searchIndexes": ["notes"]})
            );
            let meta = json!({
                "com.example/n": 1, "io.modelcontextprotocol/subscriptionId": 1,
            });
            assert_eq!(
                client.receive(IndexChanged::NAME).await,
                json!({"index": "notes", "_meta": meta})
            );
            for (id, nothing) in [(2, json!(["none"])), (3, json!(null))] {
                let _open = listen(id, json!({"searchIndexes": nothing}));
                assert_eq!(client.receive(ACK).await["notifications"], json!({}));
            }
            let error = client
                .err("subscriptions/listen", json!({"notifications": {"searchIndexes": 1}}))
                .await;
            assert_eq!(error.code, -32602);
            assert!(error.message.starts_with("/notifications/searchIndexes: "), "{error:?}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_of_an_extension_that_the_client_did_not_declare_is_refused() {
    for &transport in Transport::ALL {
        let client =
            Setup::default().connect(&built(searching()), transport, Revision::V2026_07_28).await;
        let filter = json!({"notifications": {"searchIndexes": ["notes"]}});
        let error = client.err("subscriptions/listen", filter).await;
        assert_eq!(error.code, -32021, "{transport:?}");
    }
}

/// EXT-1.
#[test]
fn an_invalid_extension_fails_the_build() {
    fn build_error(extension: ServerExtension) -> String {
        server().extension(extension).build().unwrap_err().to_string()
    }
    fn rows<E: ProtocolExtension<ServerSettings = NoSettings>>() -> String {
        build_error(ServerExtension::new::<E>(&NoSettings::new()))
    }
    macro_rules! extension {
        ($name:ident, $rows:expr) => {
            enum $name {}
            impl ProtocolExtension for $name {
                const ID: &'static str = "com.example/bad";
                type ServerSettings = NoSettings;
                type ClientSettings = NoSettings;
                const METHODS: &'static [Row] = $rows;
            }
        };
    }
    extension!(OfAnother, &[request("com.example/other", "bad/find")]);
    extension!(OfTheProtocol, &[request("com.example/bad", "tools/call")]);
    assert!(rows::<OfAnother>().contains("another extension"), "{}", rows::<OfAnother>());
    assert!(rows::<OfTheProtocol>().contains("the protocol defines"));
    let new = || ServerExtension::new::<Search>(&NoSettings::new());
    let without_row = new().method::<Foreign, _, _>(|_, _| async { Ok(json!({})) });
    assert!(build_error(without_row).contains("METHODS"));
    let find =
        |extension: ServerExtension| extension.method::<Find, _, _>(|_, _| async { Ok(json!({})) });
    assert!(build_error(find(find(new()))).contains("search/find"));
    let listen = |extension: ServerExtension| extension.listen("x", |_, (): ()| async { Ok(None) });
    assert!(matches!(
        server().extension(listen(listen(new()))).build().unwrap_err(),
        BuildError::Duplicate { kind: "filter", .. }
    ));
    let core = new().listen("toolsListChanged", |_, _: Value| async { Ok(None) });
    assert!(build_error(core).contains("toolsListChanged"));
    extension!(
        OfClients,
        &[Row::of_extension(
            "com.example/bad",
            "notifications/bad",
            Kind::Notification,
            Direction::ClientToServer,
        )]
    );
    assert!(rows::<OfClients>().contains("notifications of clients"));
    let own = server().extension(new()).method::<Find, _, _>(|_, _| async { Ok(json!({})) });
    assert!(own.build().unwrap_err().to_string().contains("ServerExtension::method"));
    enum Other {}
    impl ProtocolExtension for Other {
        const ID: &'static str = "com.example/other";
        type ServerSettings = NoSettings;
        type ClientSettings = NoSettings;
        const METHODS: &'static [Row] = &[request(Self::ID, Find::NAME)];
    }
    let other = ServerExtension::new::<Other>(&NoSettings::new());
    assert!(matches!(
        server().extension(new()).extension(other).build().unwrap_err(),
        BuildError::Duplicate { kind: "method", .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn methods_of_an_extension_in_the_method_table_can_have_handlers() {
    enum TasksGet {}
    impl Method for TasksGet {
        const NAME: &'static str = "tasks/get";
        type Params = Value;
        type Result = Value;
    }
    let tasks = || {
        let tasks = ServerExtension::new::<Tasks>(&NoSettings::new());
        server().extension(
            tasks.method::<TasksGet, _, _>(|_, _| async { Ok(json!({ "taskId": "1" })) }),
        )
    };
    let declared = json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
    each(declared, tasks, async |client| {
        let answer = client.request("tasks/get", json!({"taskId": "1"})).await;
        match client.is_legacy() {
            // 2025-11-25 has other tasks with the same names.
            true => assert_eq!(answer.unwrap_err().code, -32601),
            false => assert_eq!(answer.unwrap()["taskId"], "1"),
        }
    })
    .await;
}

/// A server whose extension accepts everything, and always has a notification to send: `next` makes
/// its parameters.
fn restless(next: fn() -> Value, opened: &Arc<AtomicUsize>) -> ServerBuilder {
    let opened = Arc::clone(opened);
    let extension = ServerExtension::new::<Search>(&NoSettings::new()).listen(
        "searchIndexes",
        move |_, accepted: Value| {
            opened.fetch_add(1, Ordering::Relaxed);
            let endless = stream::repeat_with(next);
            async move { Ok(Some(Listening::new::<IndexChanged>(accepted, endless))) }
        },
    );
    server().extension(extension)
}

async fn restless_client(transport: Transport, next: fn() -> Value) -> crate::harness::Client {
    let setup = Setup::default().capabilities(declared());
    let server = built(restless(next, &Arc::default()));
    setup.connect(&server, transport, Revision::V2026_07_28).await
}

#[tokio::test(start_paused = true)]
async fn an_endless_stream_of_an_extension_does_not_delay_the_end_of_serving() {
    let client = restless_client(Transport::Stream, || json!({ "_meta": null })).await;
    let params = json!({ "notifications": { "searchIndexes": true } });
    let call = client.start_as(json!(1), "subscriptions/listen", params);
    client.receive("notifications/subscriptions/acknowledged").await;
    let changed = client.receive(IndexChanged::NAME).await;
    assert_eq!(changed["_meta"], json!({ "io.modelcontextprotocol/subscriptionId": 1 }));
    client.close();
    assert!(call.answer().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn notifications_that_cannot_be_written_do_not_starve_others() {
    for &transport in Transport::ALL {
        let client = restless_client(transport, || json!([1])).await;
        let params = json!({ "notifications": { "searchIndexes": true } });
        let call = client.start_as(json!(1), "subscriptions/listen", params);
        client.receive("notifications/subscriptions/acknowledged").await;
        client.ok("server/discover", json!({})).await;
        client.cancel(&call);
    }
}

#[tokio::test(start_paused = true)]
async fn an_extension_does_not_hear_of_a_subscription_that_is_refused() {
    let opened = Arc::<AtomicUsize>::default();
    let limits = || {
        let mut limits = mcp_server::Limits::new();
        limits.max_subscribed_uris = 1;
        limits
    };
    for &transport in Transport::ALL {
        let server = built(restless(|| json!({}), &opened).resources([]).limits(limits()));
        let setup = Setup::default().capabilities(declared());
        let client = setup.connect(&server, transport, Revision::V2026_07_28).await;
        let filter = json!({ "searchIndexes": true, "resourceSubscriptions": ["a://1", "a://2"] });
        let refused = client.err("subscriptions/listen", json!({ "notifications": filter })).await;
        assert_eq!(refused.code, -32602);
    }
    assert_eq!(opened.load(Ordering::Relaxed), 0);
}
