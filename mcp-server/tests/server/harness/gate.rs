//! A gate at which handlers wait until the test opens it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_server::Context;
use mcp_server::tool::ToolRoute;
use tokio::sync::{Semaphore, watch};

/// Counts the handlers that arrive at it, that pass it, and that are dropped while they wait.
#[derive(Clone)]
pub struct Gate {
    permits: Arc<Semaphore>,
    arrived: watch::Sender<usize>,
    dropped: watch::Sender<usize>,
    passed: Arc<AtomicUsize>,
}

impl Gate {
    pub fn new() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(0)),
            arrived: watch::Sender::new(0),
            dropped: watch::Sender::new(0),
            passed: Arc::default(),
        }
    }

    /// Waits until the gate is opened.
    pub async fn wait(&self) {
        self.arrived.send_modify(|count| *count += 1);
        let watched = WaitingHandler { dropped: &self.dropped, passed: false };
        self.permits.acquire().await.expect("the gate is never closed").forget();
        let mut watched = watched;
        watched.passed = true;
        self.passed.fetch_add(1, Ordering::Relaxed);
    }

    /// Lets `count` handlers pass.
    pub fn open(&self, count: usize) {
        self.permits.add_permits(count);
    }

    /// Waits until `count` handlers have arrived in total.
    pub async fn arrived(&self, count: usize) {
        self.arrived
            .subscribe()
            .wait_for(|arrived| *arrived >= count)
            .await
            .expect("the sender lives as long as the gate");
    }

    /// Waits until `count` handlers have been dropped while they waited.
    pub async fn dropped(&self, count: usize) {
        self.dropped
            .subscribe()
            .wait_for(|dropped| *dropped >= count)
            .await
            .expect("the sender lives as long as the gate");
    }

    /// Returns the number of handlers that have arrived.
    pub fn arrivals(&self) -> usize {
        *self.arrived.borrow()
    }

    /// Returns the number of handlers that have passed.
    pub fn passed(&self) -> usize {
        self.passed.load(Ordering::Relaxed)
    }

    /// Creates a tool that waits here and then returns "through".
    pub fn tool(&self, name: &str) -> ToolRoute {
        let gate = self.clone();
        ToolRoute::builder(name).handler(move |_: Context| {
            let gate = gate.clone();
            async move {
                gate.wait().await;
                "through"
            }
        })
    }
}

struct WaitingHandler<'a> {
    dropped: &'a watch::Sender<usize>,
    passed: bool,
}

impl Drop for WaitingHandler<'_> {
    fn drop(&mut self) {
        if !self.passed {
            self.dropped.send_modify(|count| *count += 1);
        }
    }
}
