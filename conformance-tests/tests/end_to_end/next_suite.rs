//! Tools and scenarios of the everything server and client that only the next release of the
//! official conformance suite uses.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::StreamExt as _;
use http::{HeaderValue, Method};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use mcp_client::extension::ClientExtension;
use mcp_client::types::LoggingLevel;
use mcp_client::{Client, ClientBuilder, ErrorKind, Revision};
use mcp_conformance_tests::EverythingServer;
use mcp_server::http::HttpOptions;
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Server, ServerBuilder};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;
use tower_service::Service as _;

use crate::transports::{everything_server, host, serve_http};

const REVISIONS: [Revision; 2] = [Revision::V2025_11_25, Revision::LATEST];

async fn connect(server: &EverythingServer, builder: ClientBuilder) -> Client {
    builder.connect_http(server.url()).await.expect("a connection over HTTP")
}

fn start() -> EverythingServer {
    EverythingServer::start(env!("CARGO_BIN_EXE_everything-server")).expect("the everything server")
}

async fn text(client: &Client, tool: &str, arguments: Value) -> String {
    let reply = client.call_tool(tool, &arguments).await.expect("tools/call");
    let text = reply.text();
    reply.into_result().unwrap_or_else(|error| panic!("{tool}: {error}"));
    text
}

#[tokio::test]
async fn plain_tools_work_over_stdio_and_http() {
    for revision in REVISIONS {
        let server = start();
        let http = connect(&server, host(revision)).await;
        let stdio = host(revision).connect_command(everything_server()).await.expect("stdio");
        for client in [http, stdio] {
            assert_eq!(text(&client, "greet", json!({ "name": "Ada" })).await, "Hello, Ada!");
            assert_eq!(
                text(&client, "slow_compute", json!({ "seconds": 0.01, "label": "a" })).await,
                "a: computed for 0.01 s"
            );
            let too_long = client.call_tool("slow_compute", &json!({ "seconds": 1e300 })).await;
            let failed = too_long.expect("tools/call").into_result().expect_err("too long");
            assert_eq!(failed.kind(), ErrorKind::Tool);
            assert_eq!(text(&client, "test_tool_fast", json!({})).await, "Fast response");
            assert_eq!(
                text(&client, "test_tool_slow", json!({ "durationMs": 5 })).await,
                "Slept for 5 ms"
            );
            client.close().await;
        }
    }
}

#[tokio::test]
async fn messages_logged_while_a_stream_is_closed_are_replayed() {
    let server = start();
    let client = connect(&server, host(Revision::V2025_11_25)).await;
    let mut messages = client.log_messages();
    client.set_log_level(LoggingLevel::Info).await.expect("a level");
    assert_eq!(text(&client, "test_event_replay", json!({})).await, "Event replay test completed");
    assert_eq!(
        text(&client, "test_multiple_reconnections", json!({ "checkpoints": 2 })).await,
        "Completed 2 checkpoints"
    );
    for expected in
        ["notification1", "notification2", "notification3", "checkpoint_0", "checkpoint_1"]
    {
        let message = messages.next().await.expect("a message");
        assert_eq!(message.data.to_value(), json!(expected));
    }
    let wrong =
        client.call_tool("test_multiple_reconnections", &json!({ "checkpoints": 11 })).await;
    wrong.expect("tools/call").into_result().expect_err("more than ten");
}

#[tokio::test]
async fn url_elicitations_are_answered_required_and_completed() {
    let server = start();
    let builder = || {
        let accept = |_| async { Ok(mcp_client::types::ElicitResult::accept_url()) };
        host(Revision::V2025_11_25).on_elicit_url(accept)
    };
    let client = connect(&server, builder()).await;
    for tool in ["test_elicitation_sep1036_url", "test_elicitation_sep1036_complete"] {
        assert_eq!(text(&client, tool, json!({})).await, "User response: action=accept");
    }
    let error = client.call_tool("test_elicitation_sep1036_error", &json!({})).await;
    let error = error.expect_err("a URL is required");
    let error = error.peer().expect("an error of the server");
    assert_eq!(error.code(), -32042);
    let data: Value = serde_json::from_str(error.data().expect("data").get()).expect("JSON");
    assert_eq!(data["elicitations"][0]["mode"], "url");
    assert!(data["elicitations"][0]["elicitationId"].is_string());
}

#[tokio::test]
async fn extension_settings_reach_the_other_side_unchanged() {
    for revision in REVISIONS {
        let settings = json!({ "list": [null, 1] });
        let extension = ClientExtension::declared("com.example/client", settings.clone());
        let builder = host(revision).extension(extension);
        let client = builder.connect_command(everything_server()).await.expect("a connection");
        let declared = client.server_capabilities().extensions.clone().expect("extensions");
        let declared = serde_json::to_value(declared).expect("JSON");
        // The JSON schema of 2026-07-28 has no null, see the everything server.
        let values =
            if revision == Revision::LATEST { json!(["b", 4]) } else { json!([null, "b", 4]) };
        let nested = json!({ "enabled": true, "limit": 3 });
        let expected = json!({ "nested": nested, "values": values });
        assert_eq!(declared["com.example/conformance"], expected);
        assert_eq!(declared["com.example/empty"], json!({}));
        let seen = text(&client, "test_legacy_extension_capabilities", json!({})).await;
        let seen: Value = serde_json::from_str(&seen).expect("JSON");
        assert_eq!(seen["extensions"]["com.example/client"], settings);
        client.close().await;
    }
}

/// Runs a scenario of the everything client. Returns what it wrote to standard error.
async fn run_scenario(name: &str, revision: Revision, url: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_everything-client"))
        .arg(url)
        .env("MCP_CONFORMANCE_SCENARIO", name)
        .env("MCP_CONFORMANCE_PROTOCOL_VERSION", revision.as_str())
        .output()
        .await
        .expect("the everything client");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{name}, {revision}: {stderr}");
    stderr
}

fn server(tool: ToolRoute) -> ServerBuilder {
    Server::builder("other", "1.0.0").tool(tool)
}

#[tokio::test]
async fn the_everything_client_calls_a_server_without_sessions() {
    let called = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&called);
    let tool = ToolRoute::builder("add_numbers").handler(move || {
        count.fetch_add(1, Ordering::Relaxed);
        std::future::ready("8")
    });
    let server = server(tool).build().expect("a server");
    let url = serve_http(&server, HttpOptions::new().stateless()).await;
    for revision in REVISIONS {
        run_scenario("stateless_server", revision, &url).await;
    }
    assert_eq!(called.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn the_everything_client_declares_its_extensions() {
    let called = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&called);
    let seen = move |context: Context| {
        count.fetch_add(1, Ordering::Relaxed);
        declares_extensions(context)
    };
    let tool = ToolRoute::builder("seen").handler(seen);
    let server = server(tool).build().expect("a server");
    let url = serve_http(&server, HttpOptions::new()).await;
    for revision in REVISIONS {
        run_scenario("legacy-extensions", revision, &url).await;
    }
    assert_eq!(called.load(Ordering::Relaxed), 2);
}

async fn declares_extensions(context: Context) -> Result<&'static str, String> {
    let declared = context.client_capabilities().extensions.unwrap_or_default();
    match serde_json::to_value(declared) {
        Ok(declared)
            if declared["com.example/conformance"] == json!({ "nested": { "enabled": true } })
                && declared["com.example/empty"] == json!({}) =>
        {
            Ok("declared")
        }
        other => Err(format!("declared: {other:?}")),
    }
}

/// Serves a server that forgets its first session after two requests in it. Returns the URL, and
/// the ids of the sessions that clients named.
async fn serve_forgetful(server: Server) -> (String, Arc<Mutex<Vec<HeaderValue>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("bound"));
    let named = Arc::new(Mutex::new(Vec::<HeaderValue>::new()));
    let (log, service) = (Arc::clone(&named), server.into_service());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (service, log) = (service.clone(), Arc::clone(&log));
            let answer = service_fn(move |mut request: http::Request<Incoming>| {
                let is_post = request.method() == Method::POST;
                let session = request.headers_mut().get_mut("mcp-session-id");
                if let Some(id) = session.filter(|_| is_post) {
                    let mut log = log.lock().expect("no panic");
                    log.push(id.clone());
                    if log.len() > 2 && *id == log[0] {
                        *id = HeaderValue::from_static("forgotten");
                    }
                }
                service.clone().call(request)
            });
            let http = hyper::server::conn::http1::Builder::new();
            tokio::spawn(http.serve_connection(TokioIo::new(socket), answer));
        }
    });
    (url, named)
}

#[tokio::test]
async fn the_everything_client_replaces_a_forgotten_session() {
    let tool = ToolRoute::builder("t").handler(|| async { "done" });
    let (url, named) = serve_forgetful(server(tool).build().expect("a server")).await;
    run_scenario("session-renegotiation-404", Revision::V2025_11_25, &url).await;
    let named = named.lock().expect("no panic");
    let sessions: HashSet<_> = named.iter().collect();
    assert_eq!(sessions.len(), 2, "{named:?}");
}

#[tokio::test]
async fn the_everything_client_runs_an_unknown_scenario() {
    for revision in REVISIONS {
        let fails = ToolRoute::builder("fails").handler(|| async { Err::<String, _>("always") });
        let works = ToolRoute::builder("works").handler(|| async { "done" });
        let server = server(fails).tool(works).build().expect("a server");
        let url = serve_http(&server, HttpOptions::new()).await;
        let stderr = run_scenario("of-the-next-release", revision, &url).await;
        assert!(stderr.contains("the tool \"fails\" failed: "), "no tool was called: {stderr}");
    }
}
