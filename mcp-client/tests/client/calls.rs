//! Typed calls: what goes out and what comes back.

use std::sync::{Arc, Mutex};

use futures::StreamExt as _;
use mcp_client::json::RawJson;
use mcp_client::meta::{self, Meta};
use mcp_client::types::{CompletionReference, GetPromptResult, LoggingLevel, Root, Schema};
use mcp_client::{Client, ErrorKind, Limits, method};
use mcp_test_support::message::text;
use mcp_test_support::with;
use serde_json::{Value, json};

use crate::fake::{Fake, legacy_with, modern, modern_with};

#[tokio::test]
async fn a_modern_call_carries_all_it_needs() {
    let (client, mut fake) = modern().await;
    let call = client
        .call_tool("add", &json!({"a": 1, "b": 2}))
        .meta(Meta::new().with("com.example/k", 1));
    let sum: i64 = with(call, async {
        let request = fake.expect("tools/call").await;
        assert_eq!(request["params"]["name"], "add");
        assert_eq!(request["params"]["arguments"], json!({"a": 1, "b": 2}));
        let meta = request["params"]["_meta"].as_object().unwrap();
        let mut keys: Vec<&str> = meta.keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(
            keys,
            [
                "com.example/k",
                "io.modelcontextprotocol/clientCapabilities",
                "io.modelcontextprotocol/clientInfo",
                "io.modelcontextprotocol/protocolVersion",
            ]
        );
        let result = json!({"resultType": "complete", "content": [], "structuredContent": 3});
        fake.reply(&request, result).await;
    })
    .await
    .unwrap()
    .structured()
    .unwrap();
    assert_eq!(sum, 3);
}

#[tokio::test]
async fn the_meta_of_a_user_does_not_replace_reserved_members() {
    let (client, mut fake) = modern().await;
    let reserved = Meta::new()
        .with(meta::PROTOCOL_VERSION, "2025-11-25")
        .with(meta::CLIENT_INFO, json!({"name": "other", "version": "9"}))
        .with(meta::CLIENT_CAPABILITIES, json!({"roots": {}}))
        .with("com.example/k", 1);
    let call = with(client.call_tool("hi", &()).meta(reserved), async {
        let request = fake.expect("tools/call").await;
        let meta = &request["params"]["_meta"];
        assert_eq!(meta[meta::PROTOCOL_VERSION], "2026-07-28");
        assert_ne!(meta[meta::CLIENT_INFO]["name"], "other");
        assert_eq!(meta[meta::CLIENT_CAPABILITIES], json!({}));
        assert_eq!(meta["com.example/k"], 1);
        fake.reply(&request, text("hello")).await;
    });
    assert_eq!(call.await.unwrap().text(), "hello");
}

#[tokio::test]
async fn a_legacy_call_carries_no_meta() {
    let (client, mut fake, _) = legacy_with(Client::builder(), "2025-11-25").await;
    let reply = with(client.call_tool("hi", &()), async {
        let request = fake.expect("tools/call").await;
        assert_eq!(request["params"], json!({"name": "hi"}));
        fake.reply(&request, json!({"content": [{"type": "text", "text": "hello"}]})).await;
    });
    assert_eq!(reply.await.unwrap().text(), "hello");
}

#[tokio::test]
async fn structured_results_are_checked_against_the_schema_that_was_listed() {
    let validate = |schema: &Schema, value: &RawJson| {
        jsonschema::validate(&schema.as_value(), &value.to_value())
            .map_err(|error| error.to_string())
    };
    let builder = || Client::builder().output_validator(validate);
    for is_modern in [true, false] {
        let (client, mut fake) = if is_modern {
            modern_with(builder()).await
        } else {
            let (client, fake, _) = legacy_with(builder(), "2025-11-25").await;
            (client, fake)
        };
        let call = async |fake: &mut Fake, tool: &str, result: Value| {
            with(client.call_tool(tool, &()), async {
                let request = fake.expect("tools/call").await;
                fake.reply(&request, result).await;
            })
            .await
        };
        let result = |structured: Value| json!({"content": [], "structuredContent": structured});
        // Before the list nothing is known.
        call(&mut fake, "age", result(json!({"years": "x"}))).await.unwrap();
        let schema = json!({
            "type": "object",
            "properties": {"years": {"type": "integer"}},
            "required": ["years"],
        });
        let tools = json!([
            {"name": "age", "inputSchema": {"type": "object"}, "outputSchema": schema},
            {"name": "free", "inputSchema": {"type": "object"}},
        ]);
        with(client.list_tools(), async {
            let request = fake.expect("tools/list").await;
            fake.reply(&request, json!({ "tools": tools })).await;
        })
        .await
        .unwrap();

        call(&mut fake, "age", result(json!({"years": 3}))).await.unwrap();
        call(&mut fake, "free", result(json!({"years": "x"}))).await.unwrap();
        call(&mut fake, "age", json!({"content": [], "isError": true})).await.unwrap();
        for (bad, named) in [
            (result(json!({"years": "x"})), "integer"),
            (json!({"content": []}), "no structuredContent"),
        ] {
            let error = call(&mut fake, "age", bad.clone()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert!(error.to_string().contains("outputSchema of the tool \"age\""), "{error}");
            assert!(error.to_string().contains(named), "{error}");
            let once = client.call_tool("age", &()).once().into_future();
            let (once, ()) = tokio::join!(once, async {
                let request = fake.expect("tools/call").await;
                fake.reply(&request, bad).await;
            });
            assert_eq!(once.unwrap_err().kind(), ErrorKind::Decode);
        }
    }
}

#[tokio::test]
async fn the_output_schemas_that_are_remembered_are_bounded() {
    let mut limits = Limits::default();
    limits.max_output_schema_bytes = 200;
    let builder = Client::builder().limits(limits).output_validator(|_, _| Err("checked".into()));
    let (client, mut fake) = modern_with(builder).await;
    let schema = |text: &str| json!({"type": "object", "description": text});
    let tools = json!([
        {"name": "small", "inputSchema": {"type": "object"}, "outputSchema": schema("s")},
        {"name": "large", "inputSchema": {"type": "object"}, "outputSchema": schema(&"l".repeat(300))},
    ]);
    with(client.list_tools(), async {
        let request = fake.expect("tools/list").await;
        fake.reply(&request, json!({ "tools": tools })).await;
    })
    .await
    .unwrap();
    for (tool, is_checked) in [("small", true), ("large", false)] {
        let reply = with(client.call_tool(tool, &()), async {
            let request = fake.expect("tools/call").await;
            fake.reply(&request, json!({"content": [], "structuredContent": {}})).await;
        });
        assert_eq!(reply.await.is_err(), is_checked, "{tool}");
    }
}

#[tokio::test]
async fn arguments_that_are_not_an_object_are_not_sent() {
    let (client, _fake) = modern().await;
    let error = client.call_tool("add", &[1, 2]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[tokio::test]
async fn ids_differ_and_answers_find_their_callers() {
    let (client, mut fake) = modern().await;
    let calls = futures::future::join_all((0..50).map(|n| {
        let call = client.call_tool("echo", &json!({ "n": n }));
        async move { (n, call.await.unwrap().structured::<i64>().unwrap()) }
    }));
    let serve = async {
        let mut requests = Vec::new();
        for _ in 0..50 {
            requests.push(fake.expect("tools/call").await);
        }
        for request in requests.iter().rev() {
            let n = request["params"]["arguments"]["n"].clone();
            fake.reply(request, json!({"content": [], "structuredContent": n})).await;
        }
    };
    let (answers, ()) = tokio::join!(calls, serve);
    assert!(answers.iter().all(|(sent, got)| sent == got));
}

#[tokio::test]
async fn errors_of_the_peer_are_told_as_such() {
    let (client, mut fake) = modern().await;
    let error = with(client.call_tool("x", &()), async {
        let request = fake.next().await;
        fake.refuse(&request, -32602, json!({"why": 1})).await;
    })
    .await
    .unwrap_err();
    assert_eq!((error.kind(), error.method()), (ErrorKind::Peer, Some("tools/call")));
    assert_eq!(error.peer().unwrap().code(), -32602);
    assert_eq!(error.peer().unwrap().data().unwrap().get(), r#"{"why":1}"#);
    assert_eq!(error.to_string(), "the server answered tools/call with an error: no (-32602)");
}

#[tokio::test]
async fn dropping_a_call_cancels_it() {
    let (client, mut fake) = modern().await;
    let call = tokio::spawn(client.call_tool("slow", &()).into_future());
    let request = fake.expect("tools/call").await;
    call.abort();
    let cancelled = fake.expect("notifications/cancelled").await;
    assert_eq!(cancelled["params"]["requestId"], request["id"]);
    // A late answer is dropped, and the connection goes on.
    fake.reply(&request, text("late")).await;
    let reply = with(client.call_tool("next", &()), async {
        let request = fake.expect("tools/call").await;
        fake.reply(&request, text("in time")).await;
    });
    assert_eq!(reply.await.unwrap().text(), "in time");
}

#[tokio::test]
async fn progress_comes_before_the_answer() {
    let (client, mut fake) = modern().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let take = Arc::clone(&seen);
    let call = client.call_tool("slow", &()).on_progress(move |progress| {
        take.lock().unwrap().push((progress.progress, progress.message));
    });
    with(call, async {
        let request = fake.expect("tools/call").await;
        let token = &request["params"]["_meta"]["progressToken"];
        assert_eq!(token, &request["id"]);
        for (token, progress) in
            [(token.clone(), 0.5), (json!("foreign"), 9.0), (token.clone(), 1.0)]
        {
            let params = json!({"progressToken": token, "progress": progress, "message": "on it"});
            fake.tell("notifications/progress", params).await;
        }
        fake.reply(&request, text("done")).await;
    })
    .await
    .unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(*seen, [(0.5, Some("on it".into())), (1.0, Some("on it".into()))]);
}

#[tokio::test]
async fn every_other_method_has_its_call() {
    let (client, mut fake) = modern().await;
    let check = async |fake: &mut Fake, method: &str, params: Value, result: Value| {
        let request = fake.expect(method).await;
        let mut sent = request["params"].clone();
        sent.as_object_mut().unwrap().remove("_meta");
        assert_eq!(sent, params, "{method}");
        fake.reply(&request, result).await;
    };
    let prompt = with(client.get_prompt("p", &json!({"topic": "x"})), async {
        let params = json!({"name": "p", "arguments": {"topic": "x"}});
        let message = json!({"role": "user", "content": {"type": "text", "text": "hi"}});
        check(&mut fake, "prompts/get", params, json!({"messages": [message]})).await;
    });
    assert_eq!(prompt.await.unwrap().messages.len(), 1);
    let read = with(client.read_resource("note://1"), async {
        let contents = json!([{"uri": "note://1", "text": "t"}]);
        check(
            &mut fake,
            "resources/read",
            json!({"uri": "note://1"}),
            json!({ "contents": contents }),
        )
        .await;
    });
    assert_eq!(read.await.unwrap().contents[0].as_text(), Some("t"));
    let complete = with(client.complete(CompletionReference::prompt("p"), "topic", "r"), async {
        let params = json!({
            "ref": {"type": "ref/prompt", "name": "p"},
            "argument": {"name": "topic", "value": "r"},
        });
        check(
            &mut fake,
            "completion/complete",
            params,
            json!({"completion": {"values": ["rust"]}}),
        )
        .await;
    });
    assert_eq!(complete.await.unwrap().completion.values, ["rust"]);
    let params = mcp_client::types::GetPromptParams::new("q").meta(Meta::new().with("k", "v"));
    let typed = with(client.request::<method::PromptsGet>(&params), async {
        let request = fake.expect("prompts/get").await;
        assert_eq!(request["params"]["_meta"]["k"], "v");
        fake.reply(&request, json!({"messages": []})).await;
    });
    let GetPromptResult { messages, .. } = typed.await.unwrap();
    assert!(messages.is_empty());
}

#[tokio::test]
async fn log_levels_go_with_each_modern_request_and_once_to_a_legacy_server() {
    let (client, mut fake) = modern().await;
    let mut log = client.log_messages();
    client.set_log_level(LoggingLevel::Warning).await.unwrap();
    let call = client.call_tool("x", &()).log_level(LoggingLevel::Debug);
    with(call, async {
        let request = fake.expect("tools/call").await;
        assert_eq!(request["params"]["_meta"]["io.modelcontextprotocol/logLevel"], "debug");
        fake.tell("notifications/message", json!({"level": "info", "data": {"n": 1}})).await;
        fake.reply(&request, text("")).await;
    })
    .await
    .unwrap();
    assert_eq!(log.next().await.unwrap().level, LoggingLevel::Info);

    let (client, mut fake, _) = legacy_with(Client::builder(), "2024-11-05").await;
    let set = client.set_log_level(LoggingLevel::Error);
    with(Box::pin(set), async {
        let request = fake.expect("logging/setLevel").await;
        assert_eq!(request["params"], json!({"level": "error"}));
        fake.reply(&request, json!({})).await;
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn roots_can_change() {
    let builder = Client::builder().roots([Root::new("file:///a")]);
    let (client, mut fake, initialize) = legacy_with(builder, "2025-06-18").await;
    assert_eq!(initialize["params"]["capabilities"], json!({"roots": {"listChanged": true}}));
    client.set_roots([Root::new("file:///b")]).await.unwrap();
    fake.expect("notifications/roots/list_changed").await;
    fake.send(json!({"jsonrpc": "2.0", "id": "s1", "method": "roots/list"})).await;
    let answer = fake.next().await;
    assert_eq!(
        answer,
        json!({"jsonrpc": "2.0", "id": "s1", "result": {"roots": [{"uri": "file:///b"}]}})
    );

    let (client, _fake) = modern().await;
    assert_eq!(client.set_roots([]).await.unwrap_err().kind(), ErrorKind::InvalidArgument);
}
