//! `notifications/cancelled`: the handler is dropped and the request is not answered. Spec:
//! basic/utilities/cancellation.

use mcp_server::layer::TraceLayer;
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Limits, Revision, ServerBuilder};
use mcp_test_support::message;
use mcp_test_support::{Gate, Log, settle};
use serde_json::json;

use crate::harness::{Client, Raw, Transport, built, everywhere, named, server, waiting_tool};

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_is_dropped_and_not_answered() {
    for &transport in Transport::ALL {
        for revision in Revision::ALL {
            let gate = Gate::new();
            let client = Client::connect(
                &built(server().tool(waiting_tool("wait", &gate))),
                transport,
                revision,
            )
            .await;
            named(&format!("{transport:?} {revision}"), async {
                let call = client.start_tool("wait");
                let other = client.start_tool("wait");
                gate.arrived(2).await;
                client.cancel(&call);
                gate.dropped(1).await;
                gate.open(2);
                assert_eq!(other.answer().await.unwrap()["content"][0]["text"], "through");
                assert_eq!(call.ended().await, None);
                assert_eq!(client.receive_all().await, [], "no message about it follows");
                assert_eq!(gate.passed(), 1);
            })
            .await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_is_logged() {
    let (log, _guard) = Log::capture();
    let gate = Gate::new();
    let traced = built(server().tool(waiting_tool("wait", &gate)).layer(TraceLayer::new()));
    let client = Client::connect(&traced, Transport::Stream, Revision::LATEST).await;
    let call = client.start_tool("wait");
    gate.arrived(1).await;
    client.cancel(&call);
    gate.dropped(1).await;
    client.ok("tools/list", json!({})).await;
    let text = log.text();
    let events = |event: &str| text.lines().filter(|line| line.contains(event)).count();
    assert_eq!(events("layer::trace: cancelled"), 1, "{text}");
    assert_eq!(events("layer::trace: answered"), 1, "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_not_logged_as_a_cancelled_call() {
    async fn panics() -> &'static str {
        panic!("out of coffee")
    }
    let (log, _guard) = Log::capture();
    let route = ToolRoute::builder("panics").handler(panics);
    let traced = built(server().tool(route).layer(TraceLayer::new()));
    let client = Client::connect(&traced, Transport::Memory, Revision::LATEST).await;
    let params = json!({"name": "panics", "arguments": {}});
    assert_eq!(client.request("tools/call", params).await.unwrap_err().code, -32603);
    let text = log.text();
    assert!(text.contains("layer::trace: panicked"), "{text}");
    assert!(!text.contains("layer::trace: cancelled"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_queued_call_that_is_cancelled_never_runs() {
    for &transport in Transport::CONNECTIONS {
        let gate = Gate::new();
        let mut limits = Limits::new();
        limits.connection.max_in_flight_requests = 1;
        let server = built(server().tool(waiting_tool("wait", &gate)).limits(limits));
        let client = Client::connect(&server, transport, Revision::V2025_11_25).await;
        let first = client.start_tool("wait");
        gate.arrived(1).await;
        let queued = client.start_tool("wait");
        let last = client.start_tool("wait");
        settle().await;
        client.cancel(&queued);
        settle().await;
        gate.open(3);
        first.answer().await.unwrap();
        last.answer().await.unwrap();
        assert_eq!(queued.ended().await, None);
        assert_eq!(gate.arrivals(), 2, "{transport:?}");
        assert_eq!(client.receive_all().await, []);
    }
}

#[tokio::test(start_paused = true)]
async fn cancelling_an_unknown_or_finished_request_is_ignored() {
    let echo = || server().tool(ToolRoute::builder("t").handler(|_: Context| async { "ok" }));
    everywhere(echo, async |client| {
        for params in [
            json!({"requestId": 99}),
            json!({"requestId": "x"}),
            json!({"requestId": null}),
            json!({}),
        ] {
            client.notify("notifications/cancelled", params);
        }
        let done = client.start_tool("t");
        let id = done.id.clone();
        done.answer().await.unwrap();
        client.notify("notifications/cancelled", json!({"requestId": id}));
        assert_eq!(client.tool_text("t", json!({})).await, "ok");
        assert_eq!(client.receive_all().await, []);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_distinguishes_the_types_of_ids() {
    let gate = Gate::new();
    let client = Client::connect(
        &built(server().tool(waiting_tool("wait", &gate))),
        Transport::Stream,
        Revision::V2025_11_25,
    )
    .await;
    let number = client.start_as(json!(7), "tools/call", json!({"name": "wait"}));
    let text = client.start_as(json!("7"), "tools/call", json!({"name": "wait"}));
    gate.arrived(2).await;
    client.cancel(&text);
    gate.dropped(1).await;
    gate.open(1);
    number.answer().await.unwrap();
}

/// With the default limits, 256 handlers wait and more calls are queued. A cancellation is still
/// handled and makes a queued call start.
#[tokio::test(start_paused = true)]
async fn a_cancellation_is_handled_at_the_in_flight_limit() {
    let gate = Gate::new();
    let client = Client::connect(
        &built(server().tool(waiting_tool("wait", &gate))),
        Transport::Stream,
        Revision::V2025_11_25,
    )
    .await;
    let mut stuck: Vec<_> = (0..256).map(|_| client.start_tool("wait")).collect();
    gate.arrived(256).await;
    let waiting: Vec<_> = (0..100).map(|_| client.start_tool("wait")).collect();
    settle().await;
    assert_eq!(gate.arrivals(), 256, "the others are queued");
    client.cancel(&stuck.swap_remove(17));
    gate.arrived(257).await;
    gate.dropped(1).await;
    gate.open(400);
    for call in stuck.into_iter().chain(waiting) {
        call.answer().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn the_id_of_a_cancelled_call_can_be_used_again() {
    let gate = Gate::new();
    let mut raw =
        Raw::session(&built(server().tool(waiting_tool("wait", &gate))), "2025-11-25").await;
    let call = message::call(5, "wait", json!({}));
    for round in 1..=3 {
        raw.send(&call).await;
        gate.arrived(round).await;
        let cancel = message::notification("notifications/cancelled", json!({"requestId": 5}));
        raw.send(&cancel).await;
        gate.dropped(round).await;
    }
    raw.send(&call).await;
    gate.open(1);
    assert_eq!(raw.next().await.unwrap()["result"]["content"][0]["text"], "through");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_withdraws_its_question() {
    let asking = || -> ServerBuilder {
        server().tool(ToolRoute::builder("ask").handler(|context: Context| async move {
            context.list_roots().await.map(|roots| roots.len().to_string())
        }))
    };
    for &transport in Transport::ALL {
        let setup = crate::harness::Setup::default().capabilities(json!({"roots": {}}));
        let client = setup.connect(&built(asking()), transport, Revision::V2025_11_25).await;
        let call = client.start_tool("ask");
        client.receive("roots/list").await;
        client.cancel(&call);
        assert_eq!(client.receive("notifications/cancelled").await["requestId"], 1);
        assert_eq!(call.ended().await, None);
    }
}
