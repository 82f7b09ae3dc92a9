//! Spans, durations and trace context of requests.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcp_client::meta::Meta;
use mcp_client::telemetry::{
    NetworkTransport, Operation, Outcome, SessionEnd, Side, Telemetry, TraceContext,
};
use mcp_client::{Client, Revision};
use mcp_test_support::message::text;
use mcp_test_support::{Log, settle, with};
use serde_json::{Value, json};
use tracing::Span;

use crate::fake::{legacy_with, modern, modern_with};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Continues a trace, keeps what it receives, and logs the end of each request in its span.
#[derive(Clone, Default)]
struct Record(Arc<Mutex<Recorded>>);

#[derive(Default)]
struct Recorded {
    operations: Vec<(String, Outcome)>,
    sessions: Vec<SessionEnd>,
}

impl Telemetry for Record {
    fn inject(&self, _: &Span) -> Option<TraceContext> {
        TraceContext::new(Some(PARENT), Some("vendor=1"), Some("tenant=blue"))
    }

    fn operation(&self, operation: &Operation, _: Duration, outcome: Outcome) {
        tracing::info!("recorded");
        assert_eq!(operation.side, Side::Client);
        assert_eq!(operation.transport, Some(NetworkTransport::Pipe));
        self.0.lock().unwrap().operations.push((operation.span_name(), outcome));
    }

    fn session(&self, end: &SessionEnd) {
        self.0.lock().unwrap().sessions.push(end.clone());
    }
}

impl Record {
    fn take(&self) -> Vec<(String, Outcome)> {
        std::mem::take(&mut self.0.lock().unwrap().operations)
    }
}

fn recorded(name: &str, outcome: Outcome) -> Vec<(String, Outcome)> {
    vec![(name.to_owned(), outcome)]
}

fn builder(record: &Record) -> mcp_client::ClientBuilder {
    Client::builder().telemetry(record.clone())
}

#[tokio::test(start_paused = true)]
async fn a_request_continues_the_trace_unless_the_call_says_otherwise() {
    let record = Record::default();
    let (client, mut fake) = modern_with(builder(&record)).await;
    let sent = with(client.call_tool("t", &()), async {
        let request = fake.expect("tools/call").await;
        fake.reply(&request, text("ok")).await;
        assert_eq!(request["params"]["_meta"]["traceparent"], PARENT);
        assert_eq!(request["params"]["_meta"]["tracestate"], "vendor=1");
        assert_eq!(request["params"]["_meta"]["baggage"], "tenant=blue");
    });
    sent.await.unwrap();
    let own = Meta::new().with("traceparent", "own");
    let sent = with(client.call_tool("t", &()).meta(own), async {
        let request = fake.expect("tools/call").await;
        fake.reply(&request, text("ok")).await;
        assert_eq!(request["params"]["_meta"]["traceparent"], "own");
        assert_eq!(request["params"]["_meta"]["baggage"], "tenant=blue");
    });
    sent.await.unwrap();
    let (client, mut fake) = modern().await;
    let sent = with(client.call_tool("t", &()), async {
        let request = fake.expect("tools/call").await;
        fake.reply(&request, text("ok")).await;
        assert_eq!(request["params"]["_meta"].get("traceparent"), None);
    });
    sent.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn each_request_has_a_span_with_the_fields_of_the_conventions() {
    let (log, _guard) = Log::capture();
    let record = Record::default();
    let (client, mut fake) = modern_with(builder(&record)).await;
    assert_eq!(record.take(), recorded("server/discover", Outcome::Success));
    let refused = with(client.call_tool("t", &()), async {
        let request = fake.expect("tools/call").await;
        fake.refuse(&request, -32602, Value::Null).await;
    });
    refused.await.unwrap_err();
    let log = log.text();
    let line = log.lines().find(|line| line.contains("recorded") && line.contains("tools/call"));
    let line = line.unwrap();
    for field in [
        "mcp.client{",
        "otel.name=tools/call t ",
        "otel.kind=\"client\"",
        "gen_ai.tool.name=t ",
        "mcp.protocol.version=\"2026-07-28\"",
        "network.transport=\"pipe\"",
        "rpc.response.status_code=-32602",
        "error.type=\"-32602\"",
        "otel.status_description=no",
    ] {
        assert!(line.contains(field), "{field}: {line}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_end_of_a_request_is_recorded_once() {
    let record = Record::default();
    let (client, mut fake) = modern_with(builder(&record)).await;
    record.take();
    let failed = with(client.call_tool("t", &()), async {
        let request = fake.expect("tools/call").await;
        fake.reply(&request, json!({"content": [], "isError": true})).await;
    });
    failed.await.unwrap();
    assert_eq!(record.take(), recorded("tools/call t", Outcome::ToolError));
    client.call_tool("t", &()).timeout(Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(record.take(), recorded("tools/call t", Outcome::TimedOut));
    let call = tokio::spawn(client.read_resource("a://b").into_future());
    settle().await;
    call.abort();
    settle().await;
    assert_eq!(record.take(), recorded("resources/read", Outcome::Cancelled));
    let lost = with(client.call_tool("t", &()), async { drop(fake) });
    lost.await.unwrap_err();
    assert_eq!(record.take(), recorded("tools/call t", Outcome::ConnectionFailed));
}

#[tokio::test(start_paused = true)]
async fn a_session_is_recorded_when_the_client_is_gone() {
    let record = Record::default();
    let (client, _fake, _) = legacy_with(builder(&record), "2025-11-25").await;
    tokio::time::advance(Duration::from_secs(3)).await;
    assert!(record.0.lock().unwrap().sessions.is_empty());
    drop(client);
    let (client, _fake) = modern_with(builder(&record)).await;
    drop(client);
    let sessions = std::mem::take(&mut record.0.lock().unwrap().sessions);
    let revisions: Vec<_> = sessions.iter().map(|end| (end.side, end.revision)).collect();
    assert_eq!(revisions, [(Side::Client, Revision::V2025_11_25)], "the modern era has none");
}
