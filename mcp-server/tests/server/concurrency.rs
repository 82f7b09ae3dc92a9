//! Calls side by side, and how many there may be.

use mcp_server::{Limits, Revision, ServerBuilder};
use serde_json::json;

use crate::harness::{Call, Client, Gate, Way, built, everywhere, named, server};

fn limited(gate: &Gate, change: impl FnOnce(&mut Limits)) -> ServerBuilder {
    let mut limits = Limits::new();
    change(&mut limits);
    server()
        .tool(gate.tool("wait"))
        .tool(mcp_server::tool::ToolRoute::builder("quick").handler(|| async { "ok" }))
        .limits(limits)
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_holds_up_nobody() {
    let gate = Gate::new();
    everywhere(
        || limited(&gate, |_| ()),
        async |client| {
            let before = gate.arrivals();
            let slow = client.start_tool("wait");
            gate.arrived(before + 1).await;
            for _ in 0..10 {
                assert_eq!(client.tool_text("quick", json!({})).await, "ok");
            }
            gate.open(1);
            slow.answer().await.unwrap();
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_run_than_may_and_the_rest_run_in_order() {
    for &way in Way::CONNECTIONS {
        let gate = Gate::new();
        let server = built(limited(&gate, |limits| limits.connection.max_in_flight_requests = 3));
        let client = Client::connect(&server, way, Revision::V2026_07_28).await;
        named(&format!("{way:?}"), async {
            let calls: Vec<_> = (0..8).map(|_| client.start_tool("wait")).collect();
            for passed in 0..5 {
                client.settle().await;
                assert_eq!(gate.arrivals(), 3 + passed);
                gate.open(1);
                gate.arrived(4 + passed).await;
            }
            gate.open(3);
            for call in calls {
                call.answer().await.unwrap();
            }
        })
        .await;
    }
}

fn is_refused(answer: &crate::harness::Answered) -> bool {
    match answer {
        Ok(_) => false,
        Err(error) => {
            assert_eq!(
                (error.code, &*error.message),
                (-32603, "too many requests at the same time")
            );
            assert_eq!(error.data, Some(json!({"retryable": true})));
            true
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_finds_the_queue_full_is_refused_and_may_be_repeated() {
    let gate = Gate::new();
    let server = built(limited(&gate, |limits| {
        limits.connection.max_in_flight_requests = 2;
        limits.connection.max_queued_requests = 3;
    }));
    let client = Client::connect(&server, Way::Stream, Revision::V2025_11_25).await;
    let mut calls: Vec<Call> = (0..6).map(|_| client.start_tool("wait")).collect();
    let refused = calls.pop().unwrap().answer().await;
    assert!(is_refused(&refused), "{refused:?}");
    gate.arrived(2).await;
    gate.open(1);
    gate.arrived(3).await;
    calls.push(client.start_tool("wait"));
    gate.open(5);
    for call in calls {
        call.answer().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn the_bytes_that_wait_are_bounded_too() {
    let gate = Gate::new();
    let server = built(limited(&gate, |limits| {
        limits.connection.max_in_flight_requests = 1;
        limits.connection.max_queued_bytes = 10_000;
    }));
    let client = Client::connect(&server, Way::Stream, Revision::V2025_11_25).await;
    let running = client.start_tool("wait");
    gate.arrived(1).await;
    let large = |size: usize| {
        client.start("tools/call", json!({"name": "wait", "arguments": {"fill": "x".repeat(size)}}))
    };
    let waiting = [large(4_000), large(7_000)];
    let refused = large(1).answer().await;
    assert!(is_refused(&refused), "{refused:?}");
    gate.open(3);
    running.answer().await.unwrap();
    for call in waiting {
        call.answer().await.unwrap();
    }
    gate.open(1);
    large(9_000).answer().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn in_memory_the_queue_is_bounded_as_well() {
    let gate = Gate::new();
    let server = built(limited(&gate, |limits| {
        limits.connection.max_in_flight_requests = 1;
        limits.connection.max_queued_requests = 1;
    }));
    let client = Client::connect(&server, Way::Memory, Revision::V2026_07_28).await;
    let running = client.start_tool("wait");
    gate.arrived(1).await;
    let waiting = client.start_tool("wait");
    client.settle().await;
    let refused = client.start_tool("wait").answer().await.unwrap_err();
    assert!(refused.message.contains("Overloaded"), "{refused:?}");
    gate.open(2);
    running.answer().await.unwrap();
    waiting.answer().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_in_flight_are_all_answered() {
    let gate = Gate::new();
    everywhere(
        || limited(&gate, |limits| limits.connection.max_in_flight_requests = 1_000),
        async |client| {
            let before = gate.arrivals();
            let calls: Vec<_> = (0..1_000).map(|_| client.start_tool("wait")).collect();
            gate.arrived(before + 1_000).await;
            gate.open(1_000);
            for call in calls {
                call.answer().await.unwrap();
            }
        },
    )
    .await;
}
