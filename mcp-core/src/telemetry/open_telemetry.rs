//! OpenTelemetry: metrics by its API, and the context of traces by its propagators.

use std::fmt;
use std::time::Duration;

use opentelemetry::metrics::{Histogram, Meter};
use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry::{Context, KeyValue, global};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::attribute::{
    CLIENT_OPERATION_DURATION, CLIENT_SESSION_DURATION, DURATION_BOUNDS, ERROR_TYPE, EXECUTE_TOOL,
    METHOD_NAME, NETWORK_PROTOCOL_NAME, NETWORK_TRANSPORT, OPERATION_NAME, PROMPT_NAME,
    PROTOCOL_VERSION, SERVER_ADDRESS, SERVER_OPERATION_DURATION, SERVER_PORT,
    SERVER_SESSION_DURATION, STATUS_CODE, TOOL_NAME,
};
use super::{
    NetworkTransport, Operation, Outcome, SessionEnd, Side, TargetKind, Telemetry, TraceContext,
};
use crate::meta::{BAGGAGE, TRACEPARENT, TRACESTATE};
use crate::revision::Revision;

/// Records the histograms of the conventions, and carries the context of traces between the spans
/// of `tracing-opentelemetry` and `_meta`.
///
/// It uses the API of OpenTelemetry only: the program chooses the SDK, the exporter, the propagator
/// (`opentelemetry::global::set_text_map_propagator`) and the subscriber
/// (`tracing_opentelemetry::layer`). Without a propagator no context is carried, and without a
/// provider of meters nothing is measured. Of what a propagator writes, `_meta` receives
/// `traceparent`, `tracestate` and `baggage`.
///
/// The context of a request becomes the parent of its span. A span around it, such as that of an
/// HTTP server, is linked.
///
/// ```
/// use mcp_core::telemetry::OpenTelemetry;
///
/// let telemetry = OpenTelemetry::new();
/// ```
pub struct OpenTelemetry {
    client: Histograms,
    server: Histograms,
}

/// The histograms of a side.
struct Histograms {
    operations: Histogram<f64>,
    sessions: Histogram<f64>,
}

impl OpenTelemetry {
    /// Uses the global provider of meters. Set that one first.
    #[must_use]
    pub fn new() -> Self {
        Self::with_meter(&global::meter("mcp"))
    }

    /// Uses this meter.
    #[must_use]
    pub fn with_meter(meter: &Meter) -> Self {
        let histogram = |name, description| {
            meter
                .f64_histogram(name)
                .with_unit("s")
                .with_description(description)
                .with_boundaries(DURATION_BOUNDS.to_vec())
                .build()
        };
        Self {
            client: Histograms {
                operations: histogram(
                    CLIENT_OPERATION_DURATION,
                    "Duration of the request as the sender observes it, until the response.",
                ),
                sessions: histogram(
                    CLIENT_SESSION_DURATION,
                    "Duration of the session as the client observes it.",
                ),
            },
            server: Histograms {
                operations: histogram(
                    SERVER_OPERATION_DURATION,
                    "Duration of the request as the receiver observes it, until the response.",
                ),
                sessions: histogram(
                    SERVER_SESSION_DURATION,
                    "Duration of the session as the server observes it.",
                ),
            },
        }
    }

    fn of(&self, side: Side) -> &Histograms {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }
}

impl Default for OpenTelemetry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for OpenTelemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenTelemetry")
    }
}

impl Telemetry for OpenTelemetry {
    fn inject(&self, span: &Span) -> Option<TraceContext> {
        let mut context = span.context();
        if !context.span().span_context().is_valid() {
            // The program may use the API of OpenTelemetry without `tracing`.
            context = Context::current();
        }
        let mut written = Written::default();
        global::get_text_map_propagator(|it| it.inject_context(&context, &mut written));
        let Written([traceparent, tracestate, baggage]) = &written;
        TraceContext::new(traceparent.as_deref(), tracestate.as_deref(), baggage.as_deref())
    }

    fn extract(&self, span: &Span, context: &TraceContext) {
        let read = |into: &Context| {
            global::get_text_map_propagator(|it| it.extract_with_context(into, &Received(context)))
        };
        let around = Span::current().context();
        let remote = read(&Context::new());
        let parent = remote.span().span_context().clone();
        let context = if parent.is_valid() {
            let ambient = around.span().span_context().clone();
            // In one process both may be the span of the client.
            if ambient.is_valid() && ambient.span_id() != parent.span_id() {
                span.add_link(ambient);
            }
            remote
        } else {
            read(&around)
        };
        // An error means that the subscriber does not use OpenTelemetry.
        drop(span.set_parent(context));
    }

    fn operation(&self, operation: &Operation, duration: Duration, outcome: Outcome) {
        let Operation { side, method, target, revision, transport, server } = operation;
        let mut attributes = vec![KeyValue::new(METHOD_NAME, method.to_string())];
        if operation.is_tool_call() {
            attributes.push(KeyValue::new(OPERATION_NAME, EXECUTE_TOOL));
        }
        if let Some(target) = target.as_ref().filter(|target| target.is_known) {
            let key = match target.kind {
                TargetKind::Tool => TOOL_NAME,
                TargetKind::Prompt | TargetKind::Resource => PROMPT_NAME,
            };
            attributes.push(KeyValue::new(key, target.name.clone()));
        }
        if let Some(error) = outcome.error_type() {
            attributes.push(KeyValue::new(ERROR_TYPE, error));
        }
        if let Some(code) = outcome.code() {
            attributes.push(KeyValue::new(STATUS_CODE, code.to_string()));
        }
        add_connection(&mut attributes, *revision, *transport, server.as_ref());
        self.of(*side).operations.record(duration.as_secs_f64(), &attributes);
    }

    fn session(&self, end: &SessionEnd) {
        let mut attributes = Vec::new();
        let revision = Some(end.revision);
        add_connection(&mut attributes, revision, end.transport, end.server.as_ref());
        self.of(end.side).sessions.record(end.duration.as_secs_f64(), &attributes);
    }
}

/// Adds the attributes that operations and sessions have.
fn add_connection(
    attributes: &mut Vec<KeyValue>,
    revision: Option<Revision>,
    transport: Option<NetworkTransport>,
    server: Option<&(String, u16)>,
) {
    if let Some(revision) = revision {
        attributes.push(KeyValue::new(PROTOCOL_VERSION, revision.as_str()));
    }
    if let Some(transport) = transport {
        attributes.push(KeyValue::new(NETWORK_TRANSPORT, transport.as_str()));
        if let Some(protocol) = transport.protocol() {
            attributes.push(KeyValue::new(NETWORK_PROTOCOL_NAME, protocol));
        }
    }
    if let Some((host, port)) = server {
        attributes.push(KeyValue::new(SERVER_ADDRESS, host.clone()));
        attributes.push(KeyValue::new(SERVER_PORT, i64::from(*port)));
    }
}

/// The keys of `_meta` that carry a context.
const KEYS: [&str; 3] = [TRACEPARENT, TRACESTATE, BAGGAGE];

/// What a propagator writes.
#[derive(Default)]
struct Written([Option<String>; 3]);

impl Injector for Written {
    fn set(&mut self, key: &str, value: String) {
        if let Some(at) = KEYS.iter().position(|known| *known == key) {
            self.0[at] = Some(value);
        }
    }
}

/// What a propagator reads.
struct Received<'a>(&'a TraceContext);

impl Extractor for Received<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.members().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.members().map(|(key, _)| key).collect()
    }
}
