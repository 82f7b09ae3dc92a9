//! Request ids and the JSON-RPC envelope, over bytes. Spec: basic, JSON-RPC.

use mcp_server::{Revision, ServerBuilder};
use mcp_test_support::Gate;
use mcp_test_support::message::request;
use serde_json::{Value, json};

use crate::harness::{Raw, built, everywhere, server, waiting_tool};

fn echo() -> ServerBuilder {
    server().tool(mcp_server::tool::ToolRoute::builder("t").handler(|| async { "ok" }))
}

fn call(id: &Value, tool: &str) -> Value {
    request(id.clone(), "tools/call", json!({"name": tool}))
}

#[tokio::test(start_paused = true)]
async fn an_answer_has_the_unchanged_id_of_its_request() {
    everywhere(echo, async |client| {
        for id in [
            json!(0),
            json!(-1),
            json!(i64::MAX),
            json!(i64::MIN),
            json!("1"),
            json!(""),
            json!("ü\n\""),
        ] {
            let call = client.start_as(id, "tools/call", json!({"name": "t"}));
            call.answer().await.unwrap();
        }
    })
    .await;
    let mut raw = Raw::session(&built(echo()), "2025-11-25").await;
    for id in [json!(1), json!("1"), json!(i64::MAX), json!("x".repeat(256))] {
        assert_eq!(raw.ask(&call(&id, "t")).await["id"], id);
        assert_eq!(raw.ask(&call(&id, "none")).await["id"], id, "on errors too");
    }
}

#[tokio::test(start_paused = true)]
async fn an_invalid_id_is_refused_without_an_id() {
    let mut raw = Raw::session(&built(echo()), "2025-11-25").await;
    for id in [
        json!(null),
        json!(1.5),
        json!(true),
        json!([1]),
        json!({}),
        json!("x".repeat(257)),
        json!(u64::MAX),
    ] {
        let answer = raw.ask(&call(&id, "t")).await;
        assert_eq!(answer["error"]["code"], -32600, "{id}");
        assert_eq!(answer.get("id"), None);
    }
    assert_eq!(raw.ask(&call(&json!(1), "t")).await["result"]["content"][0]["text"], "ok");
}

#[tokio::test(start_paused = true)]
async fn an_id_in_flight_is_refused_and_the_first_call_continues() {
    let gate = Gate::new();
    let mut limits = mcp_server::Limits::new();
    limits.connection.max_in_flight_requests = 2;
    let mut raw =
        Raw::session(&built(echo().tool(waiting_tool("wait", &gate)).limits(limits)), "2025-11-25")
            .await;
    raw.send(&call(&json!(1), "wait")).await;
    raw.send(&call(&json!("1"), "wait")).await;
    gate.arrived(2).await;
    raw.send(&call(&json!("queued"), "wait")).await;
    for id in [json!(1), json!("1"), json!("queued")] {
        let answer = raw.ask(&call(&id, "t")).await;
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(-32600), &id));
    }
    gate.open(3);
    for _ in 0..3 {
        assert_eq!(raw.next().await.unwrap()["result"]["content"][0]["text"], "through");
    }
    assert_eq!(
        raw.ask(&call(&json!(1), "t")).await["result"]["content"][0]["text"],
        "ok",
        "the id can be used again"
    );
}

#[tokio::test(start_paused = true)]
async fn malformed_messages_are_refused_with_their_codes() {
    let mut raw = Raw::session(&built(echo()), "2025-11-25").await;
    for (line, code, id) in [
        ("{", -32700, None),
        ("nonsense", -32700, None),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping"}}"#, -32700, None),
        ("\"text\"", -32600, None),
        ("17", -32600, None),
        ("[]", -32600, None),
        ("{}", -32600, None),
        (r#"{"id":1,"method":"ping"}"#, -32600, Some(1)),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32600, Some(1)),
        (r#"{"jsonrpc":"2.0","id":1}"#, -32600, Some(1)),
        (r#"{"jsonrpc":"2.0","id":1,"Method":"ping"}"#, -32600, Some(1)),
        (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600, Some(1)),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"ping"}"#, -32600, None),
        (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, -32600, None),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#, -32600, Some(1)),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":5}"#, -32602, Some(1)),
    ] {
        raw.send_bytes(format!("{line}\n").as_bytes()).await;
        let answer = raw.next().await.unwrap();
        assert_eq!(answer["error"]["code"], code, "{line}");
        assert_eq!(answer.get("id"), id.map(|id: i64| json!(id)).as_ref(), "{line}");
    }
    raw.send_bytes(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}\n").await;
    assert_eq!(raw.next().await.unwrap()["error"]["code"], -32700);
    let pong = raw.ask(&json!({"jsonrpc": "2.0", "id": 1, "method": "ping"})).await;
    assert_eq!(pong, json!({"jsonrpc": "2.0", "id": 1, "result": {}}));
}

#[tokio::test(start_paused = true)]
async fn unexpected_answers_are_ignored() {
    let mut raw = Raw::session(&built(echo()), "2025-11-25").await;
    raw.send(&json!({"jsonrpc": "2.0", "id": 77, "result": {}})).await;
    raw.send(&json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": "?"}}))
        .await;
    // An invalid answer. It is not answered either.
    raw.send(
        &json!({"jsonrpc": "2.0", "id": 78, "result": {}, "error": {"code": 1, "message": ""}}),
    )
    .await;
    let pong = raw.ask(&json!({"jsonrpc": "2.0", "id": 1, "method": "ping"})).await;
    assert_eq!(pong["result"], json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_message_is_one_line_whatever_it_contains() {
    let text = "a\nb\r\n\u{2028}c\u{0}";
    let raw_json = move || {
        // JSON with line breaks between its tokens.
        let pretty: Box<serde_json::value::RawValue> =
            serde_json::from_str("{\n  \"a\":\r\n 1\n}").unwrap();
        mcp_server::types::CallToolResult::text(text)
            .structured_content(mcp_server::json::RawJson::new(&pretty).unwrap())
    };
    let server = server().tool(
        mcp_server::tool::ToolRoute::builder("t").handler(move || std::future::ready(raw_json())),
    );
    let mut raw = Raw::session(&built(server), Revision::V2025_11_25.as_str()).await;
    let answer = raw.ask(&call(&json!("l\n1"), "t")).await;
    assert_eq!(
        (&answer["id"], &answer["result"]["content"][0]["text"]),
        (&json!("l\n1"), &json!(text))
    );
    assert_eq!(answer["result"]["structuredContent"], json!({"a": 1}));
}
