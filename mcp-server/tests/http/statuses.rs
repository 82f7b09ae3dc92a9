//! Which status and code each kind of request gets (HTTP-10, TRAP-15, TRAP-16).

use mcp_server::http::HttpOptions;
use mcp_server::{Limits, Revision};
use mcp_test_support::http::{Answer, Call};
use mcp_test_support::message::initialize;
use serde_json::{Value, json};

use crate::fixture;

async fn send(call: Call) -> Answer {
    call.send(&fixture::server().0.into_service().unwrap()).await
}

#[tokio::test]
async fn each_refusal_has_its_status_and_code() {
    let list = || Call::new("tools/list", json!({}));
    let meta = |meta: Value| {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": { "_meta": meta } });
        list().body(body.to_string())
    };
    let version = "io.modelcontextprotocol/protocolVersion";
    let capabilities = "io.modelcontextprotocol/clientCapabilities";
    let mut rows: Vec<(&str, Call, u16, i64)> = vec![
        ("fine", list(), 200, 0),
        ("a tool", Call::tool("echo", json!({ "text": "a" })), 200, 0),
        ("not JSON", list().body("{"), 400, -32700),
        ("not UTF-8", list().body(b"\"\xff\"".to_vec()), 400, -32700),
        ("nothing", list().body(""), 400, -32700),
        (
            "a batch",
            list().body("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]"),
            400,
            -32600,
        ),
        ("no jsonrpc", list().body(r#"{"id":1,"method":"tools/list"}"#), 400, -32600),
        (
            "an id of null",
            list().body(r#"{"jsonrpc":"2.0","id":null,"method":"tools/list"}"#),
            400,
            -32600,
        ),
        ("an answer", list().body(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#), 400, -32600),
        ("no _meta", list().body(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#), 400, -32602),
        ("no version", meta(json!({ capabilities: {} })), 400, -32602),
        ("no capabilities", meta(json!({ version: "2026-07-28" })), 400, -32602),
        (
            "capabilities are no object",
            meta(json!({ version: "2026-07-28", capabilities: 1 })),
            400,
            -32602,
        ),
        (
            "a version of old",
            meta(json!({ version: "2025-11-25", capabilities: {} }))
                .header("mcp-protocol-version", "2025-11-25"),
            400,
            -32022,
        ),
        (
            "an unknown version",
            meta(json!({ version: "v9", capabilities: {} })).header("mcp-protocol-version", "v9"),
            400,
            -32022,
        ),
        ("two versions", meta(json!({ version: "v9", capabilities: {} })), 400, -32020),
        ("an unknown tool", Call::tool("nothing", json!({})), 200, -32602),
        (
            "a prompt, though there are none",
            Call::new("prompts/get", json!({ "name": "a" })),
            404,
            -32601,
        ),
        ("a panic", Call::tool("broken", json!({})), 200, -32603),
        ("not acceptable", list().header("accept", "text/html"), 406, -32600),
        ("any media", list().header("accept", "*/*"), 200, 0),
        ("no accept", list().without("accept"), 200, 0),
    ];
    for gone in ["initialize", "ping", "logging/setLevel", "resources/subscribe", "unknown/method"]
    {
        rows.push((gone, Call::new(gone, json!({})), 404, -32601));
    }
    for (what, call, status, code) in rows {
        let answer = send(call).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{what}: {answer:?}");
    }
}

#[tokio::test]
async fn notifications_are_accepted_without_a_body() {
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/x", "params": {} });
    let answer = send(Call::raw(&note).header("mcp-protocol-version", "2026-07-28")).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (202, ""));
    let answer = send(
        Call::raw(&note).header("mcp-protocol-version", "2026-07-28").header("mcp-method", "y"),
    )
    .await;
    assert_eq!((answer.status.as_u16(), answer.code()), (400, -32020));
}

#[tokio::test]
async fn sessions_and_event_ids_mean_nothing_to_modern_requests() {
    let call = Call::tool("echo", json!({ "text": "a" }))
        .header("mcp-session-id", "x")
        .header("last-event-id", "y");
    assert_eq!(send(call).await.tool_text(), "a");
}

#[tokio::test]
async fn a_server_without_sessions_takes_nothing_but_posts() {
    let service = fixture::server().0.revisions([Revision::V2026_07_28]).into_service().unwrap();
    for method in ["GET", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"] {
        let mut call = Call::new("tools/list", json!({}));
        call.method = method.parse().unwrap();
        let answer = call.send(&service).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("allow")),
            (405, Some("POST")),
            "{method}"
        );
    }
    let answer = Call::raw(&initialize("2025-11-25", json!({}))).send(&service).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (400, -32602));
}

#[tokio::test]
async fn a_path_is_the_only_one() {
    let options = HttpOptions::new().path("/mcp");
    let service = fixture::server().0.build().unwrap().into_service_with(options);
    for (path, status) in
        [("/mcp", 200), ("/mcp?a=b", 200), ("/", 404), ("/mcp/", 404), ("/mcp2", 404)]
    {
        let mut call = Call::new("tools/list", json!({}));
        call.uri = path.into();
        assert_eq!(call.send(&service).await.status.as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn bodies_are_bounded_while_they_are_read() {
    let mut limits = Limits::new();
    limits.connection.max_message_bytes = 1_000;
    let service = fixture::server().0.limits(limits).into_service().unwrap();
    let answer = Call::tool("echo", json!({ "text": "a".repeat(1_000) })).send(&service).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (413, -32600));
    assert_eq!(Call::tool("echo", json!({ "text": "a" })).send(&service).await.status, 200);
}

#[tokio::test]
async fn a_request_over_the_limit_is_refused_and_its_permit_is_returned() {
    let mut limits = Limits::new();
    limits.http.max_in_flight_requests = 1;
    let (server, seen) = fixture::server();
    let service = server.limits(limits).into_service().unwrap();
    let hanging = tokio::spawn({
        let service = service.clone();
        async move { Call::tool("hang", json!({})).send(&service).await }
    });
    seen.wait(|seen| seen.started.load(std::sync::atomic::Ordering::SeqCst), 1).await;
    let answer = Call::new("tools/list", json!({})).send(&service).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("1")));
    assert!(answer.json()["id"].is_number(), "the refusal has the id of its request: {answer:?}");
    hanging.abort();
    seen.wait(|seen| seen.dropped.load(std::sync::atomic::Ordering::SeqCst), 1).await;
    assert!(hanging.await.unwrap_err().is_cancelled());
    assert_eq!(Call::new("tools/list", json!({})).send(&service).await.status, 200);
}

#[tokio::test]
async fn reasons_stay_in_the_log() {
    let answer = send(Call::tool("broken", json!({}))).await;
    assert!(!answer.text.contains("secret"), "{answer:?}");
    assert!(answer.json()["error"]["data"]["correlationId"].is_string(), "{answer:?}");
}
