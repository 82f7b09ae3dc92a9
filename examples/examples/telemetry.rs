//! OpenTelemetry: one trace through a client and a server, and the durations of their requests,
//! sent to a collector by OTLP.
//!
//! `cargo run -p mcp-examples --features otel --example telemetry`
//!
//! It sends to the collector at `http://127.0.0.1:4318`, or at the URL in
//! `OTEL_EXPORTER_OTLP_ENDPOINT`, and logs to standard error. With `cargo test` a receiver of the
//! test takes the place of the collector.

use std::io::{Error, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use async_trait::async_trait;
use mcp_client::Client;
use mcp_server::telemetry::OpenTelemetry;
use mcp_server::{Server, ToolError, routes, tool};
use opentelemetry::global;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{
    ExporterBuildError, MetricExporter, Protocol, SpanExporter, WithExportConfig as _,
    WithHttpConfig as _,
};
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use serde_json::json;
use tracing::Instrument as _;
use tracing_subscriber::layer::SubscriberExt as _;

/// Divide two numbers.
#[tool]
async fn divide(a: f64, b: f64) -> Result<f64, ToolError> {
    // In the trace, this event is a part of the span of the call.
    tracing::info!(a, b, "dividing");
    if b == 0.0 {
        return Err(ToolError::new("b must not be zero"));
    }
    Ok(a / b)
}

/// The SDK of OpenTelemetry: what sends spans and metrics.
struct Providers {
    tracers: SdkTracerProvider,
    meters: SdkMeterProvider,
}

impl Providers {
    fn new(collector: &str) -> Result<Self, ExporterBuildError> {
        let spans = SpanExporter::builder()
            .with_http()
            .with_http_client(Plain)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{collector}/v1/traces"))
            .build()?;
        let metrics = MetricExporter::builder()
            .with_http()
            .with_http_client(Plain)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{collector}/v1/metrics"))
            .build()?;
        Ok(Self {
            tracers: SdkTracerProvider::builder().with_batch_exporter(spans).build(),
            meters: SdkMeterProvider::builder()
                .with_reader(PeriodicReader::builder(metrics).build())
                .build(),
        })
    }

    /// A subscriber that sends spans to the collector, and writes a log to standard error.
    fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        tracing_subscriber::registry()
            .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr))
            .with(tracing_subscriber::filter::LevelFilter::INFO)
            .with(tracing_opentelemetry::layer().with_tracer(self.tracers.tracer("example")))
    }

    fn telemetry(&self) -> OpenTelemetry {
        use opentelemetry::metrics::MeterProvider as _;
        OpenTelemetry::with_meter(&self.meters.meter("mcp"))
    }

    /// Sends what was not sent yet, and stops.
    fn shutdown(&self) -> Result<(), Box<dyn std::error::Error>> {
        self.tracers.shutdown()?;
        self.meters.shutdown()?;
        Ok(())
    }
}

/// Serves over HTTP, and calls the tool twice as a part of one trace.
async fn call(providers: &Providers) -> Result<(), Box<dyn std::error::Error>> {
    // Without a propagator no context is sent.
    global::set_text_map_propagator(TraceContextPropagator::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/mcp", listener.local_addr()?);
    let server = Server::builder("calculator", "1.0.0")
        .routes(routes![divide])
        .telemetry(providers.telemetry())
        .into_service()?;
    let serving = tokio::spawn(async move { axum::serve(listener, router(server)).await });
    async {
        let client = Client::builder().telemetry(providers.telemetry()).connect_http(&url).await?;
        client.call_tool("divide", &json!({ "a": 6, "b": 4 })).await?;
        client.call_tool("divide", &json!({ "a": 1, "b": 0 })).await?;
        client.close().await;
        Ok::<(), mcp_client::Error>(())
    }
    .instrument(tracing::info_span!("agent"))
    .await?;
    serving.abort();
    Ok(())
}

fn router(server: mcp_server::http::HttpService) -> axum::Router {
    axum::Router::new().route_service("/mcp", server)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let collector = std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT");
    let providers = Providers::new(collector.as_deref().unwrap_or("http://127.0.0.1:4318"))?;
    tracing::subscriber::set_global_default(providers.subscriber())?;
    call(&providers).await?;
    // It blocks until the collector has answered.
    tokio::task::spawn_blocking(move || providers.shutdown().map_err(|error| error.to_string()))
        .await??;
    Ok(())
}

/// Sends to a collector without TLS, such as one on the same machine. The feature
/// `reqwest-blocking-client` of `opentelemetry-otlp`, on by default, has a client for any other;
/// this one keeps the example small.
#[derive(Debug)]
struct Plain;

#[async_trait]
impl HttpClient for Plain {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        // The exporters call it on threads of their own, so it may block.
        let authority = request.uri().authority().ok_or("the URL has no host")?;
        let mut stream = TcpStream::connect(authority.as_str())?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(
            stream,
            "POST {} HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/x-protobuf\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            request.uri().path(),
            request.body().len(),
        )?;
        stream.write_all(request.body())?;
        let mut head = [0; 12]; // HTTP/1.1 200
        stream.read_exact(&mut head)?;
        let status: u16 = std::str::from_utf8(&head[9..])?.parse()?;
        Response::builder().status(status).body(Bytes::new()).map_err(|e| Error::other(e).into())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::io::{BufRead as _, BufReader};
    use std::net::TcpListener;
    use std::sync::{Arc, Mutex};

    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
    use opentelemetry_proto::tonic::metrics::v1::metric::Data;
    use opentelemetry_proto::tonic::trace::v1::Span;

    use super::*;

    /// A collector that keeps what arrives.
    #[derive(Clone, Default)]
    struct Receiver(Arc<Mutex<Vec<Posted>>>);

    /// The path and the body of a request.
    type Posted = (String, Vec<u8>);

    impl Receiver {
        /// Receives on a thread, which ends with the process. Returns the URL too.
        fn start() -> (Self, String) {
            let receiver = Self::default();
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let received = Arc::clone(&receiver.0);
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    received.lock().unwrap().push(receive(stream.unwrap()));
                }
            });
            (receiver, url)
        }

        fn bodies<T: prost::Message + Default>(&self, path: &str) -> Vec<T> {
            let received = self.0.lock().unwrap();
            let bodies = received.iter().filter(|(at, _)| at == path);
            bodies.map(|(_, body)| T::decode(&body[..]).unwrap()).collect()
        }

        fn spans(&self) -> Vec<Span> {
            let requests: Vec<ExportTraceServiceRequest> = self.bodies("/v1/traces");
            let scopes = requests.into_iter().flat_map(|request| request.resource_spans);
            scopes.flat_map(|it| it.scope_spans).flat_map(|it| it.spans).collect()
        }

        /// The attributes and the count of each point of a histogram.
        fn points(&self, name: &str) -> Vec<(HashMap<String, String>, u64)> {
            let requests: Vec<ExportMetricsServiceRequest> = self.bodies("/v1/metrics");
            let scopes = requests.into_iter().flat_map(|request| request.resource_metrics);
            let metrics = scopes.flat_map(|it| it.scope_metrics).flat_map(|it| it.metrics);
            let mut points = Vec::new();
            for metric in metrics.filter(|metric| metric.name == name) {
                assert_eq!(metric.unit, "s");
                let Some(Data::Histogram(histogram)) = metric.data else { panic!("{name}") };
                for point in histogram.data_points {
                    assert_eq!(point.explicit_bounds.len(), 14, "{name}");
                    points.push((attributes(&point.attributes), point.count));
                }
            }
            points
        }
    }

    fn receive(stream: TcpStream) -> Posted {
        let mut reader = BufReader::new(&stream);
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if line.trim().is_empty() {
                break;
            }
            head.push(line.to_ascii_lowercase());
        }
        let length = head.iter().find_map(|line| line.strip_prefix("content-length:")).unwrap();
        let mut body = vec![0; length.trim().parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        (&stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        let path = head[0].split_whitespace().nth(1).unwrap().to_owned();
        (path, body)
    }

    fn attributes(attributes: &[KeyValue]) -> HashMap<String, String> {
        let text = |attribute: &KeyValue| match &attribute.value.as_ref().unwrap().value {
            Some(Value::StringValue(text)) => text.clone(),
            Some(Value::IntValue(number)) => number.to_string(),
            other => format!("{other:?}"),
        };
        attributes.iter().map(|it| (it.key.clone(), text(it))).collect()
    }

    /// The spans of one side about calls of the tool, in the order of the calls.
    fn calls(spans: &[Span], kind: i32) -> Vec<&Span> {
        let is_call = |span: &&Span| span.name == "tools/call divide" && span.kind == kind;
        let mut calls: Vec<_> = spans.iter().filter(is_call).collect();
        calls.sort_by_key(|span| span.start_time_unix_nano);
        calls
    }

    const SERVER: i32 = 2;
    const CLIENT: i32 = 3;

    #[tokio::test]
    async fn a_call_is_one_trace_and_is_measured_on_both_sides() {
        let (receiver, url) = Receiver::start();
        let providers = Providers::new(&url).unwrap();
        // The client and the server are tasks of this thread.
        let guard = tracing::subscriber::set_default(providers.subscriber());
        call(&providers).await.unwrap();
        drop(guard);
        providers.shutdown().unwrap();

        let spans = receiver.spans();
        let agent = spans.iter().find(|span| span.name == "agent").unwrap();
        let (clients, servers) = (calls(&spans, CLIENT), calls(&spans, SERVER));
        assert_eq!((clients.len(), servers.len()), (2, 2), "{spans:#?}");
        for (client, server) in clients.iter().zip(&servers) {
            assert_eq!(client.parent_span_id, agent.span_id);
            assert_eq!(server.parent_span_id, client.span_id);
            assert_eq!(client.trace_id, agent.trace_id);
            assert_eq!(server.trace_id, agent.trace_id);
            let (sent, received) = (attributes(&client.attributes), attributes(&server.attributes));
            for key in ["mcp.method.name", "gen_ai.tool.name", "jsonrpc.request.id"] {
                assert_eq!(sent[key], received[key]);
            }
            assert_eq!(sent["server.address"], "127.0.0.1");
            assert_eq!(received["network.transport"], "tcp");
        }
        let worked = attributes(&servers[0].attributes);
        assert_eq!((&*worked["gen_ai.tool.name"], worked.get("error.type")), ("divide", None));
        for failed in [clients[1], servers[1]] {
            assert_eq!(attributes(&failed.attributes)["error.type"], "tool_error");
            assert_eq!(failed.status.as_ref().unwrap().code, 2, "an error");
        }
        assert!(servers[0].events.iter().any(|event| event.name == "dividing"), "{servers:?}");

        for name in ["mcp.client.operation.duration", "mcp.server.operation.duration"] {
            let points = receiver.points(name);
            let calls: Vec<_> = points
                .iter()
                .filter(|(attributes, _)| attributes["mcp.method.name"] == "tools/call")
                .collect();
            assert_eq!(calls.len(), 2, "{name}: {points:?}");
            for (attributes, count) in calls {
                assert_eq!(*count, 1);
                assert_eq!(attributes["gen_ai.tool.name"], "divide");
                assert_eq!(attributes["gen_ai.operation.name"], "execute_tool");
                assert_eq!(attributes["mcp.protocol.version"], "2026-07-28");
                assert_eq!(attributes["network.protocol.name"], "http");
                assert!(attributes.get("error.type").is_none_or(|error| error == "tool_error"));
                assert!(!attributes.contains_key("jsonrpc.request.id"), "any number of values");
            }
        }
    }
}
