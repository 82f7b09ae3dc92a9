//! Handlers that block a thread. They run on threads of their own, so these tests run on the real
//! clock.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Limits, ServerBuilder};
use serde_json::json;

use crate::harness::{Failure, everywhere, server};

/// Blocks threads until it is told to let them go.
#[derive(Clone)]
struct Wall {
    arrivals: Arc<Mutex<mpsc::Receiver<()>>>,
    arrive: mpsc::Sender<()>,
    release: mpsc::Sender<()>,
    released: Arc<Mutex<mpsc::Receiver<()>>>,
}

impl Wall {
    fn new() -> Self {
        let (arrive, arrivals) = mpsc::channel();
        let (release, released) = mpsc::channel();
        Self {
            arrivals: Arc::new(Mutex::new(arrivals)),
            arrive,
            release,
            released: Arc::new(Mutex::new(released)),
        }
    }

    fn stand(&self) {
        self.arrive.send(()).unwrap();
        self.released.lock().unwrap().recv().unwrap();
    }

    async fn arrived(&self, count: usize) {
        for _ in 0..count {
            let arrivals = Arc::clone(&self.arrivals);
            tokio::task::spawn_blocking(move || arrivals.lock().unwrap().recv().unwrap())
                .await
                .unwrap();
        }
    }

    fn has_arrivals(&self) -> bool {
        self.arrivals.lock().unwrap().try_recv().is_ok()
    }
}

fn blocking(wall: &Wall, threads: usize) -> ServerBuilder {
    let mut limits = Limits::new();
    limits.max_blocking_threads = threads;
    let wall = wall.clone();
    server()
        .limits(limits)
        .tool(ToolRoute::builder("stand").handler(move |context: Context| {
            let wall = wall.clone();
            async move { context.blocking(move || wall.stand()).await.map(|()| "stood") }
        }))
        .tool(ToolRoute::builder("panic").handler(|context: Context| async move {
            context.blocking(|| -> &'static str { panic!("on a thread") }).await
        }))
        .tool(ToolRoute::builder("quick").handler(|_: Context| async { "quick" }))
}

#[tokio::test]
async fn a_blocked_thread_holds_up_nobody_else() {
    let wall = Wall::new();
    everywhere(
        || blocking(&wall, 8),
        async |client| {
            let calls: Vec<_> = (0..4).map(|_| client.start_tool("stand")).collect();
            wall.arrived(4).await;
            assert_eq!(client.tool_text("quick", json!({})).await, "quick");
            for _ in 0..4 {
                wall.release.send(()).unwrap();
            }
            for call in calls {
                assert_eq!(call.answer().await.unwrap()["content"][0]["text"], "stood");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_panic_on_a_thread_is_an_internal_error_and_the_thread_works_on() {
    let wall = Wall::new();
    everywhere(
        || blocking(&wall, 1),
        async |client| {
            for _ in 0..3 {
                let error = client.err("tools/call", json!({"name": "panic"})).await;
                assert_eq!(
                    error,
                    Failure { code: -32603, message: "internal error".into(), data: None }
                );
            }
            wall.release.send(()).unwrap();
            assert_eq!(client.tool_text("stand", json!({})).await, "stood");
            wall.arrived(1).await;
        },
    )
    .await;
}

#[tokio::test]
async fn there_are_no_more_threads_than_allowed_and_what_is_dropped_in_the_queue_never_runs() {
    let wall = Wall::new();
    everywhere(
        || blocking(&wall, 2),
        async |client| {
            let mut calls: Vec<_> = (0..4).map(|_| client.start_tool("stand")).collect();
            wall.arrived(2).await;
            assert_eq!(client.tool_text("quick", json!({})).await, "quick");
            assert!(!wall.has_arrivals(), "two threads, two at work");
            client.cancel(&calls[2]);
            client.settle().await;
            let dropped = calls.remove(2);
            for _ in 0..3 {
                wall.release.send(()).unwrap();
            }
            for call in calls {
                call.answer().await.unwrap();
            }
            wall.arrived(1).await;
            assert!(!wall.has_arrivals(), "three ran");
            assert_eq!(dropped.ended().await, None);
        },
    )
    .await;
}
