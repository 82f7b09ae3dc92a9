//! Spans, durations and trace context of calls.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcp_server::telemetry::{Operation, Outcome, SessionEnd, Side, Telemetry, TraceContext};
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, ServerBuilder, ToolError};
use mcp_test_support::{Gate, Log, settle};
use serde_json::{Value, json};
use tracing::Span;

use crate::harness::{Client, Transport, built, everywhere, server, waiting_tool};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Keeps what it receives, and logs the end of each call in its span.
#[derive(Clone, Default)]
struct Record(Arc<Mutex<Recorded>>);

#[derive(Default)]
struct Recorded {
    operations: Vec<(String, Option<String>, Outcome)>,
    parents: Vec<TraceContext>,
    sessions: Vec<SessionEnd>,
}

impl Telemetry for Record {
    fn extract(&self, _: &Span, context: &TraceContext) {
        self.0.lock().unwrap().parents.push(context.clone());
    }

    fn operation(&self, operation: &Operation, _: Duration, outcome: Outcome) {
        tracing::info!("recorded");
        assert_eq!(operation.side, Side::Server);
        let error = outcome.error_type().map(Into::into);
        let mut recorded = self.0.lock().unwrap();
        recorded.operations.push((operation.span_name(), error, outcome));
    }

    fn session(&self, end: &SessionEnd) {
        self.0.lock().unwrap().sessions.push(end.clone());
    }
}

impl Record {
    /// The names of the spans since the last call, with the type of their error.
    fn take(&self) -> Vec<(String, Option<String>)> {
        let operations = std::mem::take(&mut self.0.lock().unwrap().operations);
        operations.into_iter().map(|(name, error, _)| (name, error)).collect()
    }
}

fn base() -> ServerBuilder {
    let fails = || async { Err::<String, _>(ToolError::new("it failed")) };
    let trace = |context: Context| async move {
        let trace = context.trace_context();
        trace.and_then(|trace| trace.traceparent().map(str::to_owned)).unwrap_or_default()
    };
    server()
        .tool(ToolRoute::builder("t").handler(|| async { "ok" }))
        .tool(ToolRoute::builder("fails").handler(fails))
        .tool(ToolRoute::builder("trace").handler(trace))
}

/// The lines of a log about requests of one method.
fn lines<'a>(log: &'a str, method: &str) -> Vec<&'a str> {
    let field = format!("mcp.method.name=\"{method}\"");
    log.lines().filter(|line| line.contains(&field) && line.contains("recorded")).collect()
}

#[tokio::test(start_paused = true)]
async fn each_call_has_a_span_with_the_fields_of_the_conventions() {
    let (log, _guard) = Log::capture();
    everywhere(
        || base().telemetry(Record::default()),
        async |client| {
            let before = log.text().len();
            client.tool("t", json!({})).await;
            let long = format!("x\ny{}", "z".repeat(100_000));
            client.err("tools/call", json!({"name": long})).await;
            client.tool("fails", json!({})).await;
            let text = log.text().split_off(before);
            let [worked, unknown, failed] = lines(&text, "tools/call")[..] else {
                panic!("{text}");
            };
            let version = format!("mcp.protocol.version=\"{}\"", client.revision);
            for field in [
                "mcp.server{",
                "otel.name=tools/call t ",
                "otel.kind=\"server\"",
                "gen_ai.tool.name=t ",
                "gen_ai.operation.name=\"execute_tool\"",
                "jsonrpc.request.id=",
                "network.transport=",
                &version,
            ] {
                assert!(worked.contains(field), "{field}: {worked}");
            }
            assert!(!worked.contains("error.type"), "{worked}");
            for field in [
                "otel.name=tools/call otel",
                "gen_ai.tool.name=x\\nyzzz",
                "error.type=\"-32602\"",
                "rpc.response.status_code=-32602",
                "otel.status_code=\"ERROR\"",
            ] {
                assert!(unknown.contains(field), "{field}: {unknown}");
            }
            assert!(unknown.len() < 10_000, "the caller chose the name");
            assert!(failed.contains("error.type=\"tool_error\""), "{failed}");
            assert!(!failed.contains("rpc.response.status_code"), "{failed}");
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_the_client_cancels_is_recorded_once() {
    for &transport in Transport::ALL {
        for revision in mcp_server::Revision::ALL {
            let (gate, record) = (Gate::new(), Record::default());
            let server = base().tool(waiting_tool("wait", &gate)).telemetry(record.clone());
            let client = Client::connect(&built(server), transport, revision).await;
            record.take();
            let call = client.start_tool("wait");
            gate.arrived(1).await;
            client.cancel(&call);
            gate.dropped(1).await;
            settle().await;
            let cancelled = ("tools/call wait".to_owned(), Some("cancelled".to_owned()));
            assert_eq!(record.take(), [cancelled], "{transport:?} {revision}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn handshakes_and_sessions_are_recorded() {
    for &transport in Transport::CONNECTIONS {
        for revision in mcp_server::Revision::ALL {
            let record = Record::default();
            let server = built(base().telemetry(record.clone()));
            let client = Client::connect(&server, transport, revision).await;
            client.tool("t", json!({})).await;
            let is_legacy = crate::harness::LEGACY.contains(&revision);
            let names: Vec<_> = record.take().into_iter().map(|(name, _)| name).collect();
            assert_eq!(names.contains(&"initialize".to_owned()), is_legacy, "{names:?}");
            client.close();
            settle().await;
            drop(client);
            settle().await;
            let sessions = &record.0.lock().unwrap().sessions;
            let revisions: Vec<_> = sessions.iter().map(|end| end.revision).collect();
            assert_eq!(revisions, if is_legacy { vec![revision] } else { vec![] });
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_trace_of_the_caller_is_known_to_the_handler_and_to_the_telemetry() {
    let record = Record::default();
    everywhere(
        || base().telemetry(record.clone()),
        async |client| {
            let call = async |meta: Value| {
                let params = json!({ "name": "trace", "_meta": meta });
                client.ok("tools/call", params).await["content"][0]["text"].clone()
            };
            let state = "vendor=1";
            assert_eq!(call(json!({ "traceparent": PARENT, "tracestate": state })).await, PARENT);
            let parents = std::mem::take(&mut record.0.lock().unwrap().parents);
            assert_eq!(parents.len(), 1);
            assert_eq!(parents[0].tracestate(), Some(state));
            assert_eq!(call(json!({ "traceparent": "00-forged\n" })).await, "");
            assert_eq!(call(json!({ "traceparent": 7, "baggage": [] })).await, "");
            assert!(record.0.lock().unwrap().parents.is_empty());
        },
    )
    .await;
}
