//! A bus that loses messages, and says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use http::StatusCode;
use mcp_server::Limits;
use mcp_server::store::{
    BusEvent, MemoryBus, MemoryEventStore, MemorySessionStore, MessageBus, StoreError, Stores,
};
use serde_json::json;

use super::{Shared, arrive, level, subscribe};

/// The bus as an instance sees it that is disconnected for a while.
#[derive(Clone)]
struct Lossy {
    bus: MemoryBus,
    is_cut: Arc<AtomicBool>,
}

#[async_trait]
impl MessageBus for Lossy {
    async fn publish(&self, message: Bytes) -> Result<(), StoreError> {
        self.bus.publish(message).await
    }

    /// The first message after a gap is reported as one that was lost too.
    fn messages(&self) -> BoxStream<'static, BusEvent> {
        let (is_cut, mut has_lost) = (Arc::clone(&self.is_cut), false);
        let messages = self.bus.messages().filter_map(move |event| {
            let is_lost = is_cut.load(Ordering::SeqCst);
            let was_lost = std::mem::replace(&mut has_lost, is_lost);
            let event = if was_lost { BusEvent::Missed } else { event };
            std::future::ready((!is_lost).then_some(event))
        });
        messages.boxed()
    }

    async fn put(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), StoreError> {
        self.bus.put(key, value, ttl).await
    }

    async fn take(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        self.bus.take(key).await
    }

    async fn announce(&self, instance: &str, ttl: Duration) -> Result<(), StoreError> {
        self.bus.announce(instance, ttl).await
    }

    async fn is_alive(&self, instance: &str) -> Result<bool, StoreError> {
        self.bus.is_alive(instance).await
    }

    fn leaves_process(&self) -> bool {
        false
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_lost_messages_reads_its_sessions_again() {
    let (bus, sessions) = (MemoryBus::new(), MemorySessionStore::new());
    let events = MemoryEventStore::default();
    let is_cut = Arc::new(AtomicBool::new(false));
    let host = |is_cut: &Arc<AtomicBool>| {
        let bus = Lossy { bus: bus.clone(), is_cut: Arc::clone(is_cut) };
        let stores = Stores::new().sessions(sessions.clone()).events(events.clone()).bus(bus);
        Shared { stores, limits: Limits::new() }.host()
    };
    let (a, b) = (host(&is_cut), host(&Arc::default()));
    let (ended, changed) = (a.session("2025-11-25").await, a.session("2025-11-25").await);
    let mut stream = changed.get().await;
    arrive().await;
    is_cut.store(true, Ordering::SeqCst);
    assert_eq!(ended.at(&b).delete().await.status, StatusCode::NO_CONTENT);
    subscribe(&changed.at(&b), "a://x").await;
    level(&changed.at(&b), "error").await;
    b.handle.tools_changed();
    arrive().await;
    let answer = ended.call(1, "echo", json!({"text": "x"})).await;
    assert_eq!(answer.tool_text().await, "x", "it does not know yet");
    is_cut.store(false, Ordering::SeqCst);
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

/// A bus whose publisher has to repeat some messages, so that they arrive behind later ones.
#[derive(Clone)]
struct Reordering {
    bus: MemoryBus,
    delays: Arc<AtomicBool>,
}

#[async_trait]
impl MessageBus for Reordering {
    async fn publish(&self, message: Bytes) -> Result<(), StoreError> {
        if self.delays.swap(false, Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        self.bus.publish(message).await
    }

    fn messages(&self) -> BoxStream<'static, BusEvent> {
        self.bus.messages()
    }

    async fn put(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), StoreError> {
        self.bus.put(key, value, ttl).await
    }

    async fn take(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        self.bus.take(key).await
    }

    async fn announce(&self, instance: &str, ttl: Duration) -> Result<(), StoreError> {
        self.bus.announce(instance, ttl).await
    }

    async fn is_alive(&self, instance: &str) -> Result<bool, StoreError> {
        self.bus.is_alive(instance).await
    }

    fn leaves_process(&self) -> bool {
        false
    }
}

#[tokio::test(start_paused = true)]
async fn settings_are_those_of_the_record_in_whatever_order_they_are_reported() {
    let (bus, sessions) = (MemoryBus::new(), MemorySessionStore::new());
    let delays = Arc::new(AtomicBool::new(false));
    let host = |delays: &Arc<AtomicBool>| {
        let bus = Reordering { bus: bus.clone(), delays: Arc::clone(delays) };
        let stores = Stores::new().sessions(sessions.clone()).bus(bus);
        Shared { stores, limits: Limits::new() }.host()
    };
    let (a, b) = (host(&delays), host(&Arc::default()));
    let client = a.session("2025-11-25").await;
    client.at(&b).call(1, "echo", json!({"text": "x"})).await.tool_text().await;
    arrive().await;
    delays.store(true, Ordering::SeqCst);
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
