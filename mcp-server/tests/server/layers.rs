//! Layers around the router.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcp_server::extract::Extension;
use mcp_server::jsonrpc::ErrorObject;
use mcp_server::layer::{ConcurrencyLimitLayer, Layer, TimeoutLayer, TraceLayer};
use mcp_server::service::{Notification, Reply, Request, Service};
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Revision, ServerBuilder};
use serde_json::{Value, json};

use crate::harness::{Client, Gate, Way, built, everywhere, named, server};

type Diary = Arc<Mutex<Vec<String>>>;

/// Writes down what passes, refuses a method, and leaves a mark for handlers.
#[derive(Clone)]
struct Watch {
    name: &'static str,
    diary: Diary,
    refuses: Option<&'static str>,
}

struct Mark(&'static str);

struct WatchService<S> {
    inner: S,
    watch: Watch,
}

impl<S> Layer<S> for Watch {
    type Service = WatchService<S>;

    fn layer(&self, inner: S) -> WatchService<S> {
        WatchService { inner, watch: self.clone() }
    }
}

impl<S: Service> Service for WatchService<S> {
    async fn call(&self, mut request: Request) -> Reply {
        let Watch { name, diary, refuses } = &self.watch;
        let note = |what: &str| diary.lock().unwrap().push(format!("{name} {what}"));
        note(&request.method);
        if refuses.is_some_and(|method| method == request.method) {
            return Err(ErrorObject::new(-31000, "not through here").into());
        }
        request.extensions.insert(Mark(name));
        let reply = self.inner.call(request).await;
        note("done");
        reply
    }

    async fn notify(&self, notification: Notification) {
        let Watch { name, diary, .. } = &self.watch;
        diary.lock().unwrap().push(format!("{name} {}", notification.method));
        self.inner.notify(notification).await;
    }
}

fn watch(name: &'static str, diary: &Diary) -> Watch {
    Watch { name, diary: Arc::clone(diary), refuses: None }
}

fn base() -> ServerBuilder {
    server().tool(ToolRoute::builder("t").handler(|| async { "ok" }))
}

#[tokio::test(start_paused = true)]
async fn the_layer_added_last_is_the_outermost() {
    let diary = Diary::default();
    everywhere(
        || base().layer(watch("in", &diary)).layer(watch("out", &diary)),
        async |client| {
            client.settle().await;
            diary.lock().unwrap().clear();
            client.tool("t", json!({})).await;
            client.notify("notifications/example", json!({}));
            client.settle().await;
            let expected = [
                "out tools/call",
                "in tools/call",
                "in done",
                "out done",
                "out notifications/example",
                "in notifications/example",
            ];
            assert_eq!(*diary.lock().unwrap(), expected);
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_layer_can_answer_itself() {
    let diary = Diary::default();
    let server = || {
        let outer = Watch { refuses: Some("tools/call"), ..watch("out", &diary) };
        base().layer(watch("in", &diary)).layer(outer)
    };
    everywhere(server, async |client| {
        client.settle().await;
        diary.lock().unwrap().clear();
        let error = client.err("tools/call", json!({"name": "t"})).await;
        assert_eq!((error.code, &*error.message), (-31000, "not through here"));
        assert_eq!(*diary.lock().unwrap(), ["out tools/call"]);
        client.ok("tools/list", json!({})).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_a_layer_puts_into_the_request_reaches_the_handler() {
    let diary = Diary::default();
    let server = || {
        let marked = |Extension(mark): Extension<Mark>, context: Context| async move {
            format!("{} {}", mark.0, context.extensions().get::<Mark>().is_some())
        };
        server().tool(ToolRoute::builder("marked").handler(marked)).layer(watch("mark", &diary))
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
async fn a_call_that_takes_too_long_is_dropped_and_answered() {
    let gate = Gate::new();
    let mut calls = 0;
    for &way in Way::ALL {
        for revision in Revision::ALL {
            let server = base()
                .tool(gate.tool("wait"))
                .layer(TimeoutLayer::new(Duration::from_millis(1_500)));
            let client = Client::connect(&built(server), way, revision).await;
            calls += 1;
            let before = tokio::time::Instant::now();
            let error = client.err("tools/call", json!({"name": "wait"})).await;
            assert_eq!(
                (error.code, &*error.message),
                (-32603, "the call took longer than 1500 ms")
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
    client.told_of("notifications/subscriptions/acknowledged").await;
    listen
}

#[tokio::test(start_paused = true)]
async fn a_subscription_is_meant_to_stay() {
    let layered = || {
        base().layer(TimeoutLayer::new(Duration::from_secs(1))).layer(ConcurrencyLimitLayer::new(1))
    };
    for &way in Way::ALL {
        let server = built(layered());
        let client = Client::connect(&server, way, Revision::V2026_07_28).await;
        let mut listen = listening(&client).await;
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(client.tool_text("t", json!({})).await, "ok", "it holds no place");
        assert!(!listen.is_answered());
        server.handle().remove_tool("t");
        client.told_of("notifications/tools/list_changed").await;
    }
}

#[tokio::test(start_paused = true)]
async fn concurrency_is_bounded_over_all_connections_in_order() {
    let gate = Gate::new();
    let server = built(base().tool(gate.tool("wait")).layer(ConcurrencyLimitLayer::new(2)));
    let one = Client::connect(&server, Way::Stream, Revision::V2025_11_25).await;
    let two = Client::connect(&server, Way::Memory, Revision::V2026_07_28).await;
    let mut calls = vec![one.start_tool("wait"), two.start_tool("wait")];
    gate.arrived(2).await;
    calls.push(one.start_tool("wait"));
    one.settle().await;
    let cancelled = two.start_tool("wait");
    two.settle().await;
    assert_eq!(gate.arrivals(), 2);
    two.cancel(&cancelled);
    gate.open(1);
    gate.arrived(3).await;
    gate.open(2);
    for call in calls {
        call.answer().await.unwrap();
    }
    assert_eq!(gate.arrivals(), 3, "who left the queue never ran");
}

#[tokio::test(start_paused = true)]
async fn trace_changes_no_answer() {
    async fn answers(
        server: ServerBuilder,
        way: Way,
        revision: Revision,
    ) -> Vec<Result<Value, crate::harness::Failure>> {
        let client = Client::connect(&built(server), way, revision).await;
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
    for &way in Way::ALL {
        for revision in Revision::ALL {
            named(&format!("{way:?} {revision}"), async {
                let plain = answers(base(), way, revision).await;
                assert_eq!(plain, answers(base().layer(TraceLayer::new()), way, revision).await);
            })
            .await;
        }
    }
}
