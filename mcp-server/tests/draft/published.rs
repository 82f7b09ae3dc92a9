//! What a server sends without the draft, byte for byte.
//!
//! `published.txt` was recorded before the draft had a seat. `BLESS=1` rewrites it, which is right
//! only if what a published revision sends has to change.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use mcp_server::http::{HttpOptions, HttpService};
use mcp_server::{Revision, Server, ServerBuilder};
use mcp_test_support::LinePeer;
use mcp_test_support::http::{Answer, Call};
use mcp_test_support::message::{add_modern_meta, initialize, request};
use serde_json::{Value, json};

use crate::fixture::{self, MAX_MESSAGE};

/// The digests that a client of the draft would send.
fn known() -> Value {
    json!({ "tools/list": "sha256:00", "server/discover": 7, "skills/list": "x" })
}

/// All requests, one for each method and for each kind of error.
fn script() -> Vec<(&'static str, Value)> {
    let tool = |name: &str, arguments: Value| json!({ "name": name, "arguments": arguments });
    let mut script = vec![
        ("server/discover", json!({})),
        ("ping", json!({})),
        ("logging/setLevel", json!({ "level": "error" })),
        ("tools/list", json!({})),
        ("tools/list", json!({ "cursor": "fail" })),
        ("tools/list", json!({ "cursor": "gone" })),
        ("prompts/list", json!({})),
        ("prompts/list", json!({ "cursor": 7 })),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({ "uri": "config://app" })),
        ("resources/read", json!({ "uri": "db://rows/7" })),
        ("resources/read", json!({ "uri": "none://" })),
        ("resources/read", json!({ "uri": "none://".repeat(300) })),
        ("resources/subscribe", json!({ "uri": "config://app" })),
        ("resources/unsubscribe", json!({ "uri": "config://app" })),
        ("prompts/get", json!({ "name": "greet", "arguments": { "name": "A" } })),
        ("prompts/get", json!({ "name": "greet" })),
        ("prompts/get", json!({ "name": "none" })),
        ("tools/call", tool("echo", json!({ "text": "a" }))),
        ("tools/call", tool("echo", json!({ "text": 7 }))),
        ("tools/call", tool("echo", json!(7))),
        ("tools/call", tool("none", json!({}))),
        ("tools/call", json!({})),
        ("tools/call", tool("unsupported", json!({}))),
        ("tools/call", tool("visit", json!({}))),
        ("tools/call", tool("ask", json!({}))),
        ("tools/call", tool("broken", json!({}))),
        ("tools/call", tool("hang", json!({}))),
        ("tools/call", json!({ "name": "ask", "requestState": "AAAA" })),
        ("unknown/method", json!({})),
        ("tasks/get", json!({ "taskId": "none" })),
    ];
    let codes = [-32_700, -32_600, -32_601, -32_602, -32_603, -32_002, -32_042, -32_000, 7];
    let newer = [-32_020, -32_021, -32_022, -32_023, -32_024, -32_025, -32_026, -32_027];
    for code in codes.into_iter().chain(newer) {
        script.push(("tools/call", tool("fail", json!({ "code": code }))));
    }
    // A limit of one call.
    let reference = json!({ "type": "ref/prompt", "name": "greet" });
    let argument = json!({ "name": "name", "value": "A" });
    for _ in 0..2 {
        script.push(("completion/complete", json!({ "ref": reference, "argument": argument })));
    }
    // Hints that mean nothing to a published revision.
    for (method, mut params) in [
        ("tools/list", json!({})),
        ("tools/call", tool("echo", json!({ "text": "a" }))),
        ("prompts/get", json!({ "name": "greet", "arguments": { "name": "A" } })),
        ("resources/read", json!({ "uri": "config://app" })),
    ] {
        params["_meta"]["io.modelcontextprotocol/knownDigests"] = known();
        script.push((method, params));
    }
    script
}

/// Messages that are no requests of a method, as text.
fn malformed() -> Vec<String> {
    let meta = |meta: Value| {
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": { "_meta": meta } })
            .to_string()
    };
    let version = "io.modelcontextprotocol/protocolVersion";
    let capabilities = "io.modelcontextprotocol/clientCapabilities";
    vec![
        "{".into(),
        "[]".into(),
        r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#.into(),
        r#"{"id":1,"method":"ping"}"#.into(),
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#.into(),
        r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#.into(),
        meta(json!({ version: "2026-07-28" })),
        meta(json!({ version: "2026-07-28", capabilities: 1 })),
        meta(json!({ version: "v9", capabilities: {} })),
        meta(json!({ version: "2025-11-25", capabilities: {} })),
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{}"}}"#, "x".repeat(MAX_MESSAGE)),
    ]
}

fn modern(method: &str, mut params: Value) -> Value {
    add_modern_meta(&mut params, &json!({}));
    request(1, method, params)
}

/// What was sent and received.
#[derive(Default)]
struct Transcript(String);

impl Transcript {
    fn heading(&mut self, text: &str) {
        writeln!(self.0, "\n# {text}").unwrap();
    }

    fn add(&mut self, sent: &str, received: &str) {
        // `_meta` is the same in most requests.
        let meta = modern("", json!({}))["params"].to_string();
        let sent = sent.replace(&meta[1..meta.len() - 1], "…");
        let sent: String = sent.chars().take(160).collect();
        writeln!(self.0, "> {sent}\n< {}", masked(received)).unwrap();
    }
}

/// Replaces correlation ids, which are random.
fn masked(text: &str) -> String {
    let name = r#""correlationId":""#;
    let Some((before, rest)) = text.split_once(name) else { return text.to_owned() };
    let (_, after) = rest.split_once('"').unwrap();
    format!("{before}{name}…\"{after}")
}

fn open(server: &Server) -> LinePeer {
    let (client, ours) = tokio::io::duplex(1 << 20);
    let server = server.clone();
    tokio::spawn(async move {
        let (reader, writer) = tokio::io::split(ours);
        server.serve_until(reader, writer, std::future::pending::<()>()).await
    });
    LinePeer::new(client)
}

async fn stream(out: &mut Transcript, server: &Server, revision: Revision) {
    out.heading(&format!("stream, {revision}"));
    let is_legacy = revision != Revision::LATEST;
    let mut peer = open(server);
    let mut ask = async |sent: &str| {
        peer.send_line(sent).await;
        let received = peer.line().await.unwrap();
        out.add(sent, &received);
    };
    if is_legacy {
        ask(&initialize(revision.as_str(), json!({})).to_string()).await;
    }
    for (method, params) in script() {
        let message = if is_legacy { request(1, method, params) } else { modern(method, params) };
        ask(&message.to_string()).await;
    }
    for text in malformed() {
        ask(&text).await;
    }
}

/// Adds the status, the header fields that say something about an error, and the body.
fn add_answer(out: &mut Transcript, sent: &str, answer: &Answer) {
    let mut received = answer.status.as_u16().to_string();
    for name in ["content-type", "retry-after", "cache-control", "allow"] {
        if let Some(value) = answer.header(name) {
            write!(received, " {name}={value}").unwrap();
        }
    }
    write!(received, " {}", answer.text.trim_end().replace('\n', "\\n")).unwrap();
    out.add(sent, &received);
}

async fn http(out: &mut Transcript, server: &Server) {
    out.heading("HTTP, 2026-07-28");
    let service = server.clone().into_service();
    let mut ask = async |service: &HttpService, call: Call| {
        let sent = String::from_utf8_lossy(&call.body).into_owned();
        add_answer(out, &sent, &call.send(service).await);
    };
    for (method, params) in script() {
        ask(&service, Call::of(&modern(method, params))).await;
    }
    let list = || Call::of(&modern("tools/list", json!({})));
    for text in malformed() {
        ask(&service, list().body(text)).await;
    }
    ask(&service, list().header("mcp-method", "ping")).await;
    ask(&service, list().without("mcp-protocol-version")).await;
    ask(&service, list().header("accept", "text/html")).await;
    ask(&service, list().header("content-type", "text/html")).await;
    ask(&service, list().header("host", "example.com")).await;
    let mut get = list();
    get.method = "PUT".parse().unwrap();
    ask(&service, get).await;
    let mut limits = fixture::limits();
    limits.http.max_in_flight_requests = 0;
    let full = fixture::server().limits(limits).into_service().unwrap();
    ask(&full, list()).await;
    ask(&full, Call::raw(&request(1, "tools/list", json!({})))).await;
}

async fn http_session(out: &mut Transcript, server: &Server) {
    out.heading("HTTP, 2025-11-25");
    let service = server.clone().into_service_with(HttpOptions::new());
    let answer = Call::raw(&initialize("2025-11-25", json!({}))).send(&service).await;
    add_answer(out, "initialize", &answer);
    let session = answer.header("mcp-session-id").unwrap().to_owned();
    let call = |call: Call| call.header("mcp-session-id", &session);
    for (method, params) in script() {
        let message = request(1, method, params);
        let answer = call(Call::raw(&message)).send(&service).await;
        add_answer(out, &message.to_string(), &answer);
    }
    for text in malformed() {
        let answer = call(Call::raw(&json!({})).body(text.clone())).send(&service).await;
        add_answer(out, &text, &answer);
    }
}

async fn transcript(server: impl Fn() -> ServerBuilder) -> String {
    let mut out = Transcript::default();
    for revision in Revision::ALL {
        stream(&mut out, &server().build().unwrap(), revision).await;
    }
    http(&mut out, &server().build().unwrap()).await;
    http_session(&mut out, &server().build().unwrap()).await;
    out.0
}

fn recorded() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/draft/published.txt");
    fs::read_to_string(path).unwrap()
}

/// Compares line by line, so that a failure shows the first request whose answer differs.
fn assert_equal(now: &str, before: &str) {
    let mut sent = "";
    for (now, before) in now.lines().zip(before.lines()) {
        if now.starts_with('>') {
            sent = now;
        }
        assert_eq!(now, before, "{sent}");
    }
    assert_eq!(now.lines().count(), before.lines().count());
}

#[tokio::test(start_paused = true)]
async fn without_the_draft_every_byte_is_as_it_was() {
    let now = transcript(fixture::server).await;
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/draft/published.txt");
        fs::write(path, &now).unwrap();
    }
    let before = recorded();
    assert_equal(&now, &before);
    assert!(!before.contains(r#""digest""#) && !before.contains("staleDigests"));
}

/// The draft replaces the rules of one revision.
#[tokio::test(start_paused = true)]
async fn with_the_draft_sessions_are_as_they_were() {
    let now = transcript(|| fixture::server().draft_revision()).await;
    let before = recorded();
    let sections = |text: &str| -> Vec<(String, String)> {
        let sections = text.split("\n# ").skip(1);
        sections
            .map(|text| text.split_once('\n').unwrap())
            .map(|(a, b)| (a.into(), b.into()))
            .collect()
    };
    let (now, before) = (sections(&now), sections(&before));
    assert_eq!((now.len(), before.len()), (7, 7));
    for ((heading, now), (_, before)) in now.iter().zip(&before) {
        if heading.ends_with(Revision::LATEST.as_str()) {
            assert_ne!(now, before, "{heading}");
        } else {
            assert_equal(now, before);
        }
    }
}
