//! The draft's registry of errors: code, HTTP status, and the members of `data`.

use mcp_server::{Principal, Server};
use mcp_test_support::LinePeer;
use mcp_test_support::http::Call;
use mcp_test_support::message::{add_modern_meta, request};
use serde_json::{Value, json};
use tower_service::Service as _;

use crate::fixture::{self, MAX_MESSAGE};

fn server() -> Server {
    fixture::server().draft_revision().build().unwrap()
}

fn modern(method: &str, mut params: Value) -> Value {
    add_modern_meta(&mut params, &json!({}));
    request(1, method, params)
}

fn tool(name: &str) -> Value {
    modern("tools/call", json!({ "name": name }))
}

fn fail(code: i32) -> Value {
    modern("tools/call", json!({ "name": "fail", "arguments": { "code": code } }))
}

/// Requests, with the code, the status and the data of their error.
fn rows() -> Vec<(Value, i64, u16, Value)> {
    let read = |uri: &str| modern("resources/read", json!({ "uri": uri }));
    let list = |cursor: &str| modern("tools/list", json!({ "cursor": cursor }));
    let state = json!({ "name": "ask", "requestState": "AAAA" });
    let stale =
        |kind: &str, reason: &str| json!({ "kind": kind, "reason": reason, "restart": true });
    let unknown = |kind: &str| json!({ "reason": format!("unknown_{kind}"), "name": "none" });
    let own = json!({ "a": 1 });
    vec![
        (modern("unknown/method", json!({})), -32_601, 404, Value::Null),
        (modern("prompts/get", json!({ "name": "greet" })), -32_602, 400, Value::Null),
        (modern("prompts/get", json!({ "name": "none" })), -32_602, 400, unknown("prompt")),
        (tool("none"), -32_602, 400, unknown("tool")),
        (
            read("none://"),
            -32_602,
            400,
            json!({ "uri": "none://", "reason": "resource_not_found" }),
        ),
        (list("gone"), -32_026, 400, stale("cursor", "unknown")),
        (modern("tools/call", state), -32_026, 400, stale("request_state", "rejected")),
        (
            tool("unsupported"),
            -32_027,
            400,
            json!({ "kind": "schema_dialect", "feature": "https://example.com/dialect" }),
        ),
        (
            tool("hang"),
            -32_024,
            503,
            json!({ "reason": "deadline_exceeded", "retryAfterMs": 1_000 }),
        ),
        (
            tool("ask"),
            -32_021,
            400,
            json!({ "requiredCapabilities": { "elicitation": { "form": {} } } }),
        ),
        (fail(-32_603), -32_603, 500, own.clone()),
        (fail(-32_602), -32_602, 400, own.clone()),
        (fail(-32_002), -32_602, 400, own.clone()),
        (fail(-32_042), -32_603, 500, own.clone()),
        (fail(-32_023), -32_023, 429, own.clone()),
        (fail(7), 7, 400, own),
    ]
}

#[tokio::test(start_paused = true)]
async fn each_error_has_the_code_the_status_and_the_data_of_the_registry() {
    let service = server().into_service();
    for (message, code, status, data) in rows() {
        let answer = Call::of(&message).send(&service).await;
        let error = &answer.json()["error"];
        assert_eq!(
            (&error["code"], answer.status.as_u16(), &error["data"]),
            (&json!(code), status, &data),
            "{message}"
        );
    }
}

async fn ask(peer: &mut LinePeer, line: &str) -> Value {
    peer.send_line(line).await;
    peer.message().await["error"].clone()
}

fn open(server: Server) -> LinePeer {
    let (client, ours) = tokio::io::duplex(1 << 20);
    tokio::spawn(async move {
        let (reader, writer) = tokio::io::split(ours);
        server.serve_until(reader, writer, std::future::pending::<()>()).await
    });
    LinePeer::new(client)
}

fn overlong() -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{}"}}"#, "x".repeat(MAX_MESSAGE))
}

#[tokio::test(start_paused = true)]
async fn streams_have_the_same_codes_and_data() {
    let mut peer = open(server());
    for (message, code, _, data) in rows() {
        let error = ask(&mut peer, &message.to_string()).await;
        assert_eq!((&error["code"], &error["data"]), (&json!(code), &data), "{message}");
    }
    let error = ask(&mut peer, &overlong()).await;
    let data = json!({ "part": "message", "limitBytes": MAX_MESSAGE });
    assert_eq!((&error["code"], &error["data"]), (&json!(-32_025), &data));
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_says_when_to_try_again() {
    let service = server().into_service();
    let complete = || {
        let argument = json!({ "name": "name", "value": "A" });
        let reference = json!({ "type": "ref/prompt", "name": "greet" });
        Call::of(&modern("completion/complete", json!({ "ref": reference, "argument": argument })))
    };
    assert_eq!(complete().send(&service).await.status, 200);
    let answer = complete().send(&service).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (429, -32_023));
    assert_eq!(answer.header("retry-after"), Some("3600"));
    assert_eq!(answer.json()["error"]["data"]["retryAfterMs"], 3_600_000);
}

#[tokio::test]
async fn what_the_transport_refuses_is_in_the_registry() {
    let list = || Call::of(&modern("tools/list", json!({})));
    let answer = list().body(overlong()).send(&server().into_service()).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (400, -32_025));
    assert_eq!(answer.json()["error"]["data"]["limitBytes"], MAX_MESSAGE);

    let mut limits = fixture::limits();
    limits.http.max_in_flight_requests = 0;
    let full = fixture::server().draft_revision().limits(limits).into_service().unwrap();
    let data = json!({
        "retryable": true, "reason": "overloaded", "retryAfterMs": 1_000, "notProcessed": true,
    });
    let answer = list().send(&full).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, -32_024));
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.json()["error"]["data"], data);
    // A client without a modern version gets what the legacy era has.
    let answer = Call::raw(&request(1, "tools/list", json!({}))).send(&full).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, -32_603));

    let mut limits = fixture::limits();
    limits.http.max_in_flight_requests_per_principal = 0;
    let mut full = fixture::server().draft_revision().limits(limits).into_service().unwrap();
    let mut request = list().request();
    request.extensions_mut().insert(Principal::new("alice"));
    let response = full.call(request).await.unwrap();
    let answer = mcp_test_support::http::Answer::read(response).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (429, -32_023));
    assert_eq!(answer.json()["error"]["data"], data);
}

#[tokio::test]
async fn the_draft_is_not_advertised() {
    let service = server().into_service();
    let answer = Call::of(&modern("server/discover", json!({}))).send(&service).await;
    let result = &answer.json()["result"];
    assert_eq!(result["supportedVersions"], json!(["2026-07-28"]));
    assert!(!answer.text.contains("draft"), "{answer:?}");
    for version in ["2026-12-15", "draft", "DRAFT-2026-v1"] {
        let meta = json!({ "io.modelcontextprotocol/protocolVersion": version });
        let message = modern("tools/list", json!({ "_meta": meta }));
        let answer = Call::of(&message).send(&service).await;
        assert_eq!(answer.code(), -32_022, "{version}");
        let supported = &answer.json()["error"]["data"]["supported"];
        assert_eq!(*supported, json!(["2026-07-28"]));
    }
}

/// A task is a state that the server issued.
#[cfg(feature = "tasks")]
#[tokio::test]
async fn an_unknown_task_is_a_stale_state() {
    let tasks = mcp_server::task::TaskConfig::default();
    let service = fixture::server().tasks(tasks).draft_revision().into_service().unwrap();
    let capabilities = json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
    let mut params = json!({ "taskId": "none" });
    add_modern_meta(&mut params, &capabilities);
    let answer = Call::of(&request(1, "tasks/get", params)).send(&service).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (400, -32_026));
    let data = &answer.json()["error"]["data"];
    assert_eq!(*data, json!({ "kind": "task", "reason": "unknown" }));
}
