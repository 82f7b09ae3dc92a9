//! `notifications/cancelled`: the handler is dropped and nothing is answered. Spec:
//! basic/utilities/cancellation.

use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Limits, Revision, ServerBuilder};
use serde_json::json;

use crate::harness::{Client, Gate, Raw, Way, built, everywhere, named, server};

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_is_dropped_and_not_answered() {
    for &way in Way::ALL {
        for revision in Revision::ALL {
            let gate = Gate::new();
            let client =
                Client::connect(&built(server().tool(gate.tool("wait"))), way, revision).await;
            named(&format!("{way:?} {revision}"), async {
                let call = client.start_tool("wait");
                let other = client.start_tool("wait");
                gate.arrived(2).await;
                client.cancel(&call);
                gate.dropped(1).await;
                gate.open(2);
                assert_eq!(other.answer().await.unwrap()["content"][0]["text"], "through");
                assert_eq!(call.ended().await, None);
                assert_eq!(client.all_told().await, [], "nothing more is heard of it");
                assert_eq!(gate.passed(), 1);
            })
            .await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_queued_call_that_is_cancelled_never_runs() {
    for &way in Way::CONNECTIONS {
        let gate = Gate::new();
        let mut limits = Limits::new();
        limits.connection.max_in_flight_requests = 1;
        let server = built(server().tool(gate.tool("wait")).limits(limits));
        let client = Client::connect(&server, way, Revision::V2025_11_25).await;
        let first = client.start_tool("wait");
        gate.arrived(1).await;
        let queued = client.start_tool("wait");
        let last = client.start_tool("wait");
        client.settle().await;
        client.cancel(&queued);
        client.settle().await;
        gate.open(3);
        first.answer().await.unwrap();
        last.answer().await.unwrap();
        assert_eq!(queued.ended().await, None);
        assert_eq!(gate.arrivals(), 2, "{way:?}");
        assert_eq!(client.all_told().await, []);
    }
}

#[tokio::test(start_paused = true)]
async fn cancelling_the_unknown_and_the_done_is_ignored() {
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
        assert_eq!(client.all_told().await, []);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_id_is_cancelled_as_the_type_it_is() {
    let gate = Gate::new();
    let client = Client::connect(
        &built(server().tool(gate.tool("wait"))),
        Way::Stream,
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

/// The default bounds: 256 handlers are stuck, more wait, and still a cancel gets through and frees
/// a place.
#[tokio::test(start_paused = true)]
async fn a_cancel_gets_through_while_every_place_is_taken() {
    let gate = Gate::new();
    let client = Client::connect(
        &built(server().tool(gate.tool("wait"))),
        Way::Stream,
        Revision::V2025_11_25,
    )
    .await;
    let mut stuck: Vec<_> = (0..256).map(|_| client.start_tool("wait")).collect();
    gate.arrived(256).await;
    let waiting: Vec<_> = (0..100).map(|_| client.start_tool("wait")).collect();
    client.settle().await;
    assert_eq!(gate.arrivals(), 256, "the others wait");
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
    let mut raw = Raw::session(&built(server().tool(gate.tool("wait"))), "2025-11-25").await;
    let call =
        json!({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "wait"}});
    for round in 1..=3 {
        raw.send(&call).await;
        gate.arrived(round).await;
        raw.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 5}}))
            .await;
        gate.dropped(round).await;
    }
    raw.send(&call).await;
    gate.open(1);
    assert_eq!(raw.next().await.unwrap()["result"]["content"][0]["text"], "through");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_cancelled_withdraws_its_own_question() {
    let asking = || -> ServerBuilder {
        server().tool(ToolRoute::builder("ask").handler(|context: Context| async move {
            context.list_roots().await.map(|roots| roots.len().to_string())
        }))
    };
    for &way in Way::ALL {
        let setup = crate::harness::Setup::default().capabilities(json!({"roots": {}}));
        let client = setup.connect(&built(asking()), way, Revision::V2025_11_25).await;
        let call = client.start_tool("ask");
        client.told_of("roots/list").await;
        client.cancel(&call);
        assert_eq!(client.told_of("notifications/cancelled").await["requestId"], 1);
        assert_eq!(call.ended().await, None);
    }
}
