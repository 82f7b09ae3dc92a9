//! A bus that loses messages, and says so, or changes their order.

use std::sync::atomic::Ordering;

use http::StatusCode;
use mcp_server::Limits;
use mcp_server::store::{MemoryEventStore, MemorySessionStore, Stores};
use serde_json::json;

use super::bus::FaultyBus;
use super::{Shared, arrive, level, subscribe};

#[tokio::test(start_paused = true)]
async fn an_instance_that_lost_messages_reads_its_sessions_again() {
    let (bus, sessions) = (FaultyBus::default(), MemorySessionStore::new());
    let events = MemoryEventStore::default();
    let host = |bus: FaultyBus| {
        let stores = Stores::new().sessions(sessions.clone()).events(events.clone()).bus(bus);
        Shared { stores, limits: Limits::new() }.host()
    };
    let (a, b) = (host(bus.clone()), host(bus.of_another()));
    let (ended, changed) = (a.session("2025-11-25").await, a.session("2025-11-25").await);
    let mut stream = changed.get().await;
    arrive().await;
    bus.faults.is_cut.store(true, Ordering::SeqCst);
    assert_eq!(ended.at(&b).delete().await.status, StatusCode::NO_CONTENT);
    subscribe(&changed.at(&b), "a://x").await;
    level(&changed.at(&b), "error").await;
    b.handle.tools_changed();
    arrive().await;
    let answer = ended.call(1, "echo", json!({"text": "x"})).await;
    assert_eq!(answer.tool_text().await, "x", "it does not know yet");
    bus.faults.is_cut.store(false, Ordering::SeqCst);
    b.handle.prompts_changed();
    arrive().await;
    let answer = ended.call(1, "echo", json!({"text": "x"})).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    // Anything may have changed.
    let (_, first) = stream.message().await.unwrap();
    assert_eq!(first["method"], "notifications/tools/list_changed");
    let answer = changed.call(2, "burst", json!({"to": 3})).await;
    assert!(!answer.is_stream(), "warnings are below the level");
    b.handle.resource_updated("a://x");
    loop {
        let (_, message) = stream.message().await.unwrap();
        if message["params"]["uri"] == "a://x" {
            break;
        }
    }
    // A reader elsewhere takes over, although the message about the one here may have been lost.
    let _elsewhere = changed.at(&b).get().await;
    drop(stream.messages().await); // It ends.
}

#[tokio::test(start_paused = true)]
async fn settings_are_those_of_the_record_in_whatever_order_they_are_reported() {
    let (bus, sessions) = (FaultyBus::default(), MemorySessionStore::new());
    let host = |bus: FaultyBus| {
        let stores = Stores::new().sessions(sessions.clone()).bus(bus);
        Shared { stores, limits: Limits::new() }.host()
    };
    let (a, b) = (host(bus.clone()), host(bus.of_another()));
    let client = a.session("2025-11-25").await;
    client.at(&b).call(1, "echo", json!({"text": "x"})).await.tool_text().await;
    arrive().await;
    bus.faults.delays_next.store(true, Ordering::SeqCst);
    // The record has "error" last, and the bus "warning".
    tokio::join!(level(&client, "warning"), async {
        arrive().await;
        level(&client.at(&b), "error").await;
    });
    arrive().await;
    for host in [&a, &b] {
        let answer = client.at(host).call(2, "burst", json!({"to": 3})).await;
        assert!(!answer.is_stream(), "warnings are below the level");
    }
}
