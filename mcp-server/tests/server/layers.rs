//! Layers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcp_server::extract::Extension;
use mcp_server::jsonrpc::ErrorObject;
use mcp_server::layer::{ConcurrencyLimitLayer, Layer, TimeoutLayer, TraceLayer};
use mcp_server::service::{Notification, Reply, Request, Service};
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Revision, ServerBuilder};
use mcp_test_support::{Gate, settle};
use serde_json::{Value, json};

use crate::harness::{Client, Transport, built, everywhere, named, server, waiting_tool};

type Events = Arc<Mutex<Vec<String>>>;

/// Records what passes, refuses a method, and inserts an extension for handlers.
#[derive(Clone)]
struct Record {
    name: &'static str,
    events: Events,
    refuses: Option<&'static str>,
}

struct Mark(&'static str);

struct RecordService<S> {
    inner: S,
    record: Record,
}

impl<S> Layer<S> for Record {
    type Service = RecordService<S>;

    fn layer(&self, inner: S) -> RecordService<S> {
        RecordService { inner, record: self.clone() }
    }
}

impl<S: Service> Service for RecordService<S> {
    async fn call(&self, mut request: Request) -> Reply {
        let Record { name, events, refuses } = &self.record;
        let push = |what: &str| events.lock().unwrap().push(format!("{name} {what}"));
        push(&request.method);
        if refuses.is_some_and(|method| method == request.method) {
            return Err(ErrorObject::new(-31000, "refused by the layer").into());
        }
        request.extensions.insert(Mark(name));
        let reply = self.inner.call(request).await;
        push("done");
        reply
    }

    async fn notify(&self, notification: Notification) {
        let Record { name, events, .. } = &self.record;
        events.lock().unwrap().push(format!("{name} {}", notification.method));
        self.inner.notify(notification).await;
    }
}

fn record(name: &'static str, events: &Events) -> Record {
    Record { name, events: Arc::clone(events), refuses: None }
}

fn base() -> ServerBuilder {
    server().tool(ToolRoute::builder("t").handler(|| async { "ok" }))
}

#[tokio::test(start_paused = true)]
async fn the_layer_added_last_is_the_outermost() {
    let events = Events::default();
    everywhere(
        || base().layer(record("in", &events)).layer(record("out", &events)),
        async |client| {
            settle().await;
            events.lock().unwrap().clear();
            client.tool("t", json!({})).await;
            client.notify("notifications/example", json!({}));
            settle().await;
            let expected = [
                "out tools/call",
                "in tools/call",
                "in done",
                "out done",
                "out notifications/example",
                "in notifications/example",
            ];
            assert_eq!(*events.lock().unwrap(), expected);
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_layer_can_answer_a_request() {
    let events = Events::default();
    let server = || {
        let outer = Record { refuses: Some("tools/call"), ..record("out", &events) };
        base().layer(record("in", &events)).layer(outer)
    };
    everywhere(server, async |client| {
        settle().await;
        events.lock().unwrap().clear();
        let error = client.err("tools/call", json!({"name": "t"})).await;
        assert_eq!((error.code, &*error.message), (-31000, "refused by the layer"));
        assert_eq!(*events.lock().unwrap(), ["out tools/call"]);
        client.ok("tools/list", json!({})).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_extension_of_a_layer_reaches_the_handler() {
    let events = Events::default();
    let server = || {
        let marked = |Extension(mark): Extension<Mark>, context: Context| async move {
            format!("{} {}", mark.0, context.extensions().get::<Mark>().is_some())
        };
        server().tool(ToolRoute::builder("marked").handler(marked)).layer(record("mark", &events))
    };
    everywhere(server, async |client| {
        assert_eq!(client.tool_text("marked", json!({})).await, "mark true");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_missing_extension_is_an_internal_error() {
    let server =
        || server().tool(ToolRoute::builder("t").handler(|_: Extension<Mark>| async { "" }));
    everywhere(server, async |client| {
        let error = client.err("tools/call", json!({"name": "t"})).await;
        assert_eq!((error.code, &*error.message), (-32603, "internal error"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_exceeds_its_timeout_is_dropped_and_answered() {
    let gate = Gate::new();
    let mut calls = 0;
    for &transport in Transport::ALL {
        for revision in Revision::ALL {
            let server = base()
                .tool(waiting_tool("wait", &gate))
                .layer(TimeoutLayer::new(Duration::from_millis(1_500)));
            let client = Client::connect(&built(server), transport, revision).await;
            calls += 1;
            let before = tokio::time::Instant::now();
            let error = client.err("tools/call", json!({"name": "wait"})).await;
            assert_eq!(
                (error.code, &*error.message),
                (-32603, "the call exceeded its timeout of 1500 ms")
            );
            assert_eq!(before.elapsed().as_millis(), 1_500);
            gate.dropped(calls).await;
            assert_eq!(client.tool_text("t", json!({})).await, "ok");
        }
    }
}

async fn listening(client: &Client) -> crate::harness::Call {
    let listen =
        client.start("subscriptions/listen", json!({"notifications": {"toolsListChanged": true}}));
    client.receive("notifications/subscriptions/acknowledged").await;
    listen
}

#[tokio::test(start_paused = true)]
async fn subscriptions_are_exempt_from_timeouts_and_concurrency_limits() {
    let layered = || {
        base().layer(TimeoutLayer::new(Duration::from_secs(1))).layer(ConcurrencyLimitLayer::new(1))
    };
    for &transport in Transport::ALL {
        let server = built(layered());
        let client = Client::connect(&server, transport, Revision::V2026_07_28).await;
        let mut listen = listening(&client).await;
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(
            client.tool_text("t", json!({})).await,
            "ok",
            "the subscription holds no permit"
        );
        assert!(!listen.is_answered());
        server.handle().remove_tool("t");
        client.receive("notifications/tools/list_changed").await;
    }
}

#[tokio::test(start_paused = true)]
async fn concurrency_is_limited_over_all_connections_in_order() {
    let gate = Gate::new();
    let server =
        built(base().tool(waiting_tool("wait", &gate)).layer(ConcurrencyLimitLayer::new(2)));
    let one = Client::connect(&server, Transport::Stream, Revision::V2025_11_25).await;
    let two = Client::connect(&server, Transport::Memory, Revision::V2026_07_28).await;
    let mut calls = vec![one.start_tool("wait"), two.start_tool("wait")];
    gate.arrived(2).await;
    calls.push(one.start_tool("wait"));
    settle().await;
    let cancelled = two.start_tool("wait");
    settle().await;
    assert_eq!(gate.arrivals(), 2);
    two.cancel(&cancelled);
    gate.open(1);
    gate.arrived(3).await;
    gate.open(2);
    for call in calls {
        call.answer().await.unwrap();
    }
    assert_eq!(gate.arrivals(), 3, "the cancelled call never ran");
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_a_limited_time() {
    for (max_wait, is_answered) in [(Duration::from_secs(5), true), (Duration::ZERO, false)] {
        let gate = Gate::new();
        let layer = ConcurrencyLimitLayer::new(1).max_wait(max_wait);
        let server = built(base().tool(waiting_tool("wait", &gate)).layer(layer));
        let client = Client::connect(&server, Transport::Stream, Revision::V2026_07_28).await;
        let running = client.start_tool("wait");
        gate.arrived(1).await;
        let waiting = client.start("tools/call", json!({"name": "t"}));
        settle().await;
        if is_answered {
            tokio::time::advance(max_wait / 2).await;
            gate.open(1);
            waiting.answer().await.unwrap();
        } else {
            let error = waiting.answer().await.unwrap_err();
            assert_eq!(error.code, -32603);
            assert_eq!(error.data, Some(json!({"retryable": true, "retryAfterMs": 1_000})));
            gate.open(1);
        }
        running.answer().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn tracing_does_not_change_answers() {
    async fn answers(
        server: ServerBuilder,
        transport: Transport,
        revision: Revision,
    ) -> Vec<Result<Value, crate::harness::Failure>> {
        let client = Client::connect(&built(server), transport, revision).await;
        let mut answers = Vec::new();
        for (method, params) in [
            ("tools/call", json!({"name": "t"})),
            ("tools/call", json!({"name": "none"})),
            ("tools/call", json!({"name": {"not": "a name"}})),
            ("tools/list", json!({})),
            ("resources/read", json!({"uri": "a://b"})),
            ("no/such", json!({})),
        ] {
            answers.push(client.request(method, params).await);
        }
        answers
    }
    for &transport in Transport::ALL {
        for revision in Revision::ALL {
            named(&format!("{transport:?} {revision}"), async {
                let plain = answers(base(), transport, revision).await;
                assert_eq!(
                    plain,
                    answers(base().layer(TraceLayer::new()), transport, revision).await
                );
            })
            .await;
        }
    }
}
