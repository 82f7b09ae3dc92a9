//! Concurrent calls and their limits.

use mcp_server::{Limits, Revision, ServerBuilder};
use mcp_test_support::{Gate, settle};
use serde_json::json;

use crate::harness::{Call, Client, Transport, built, everywhere, named, server, waiting_tool};

fn limited(gate: &Gate, change: impl FnOnce(&mut Limits)) -> ServerBuilder {
    let mut limits = Limits::new();
    change(&mut limits);
    server()
        .tool(waiting_tool("wait", gate))
        .tool(mcp_server::tool::ToolRoute::builder("quick").handler(|| async { "ok" }))
        .limits(limits)
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_does_not_delay_others() {
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
async fn calls_over_the_in_flight_limit_run_later_in_order() {
    for &transport in Transport::CONNECTIONS {
        let gate = Gate::new();
        let server = built(limited(&gate, |limits| limits.connection.max_in_flight_requests = 3));
        let client = Client::connect(&server, transport, Revision::V2026_07_28).await;
        named(&format!("{transport:?}"), async {
            let calls: Vec<_> = (0..8).map(|_| client.start_tool("wait")).collect();
            for passed in 0..5 {
                settle().await;
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

fn is_refused(answer: &crate::harness::Outcome) -> bool {
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
async fn a_call_is_refused_as_retryable_when_the_queue_is_full() {
    let gate = Gate::new();
    let server = built(limited(&gate, |limits| {
        limits.connection.max_in_flight_requests = 2;
        limits.connection.max_queued_requests = 3;
    }));
    let client = Client::connect(&server, Transport::Stream, Revision::V2025_11_25).await;
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
async fn the_bytes_of_queued_calls_are_limited_too() {
    let gate = Gate::new();
    let server = built(limited(&gate, |limits| {
        limits.connection.max_in_flight_requests = 1;
        limits.connection.max_queued_bytes = 10_000;
    }));
    let client = Client::connect(&server, Transport::Stream, Revision::V2025_11_25).await;
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
async fn the_queue_in_memory_is_limited_too() {
    let gate = Gate::new();
    let server = built(limited(&gate, |limits| {
        limits.connection.max_in_flight_requests = 1;
        limits.connection.max_queued_requests = 1;
    }));
    let client = Client::connect(&server, Transport::Memory, Revision::V2026_07_28).await;
    let running = client.start_tool("wait");
    gate.arrived(1).await;
    let waiting = client.start_tool("wait");
    settle().await;
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
