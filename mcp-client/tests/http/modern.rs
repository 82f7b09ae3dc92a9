//! Calls of the modern era: one POST each.

use std::time::Duration;

use futures::StreamExt as _;
use mcp_client::extension::{ClientExtension, NoSettings, ProtocolExtension};
use mcp_client::method::{Direction, Kind, Method, Row};
use mcp_client::types::{ElicitResult, SubscriptionFilter};
use mcp_client::{Client, ErrorKind, Event};
use mcp_test_support::message::{self, text};
use mcp_test_support::with;
use serde_json::{Value, json};

use crate::script::{Exchange, Script, modern, tools};

#[tokio::test(start_paused = true)]
async fn a_call_is_one_post_with_all_that_the_server_needs() {
    let name = mcp_client::http::HeaderName::from_static("x-tenant");
    let builder = Client::builder().http_header(name, "acme".parse().unwrap());
    let (client, mut script) = modern(builder).await;
    for (tool, mirrored) in [
        ("weather", "weather"),
        ("two words", "two words"),
        ("Köln", "=?base64?S8O2bG4=?="),
        (" padded", "=?base64?IHBhZGRlZA==?="),
        ("=?base64?YQ==?=", "=?base64?PT9iYXNlNjQ/WVE9PT89?="),
    ] {
        let reply = with(client.call_tool(tool, &json!({"a": 1})), async {
            let exchange = script.expect("tools/call").await;
            assert_eq!(exchange.request.uri(), "https://example.com/mcp");
            for (field, value) in [
                ("content-type", "application/json"),
                ("accept", "application/json, text/event-stream"),
                ("mcp-protocol-version", "2026-07-28"),
                ("mcp-method", "tools/call"),
                ("mcp-name", mirrored),
                ("x-tenant", "acme"),
                ("user-agent", concat!("mcp-client/", env!("CARGO_PKG_VERSION"))),
            ] {
                assert_eq!(exchange.header(field), Some(value), "{field}");
            }
            assert_eq!(exchange.header("mcp-session-id"), None);
            let params = &exchange.message()["params"];
            assert_eq!((&params["name"], &params["arguments"]), (&json!(tool), &json!({"a": 1})));
            let version = &params["_meta"]["io.modelcontextprotocol/protocolVersion"];
            assert_eq!(version, "2026-07-28");
            exchange.reply(text("sunny"));
        });
        assert_eq!(reply.await.unwrap().text(), "sunny");
    }
    let read = with(client.read_resource("note://ü"), async {
        let exchange = script.expect("resources/read").await;
        assert_eq!(exchange.header("mcp-name"), Some("=?base64?bm90ZTovL8O8?="));
        exchange.reply(
            json!({"resultType": "complete", "contents": [], "ttlMs": 0, "cacheScope": "private"}),
        );
    });
    read.await.unwrap();
    let list = with(client.list_prompts(), async {
        let exchange = script.expect("prompts/list").await;
        assert_eq!(
            (exchange.header("mcp-name"), exchange.header("mcp-method")),
            (None, Some("prompts/list"))
        );
        exchange.reply(
            json!({"resultType": "complete", "prompts": [], "ttlMs": 0, "cacheScope": "private"}),
        );
    });
    list.await.unwrap();
    client.close().await;
    drop(client);
    script.expect_silence(Duration::from_secs(60)).await;
}

fn annotated(name: &str, header: &str, kind: &str) -> Value {
    json!({"name": name, "inputSchema": {
        "type": "object",
        "properties": {"region": {"type": kind, "x-mcp-header": header}},
    }})
}

#[tokio::test(start_paused = true)]
async fn arguments_are_mirrored_once_the_tool_is_known_and_invalid_tools_are_removed() {
    let (client, mut script) = modern(Client::builder()).await;
    let listed = with(client.list_tools(), async {
        let bad = [annotated("number", "Region", "number"), annotated("token", "a b", "string")];
        let page = json!([bad[0], annotated("good", "Region", "string"), bad[1], {"name": "plain", "inputSchema": {"type": "object"}}]);
        script.expect("tools/list").await.reply(tools(page));
    });
    let names: Vec<_> = listed.await.unwrap().into_iter().map(|tool| tool.name).collect();
    assert_eq!(names, ["good", "plain"]);

    for (arguments, mirrored) in [
        (json!({"region": "eu west"}), Some("eu west")),
        (json!({"region": "Köln"}), Some("=?base64?S8O2bG4=?=")),
        (json!({"region": ""}), Some("")),
        (json!({"region": null}), None),
        (json!({}), None),
    ] {
        let reply = with(client.call_tool("good", &arguments), async {
            let exchange = script.expect("tools/call").await;
            assert_eq!(exchange.header("mcp-param-region"), mirrored, "{arguments}");
            exchange.reply(text("done"));
        });
        reply.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn an_argument_that_cannot_be_mirrored_is_refused_before_anything_is_sent() {
    let (client, mut script) = modern(Client::builder()).await;
    let listed = with(client.list_tools(), async {
        script
            .expect("tools/list")
            .await
            .reply(tools(json!([annotated("good", "Region", "integer")])));
    });
    listed.await.unwrap();
    let error =
        client.call_tool("good", &json!({"region": 9_007_199_254_740_992_i64})).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error:?}");
    assert!(
        format!("{error:?}").contains("the argument region is beyond 9007199254740991"),
        "{error:?}"
    );
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn dropping_a_call_closes_its_stream_and_sends_nothing() {
    let (client, mut script) = modern(Client::builder()).await;
    // Before the head of the response, after it, and within the stream.
    for stage in 0..3 {
        let call = tokio::spawn(client.call_tool("slow", &json!({})).into_future());
        let mut exchange = script.expect("tools/call").await;
        if stage == 0 {
            call.abort();
            exchange.dropped().await;
            continue;
        }
        let sending = exchange.stream();
        if stage == 2 {
            sending.raw(": alive\n\ndata: {\"jsonrpc\"");
        }
        tokio::task::yield_now().await;
        call.abort();
        sending.dropped().await;
    }
    // So does a timeout.
    let late = with(client.call_tool("slow", &json!({})).timeout(Duration::from_secs(5)), async {
        script.expect("tools/call").await.stream().dropped().await;
    });
    assert_eq!(late.await.unwrap_err().kind(), ErrorKind::Timeout);
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn after_a_header_mismatch_the_tools_are_listed_and_the_call_is_sent_again() {
    let (client, mut script) = modern(Client::builder()).await;
    let reply = with(client.call_tool("good", &json!({"region": "eu"})), async {
        let first = script.expect("tools/call").await;
        assert_eq!(first.header("mcp-param-region"), None);
        let id = first.id();
        first.refuse(400, -32020, json!(null));
        let list = script.expect("tools/list").await;
        assert_eq!(list.header("mcp-method"), Some("tools/list"));
        let version = &list.message()["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"];
        assert_eq!(version, "2026-07-28");
        let mut page = tools(json!([annotated("other", "Other", "string")]));
        page["nextCursor"] = json!("2");
        list.reply(page);
        let list = script.expect("tools/list").await;
        assert_eq!(list.message()["params"]["cursor"], "2");
        list.reply(tools(json!([annotated("good", "Region", "string")])));
        let second = script.expect("tools/call").await;
        assert_eq!(second.header("mcp-param-region"), Some("eu"));
        assert_ne!(second.id(), id, "the id of a request is used once");
        second.reply(text("done"));
    });
    assert_eq!(reply.await.unwrap().text(), "done");

    // The cached list is as old as the known schema, and is dropped with it.
    let mut kept = tools(json!([]));
    kept["ttlMs"] = json!(600_000);
    let listed = with(client.list_tools(), async { script.expect("tools/list").await.reply(kept) });
    listed.await.unwrap();
    assert!(client.list_tools().await.unwrap().is_empty(), "it is kept");

    // The call is sent again once.
    let refused = with(client.call_tool("good", &json!({"region": "eu"})), async {
        script.expect("tools/call").await.refuse(400, -32020, json!(null));
        script.expect("tools/list").await.reply(tools(json!([])));
        script.expect("tools/call").await.refuse(400, -32020, json!(null));
    });
    assert_eq!(refused.await.unwrap_err().peer().unwrap().code(), -32020);

    let listed = with(client.list_tools(), async {
        script
            .expect("tools/list")
            .await
            .reply(tools(json!([annotated("good", "Region", "string")])));
    });
    assert_eq!(listed.await.unwrap().len(), 1);

    // If listing fails, the error of the call is reported.
    let refused = with(client.call_tool("good", &json!({"region": "eu"})), async {
        script.expect("tools/call").await.refuse(400, -32020, json!(null));
        script.expect("tools/list").await.refuse(404, -32601, json!(null));
    });
    let error = refused.await.unwrap_err();
    assert_eq!((error.method(), error.peer().unwrap().code()), (Some("tools/call"), -32020));
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn requests_of_a_modern_server_are_dropped() {
    let builder = Client::builder().on_elicit(|_| async { Ok(ElicitResult::decline()) });
    let (client, mut script) = modern(builder).await;
    let reply = with(client.call_tool("ask", &json!({})), async {
        let exchange = script.expect("tools/call").await;
        let (id, sending) = (exchange.id(), exchange.stream());
        sending.ask(
            &json!(1),
            "elicitation/create",
            json!({"message": "?", "requestedSchema": {}}),
        );
        sending.ask(&id, "ping", json!({}));
        script.expect_silence(Duration::from_secs(10)).await;
        sending.reply(&id, text("done"));
    });
    assert_eq!(reply.await.unwrap().text(), "done");
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn a_closed_client_sends_nothing_and_ends_its_calls() {
    let (client, mut script) = modern(Client::builder()).await;
    let calls = (
        tokio::spawn(client.call_tool("slow", &json!({})).into_future()),
        tokio::spawn(client.list_prompts().into_future()),
    );
    let (one, other): (_, _) = (script.next().await, script.next().await);
    client.close().await;
    let (called, listed) =
        (calls.0.await.unwrap().unwrap_err(), calls.1.await.unwrap().unwrap_err());
    assert_eq!(called.kind(), ErrorKind::OutcomeUnknown, "{called:?}");
    assert_eq!(listed.kind(), ErrorKind::Transport, "{listed:?}");
    for mut exchange in [one, other] {
        exchange.dropped().await;
    }
    let error = client.call_tool("slow", &json!({})).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "{error:?}");
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_is_a_post_that_is_sent_again_after_an_interruption() {
    let (client, mut script) = modern(Client::builder()).await;
    let acknowledge = |exchange: Exchange| {
        let meta = json!({"io.modelcontextprotocol/subscriptionId": exchange.id()});
        let params = json!({"notifications": {"toolsListChanged": true}, "_meta": meta});
        let stream = exchange.stream();
        stream.tell("notifications/subscriptions/acknowledged", params);
        stream.tell("notifications/tools/list_changed", json!({"_meta": meta}));
        stream
    };
    let serve = async {
        let exchange = script.expect("subscriptions/listen").await;
        assert_eq!(exchange.header("mcp-method"), Some("subscriptions/listen"));
        let id = exchange.id();
        (id, acknowledge(exchange))
    };
    let filter = SubscriptionFilter::new().tools_list_changed(true);
    let (subscription, (first, stream)) = tokio::join!(client.subscribe(filter), serve);
    let mut subscription = subscription.unwrap();
    assert_eq!(subscription.next().await, Some(Event::ToolsListChanged));
    stream.cut();
    let exchange = script.expect("subscriptions/listen").await;
    assert_ne!(exchange.id(), first);
    let stream = acknowledge(exchange);
    assert_eq!(subscription.next().await, Some(Event::Gap));
    assert_eq!(subscription.next().await, Some(Event::ToolsListChanged));
    drop(subscription);
    stream.dropped().await;
    script.expect_silence(Duration::from_secs(600)).await;
}

/// The script itself notices an unexpected request.
#[tokio::test(start_paused = true)]
#[should_panic(expected = "not expected")]
async fn silence_is_checked() {
    let (client, mut script): (Client, Script) = modern(Client::builder()).await;
    tokio::spawn(client.ping().into_future());
    script.expect_silence(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn a_request_of_an_extension_repeats_its_name_in_a_header() {
    enum Search {}
    impl ProtocolExtension for Search {
        const ID: &'static str = "com.example/search";
        type ServerSettings = NoSettings;
        type ClientSettings = NoSettings;
        const METHODS: &'static [Row] =
            &[Row::of_extension(Self::ID, Find::NAME, Kind::Request, Direction::ClientToServer)
                .name_param("index")];
    }
    enum Find {}
    impl Method for Find {
        const NAME: &'static str = "search/find";
        type Params = Value;
        type Result = Value;
    }
    let (stack, mut script) = Script::new();
    let extension = ClientExtension::new::<Search>(&NoSettings::new());
    let builder = Client::builder().extension(extension).http_stack(stack);
    let client = with(builder.connect_http("https://example.com/mcp"), async {
        let capabilities = json!({ "extensions": { Search::ID: {} } });
        script.expect("server/discover").await.reply(message::discovered(capabilities));
    });
    let client = client.await.unwrap();
    let found = with(client.request::<Find>(&json!({ "index": "notes" })), async {
        let exchange = script.expect(Find::NAME).await;
        assert_eq!(exchange.header("mcp-name"), Some("notes"));
        exchange.reply(json!({ "resultType": "complete" }));
    });
    found.await.unwrap();
}
