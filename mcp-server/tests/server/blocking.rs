//! Handlers that block a thread. They run on their own threads, so these tests use the real clock.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Limits, ServerBuilder};
use mcp_test_support::settle;
use serde_json::json;

use crate::harness::{Failure, everywhere, server};

/// Blocks threads until the test releases them.
#[derive(Clone)]
pub struct Barrier {
    arrivals: Arc<Mutex<mpsc::Receiver<()>>>,
    arrive: mpsc::Sender<()>,
    release: mpsc::Sender<()>,
    released: Arc<Mutex<mpsc::Receiver<()>>>,
}

impl Barrier {
    pub fn new() -> Self {
        let (arrive, arrivals) = mpsc::channel();
        let (release, released) = mpsc::channel();
        Self {
            arrivals: Arc::new(Mutex::new(arrivals)),
            arrive,
            release,
            released: Arc::new(Mutex::new(released)),
        }
    }

    pub fn wait(&self) {
        self.arrive.send(()).unwrap();
        self.released.lock().unwrap().recv().unwrap();
    }

    pub async fn arrived(&self, count: usize) {
        for _ in 0..count {
            let arrivals = Arc::clone(&self.arrivals);
            tokio::task::spawn_blocking(move || arrivals.lock().unwrap().recv().unwrap())
                .await
                .unwrap();
        }
    }

    /// Lets one thread go on.
    pub fn release(&self) {
        self.release.send(()).unwrap();
    }

    fn has_arrivals(&self) -> bool {
        self.arrivals.lock().unwrap().try_recv().is_ok()
    }
}

fn blocking(barrier: &Barrier, threads: usize) -> ServerBuilder {
    let mut limits = Limits::new();
    limits.max_blocking_threads = threads;
    let barrier = barrier.clone();
    server()
        .limits(limits)
        .tool(ToolRoute::builder("stand").handler(move |context: Context| {
            let barrier = barrier.clone();
            async move { context.blocking(move || barrier.wait()).await.map(|()| "stood") }
        }))
        .tool(ToolRoute::builder("panic").handler(|context: Context| async move {
            context.blocking(|| -> &'static str { panic!("on a thread") }).await
        }))
        .tool(ToolRoute::builder("quick").handler(|_: Context| async { "quick" }))
}

#[tokio::test]
async fn a_blocked_thread_does_not_delay_other_calls() {
    let barrier = Barrier::new();
    everywhere(
        || blocking(&barrier, 8),
        async |client| {
            let calls: Vec<_> = (0..4).map(|_| client.start_tool("stand")).collect();
            barrier.arrived(4).await;
            assert_eq!(client.tool_text("quick", json!({})).await, "quick");
            for _ in 0..4 {
                barrier.release();
            }
            for call in calls {
                assert_eq!(call.answer().await.unwrap()["content"][0]["text"], "stood");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_panic_on_a_thread_is_an_internal_error_and_the_thread_continues() {
    let barrier = Barrier::new();
    everywhere(
        || blocking(&barrier, 1),
        async |client| {
            for _ in 0..3 {
                let error = client.err("tools/call", json!({"name": "panic"})).await;
                assert_eq!(
                    error,
                    Failure { code: -32603, message: "internal error".into(), data: None }
                );
            }
            barrier.release();
            assert_eq!(client.tool_text("stand", json!({})).await, "stood");
            barrier.arrived(1).await;
        },
    )
    .await;
}

#[tokio::test]
async fn the_number_of_threads_is_limited_and_a_dropped_waiting_call_never_runs() {
    let barrier = Barrier::new();
    everywhere(
        || blocking(&barrier, 2),
        async |client| {
            let mut calls: Vec<_> = (0..4).map(|_| client.start_tool("stand")).collect();
            barrier.arrived(2).await;
            assert_eq!(client.tool_text("quick", json!({})).await, "quick");
            assert!(!barrier.has_arrivals(), "both threads are busy");
            client.cancel(&calls[2]);
            settle().await;
            let dropped = calls.remove(2);
            for _ in 0..3 {
                barrier.release();
            }
            for call in calls {
                call.answer().await.unwrap();
            }
            barrier.arrived(1).await;
            assert!(!barrier.has_arrivals(), "three ran");
            assert_eq!(dropped.ended().await, None);
        },
    )
    .await;
}
