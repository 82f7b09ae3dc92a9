//! The streams of calls that one instance runs, as another one resumes them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use mcp_server::Limits;
use mcp_server::store::{
    EventStore, MemoryEventStore, MemorySessionStore, ReplayError, SessionKey, StoredEvent, Stores,
    StreamKey,
};
use mcp_test_support::message::{result_of, text_of};
use serde_json::json;

use super::Shared;
use super::bus::{Faults, FaultyBus};

#[tokio::test(start_paused = true)]
async fn the_stream_of_a_running_call_is_resumed_at_another_instance() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    for revision in ["2025-03-26", "2025-11-25"] {
        let client = a.session(revision).await;
        for cut_after in 0..=4 {
            let mut answer = client.call(3, "count", json!({"to": 4})).await;
            let (mut last, mut numbers) = (String::new(), Vec::new());
            if revision == "2025-11-25" {
                last = answer.event().await.unwrap().id.unwrap();
            } else if cut_after == 0 {
                continue; // There is no id yet.
            }
            for _ in 0..cut_after {
                let (id, message) = answer.message().await.unwrap();
                numbers.push(message["params"]["data"].clone());
                last = id;
            }
            drop(answer);
            let rest = client.at(&b).resume(&last).await;
            assert_eq!(rest.status, StatusCode::OK, "{revision} {cut_after}");
            let mut rest = rest.messages().await;
            assert_eq!(text_of(result_of(&rest.pop().unwrap())), "counted to 4");
            numbers.extend(rest.into_iter().map(|message| message["params"]["data"].clone()));
            assert_eq!(numbers, [1, 2, 3, 4], "{revision} {cut_after}");
        }
    }
}

/// The store of events as an instance sees it until it is killed.
#[derive(Clone)]
struct Mortal {
    events: Arc<MemoryEventStore>,
    faults: Arc<Faults>,
}

#[async_trait]
impl EventStore for Mortal {
    async fn append(&self, stream: StreamKey, event: StoredEvent) -> Result<(), ReplayError> {
        self.faults.check().map_err(|error| ReplayError::Store(error.to_string()))?;
        self.events.append(stream, event).await
    }

    async fn after(&self, stream: StreamKey, after: u64) -> Result<Vec<StoredEvent>, ReplayError> {
        self.events.after(stream, after).await
    }

    async fn keep(&self, stream: StreamKey) {
        self.events.keep(stream).await;
    }

    async fn forget(&self, session: SessionKey) {
        self.events.forget(session).await;
    }

    fn leaves_process(&self) -> bool {
        false
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_of_an_instance_that_has_died_fails_at_another_one() {
    let (bus, events) = (FaultyBus::default(), Arc::new(MemoryEventStore::default()));
    let sessions = MemorySessionStore::new();
    let [a, b] = [bus.clone(), bus.of_another()].map(|bus| {
        let events = Mortal { events: Arc::clone(&events), faults: Arc::clone(&bus.faults) };
        let stores = Stores::new().sessions(sessions.clone()).events(events).bus(bus);
        let mut limits = Limits::new();
        limits.http.instance_timeout = Duration::from_secs(9);
        Shared { stores, limits }.host()
    });
    let client = a.session("2025-11-25").await;
    let mut answer = client.call("c", "count", json!({"to": 1_000_000})).await;
    let (first, _) = answer.message().await.unwrap();
    drop(answer);
    let mut rest = client.at(&b).resume(&first).await;
    assert_eq!(rest.message().await.unwrap().1["params"]["data"], 2, "it is alive");
    bus.faults.is_killed.store(true, Ordering::SeqCst);
    let began = tokio::time::Instant::now();
    let mut messages = rest.messages().await;
    let failure = messages.pop().unwrap();
    assert_eq!(failure["id"], "c");
    assert_eq!(failure["error"]["code"], -32603);
    assert!(failure["error"]["message"].as_str().unwrap().contains("instance"), "{failure}");
    assert!(began.elapsed() <= Duration::from_secs(13), "{:?}", began.elapsed());
    // Later readers learn of it at once.
    let began = tokio::time::Instant::now();
    let mut messages = client.at(&b).resume(&first).await.messages().await;
    assert_eq!(messages.pop().unwrap()["error"]["code"], -32603);
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_stops_says_so() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    let mut answer = client.call(1, "count", json!({"to": 1_000_000})).await;
    let (first, _) = answer.message().await.unwrap();
    drop(answer);
    a.service.shutdown().await;
    let began = tokio::time::Instant::now();
    let mut messages = client.at(&b).resume(&first).await.messages().await;
    assert_eq!(messages.pop().unwrap()["error"]["code"], -32603);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    let answer = client.at(&b).call(2, "echo", json!({"text": "on"})).await;
    assert_eq!(answer.tool_text().await, "on");
}

/// The events of a call that says nothing for long are kept as long as it runs.
#[tokio::test(start_paused = true)]
async fn a_silent_call_is_resumed_at_another_instance_after_any_time() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    let mut answer = client.call(1, "slow", json!({"ms": 1_500_000})).await;
    let id = answer.event().await.unwrap().id.unwrap();
    drop(answer);
    tokio::time::sleep(Duration::from_secs(1_000)).await;
    let mut messages = client.at(&b).resume(&id).await.messages().await;
    assert_eq!(text_of(result_of(&messages.pop().unwrap())), "slept 1500000 ms");
}

/// After a restart without other instances, no other one could answer.
#[tokio::test(start_paused = true)]
async fn a_call_that_died_with_its_process_fails_after_a_restart() {
    let (sessions, events) = (MemorySessionStore::new(), Arc::new(MemoryEventStore::default()));
    let killed = Arc::<Faults>::default();
    let host = |faults: &Arc<Faults>| {
        let events = Mortal { events: Arc::clone(&events), faults: Arc::clone(faults) };
        let stores = Stores::new().sessions(sessions.clone()).events(events);
        Shared { stores, limits: Limits::new() }.host()
    };
    let first = host(&killed);
    let client = first.session("2025-11-25").await;
    let mut answer = client.call(1, "count", json!({"to": 1_000_000})).await;
    let (id, _) = answer.message().await.unwrap();
    drop(answer);
    killed.is_killed.store(true, Ordering::SeqCst);
    let second = host(&Arc::default());
    let mut messages = client.at(&second).resume(&id).await.messages().await;
    assert_eq!(messages.pop().unwrap()["error"]["code"], -32603);
}
