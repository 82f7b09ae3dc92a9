//! Clients that call all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use mcp_client::Client;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::listener::ROOM;

/// What all callers share.
#[derive(Default)]
pub(crate) struct Counters {
    stops: AtomicBool,
    pub(crate) calls: AtomicUsize,
    pub(crate) tasks: AtomicUsize,
}

impl Counters {
    fn go_on(&self) -> bool {
        !self.stops.load(Ordering::Relaxed)
    }

    pub(crate) fn stop(&self) {
        self.stops.store(true, Ordering::Relaxed);
    }
}

/// Calls tools until the end, some of which ask. Any failure is a panic.
pub(crate) fn call(client: Client, counters: &Arc<Counters>) -> JoinHandle<()> {
    let counters = Arc::clone(counters);
    tokio::spawn(async move {
        let mut number = 0_u64;
        while counters.go_on() {
            number += 1;
            let text = format!("text {number}");
            let arguments = json!({ "text": text, "ms": number % 7 * 10 });
            let reply = client.call_tool("echo", &arguments).await;
            assert_eq!(reply.expect("an answer").text(), text);
            if number.is_multiple_of(10) {
                let reply = client.call_tool("ask", &json!({})).await.expect("an answer");
                assert_eq!(reply.text(), r#""Ann""#);
            }
            counters.calls.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
}

/// Begins tasks until the end, one after the other, and waits for their results.
pub(crate) fn run_tasks(client: Client, counters: &Arc<Counters>) -> JoinHandle<()> {
    let counters = Arc::clone(counters);
    tokio::spawn(async move {
        while counters.go_on() {
            let arguments = json!({ "steps": 10, "ms": 50 });
            let reply = client.call_tool("job", &arguments).await.expect("a result");
            let text = reply.text();
            assert_eq!(text.split(' ').count(), 11, "{text}");
            counters.tasks.fetch_add(1, Ordering::Relaxed);
        }
    })
}

/// Changes resources until the end. Returns each with the time before its change.
pub(crate) fn change(
    client: Client,
    counters: &Arc<Counters>,
) -> JoinHandle<Vec<(String, Instant)>> {
    let counters = Arc::clone(counters);
    tokio::spawn(async move {
        let mut changes = Vec::new();
        while counters.go_on() {
            let uri = format!("{ROOM}/{}", changes.len());
            let time = Instant::now();
            client.call_tool("touch", &json!({ "uri": uri })).await.expect("an answer");
            changes.push((uri, time));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        changes
    })
}
