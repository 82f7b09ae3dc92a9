//! A place where handlers stop until the test lets them go.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_server::Context;
use mcp_server::tool::ToolRoute;
use tokio::sync::{Semaphore, watch};

/// Handlers that wait at a gate count themselves in, and out when they are dropped before they
/// pass.
#[derive(Clone)]
pub struct Gate {
    places: Arc<Semaphore>,
    arrived: watch::Sender<usize>,
    dropped: watch::Sender<usize>,
    passed: Arc<AtomicUsize>,
}

impl Gate {
    pub fn new() -> Self {
        Self {
            places: Arc::new(Semaphore::new(0)),
            arrived: watch::Sender::new(0),
            dropped: watch::Sender::new(0),
            passed: Arc::default(),
        }
    }

    /// Waits at the gate.
    pub async fn wait(&self) {
        self.arrived.send_modify(|count| *count += 1);
        let watched = Watched { dropped: &self.dropped, passed: false };
        self.places.acquire().await.expect("the gate is never closed").forget();
        let mut watched = watched;
        watched.passed = true;
        self.passed.fetch_add(1, Ordering::Relaxed);
    }

    /// Lets some pass.
    pub fn open(&self, count: usize) {
        self.places.add_permits(count);
    }

    /// Done when so many have come in all.
    pub async fn arrived(&self, count: usize) {
        self.arrived
            .subscribe()
            .wait_for(|arrived| *arrived >= count)
            .await
            .expect("the gate is there");
    }

    /// Done when so many were dropped while they waited.
    pub async fn dropped(&self, count: usize) {
        self.dropped
            .subscribe()
            .wait_for(|dropped| *dropped >= count)
            .await
            .expect("the gate is there");
    }

    /// How many have come so far.
    pub fn arrivals(&self) -> usize {
        *self.arrived.borrow()
    }

    /// How many went through.
    pub fn passed(&self) -> usize {
        self.passed.load(Ordering::Relaxed)
    }

    /// A tool that waits here and then says "through".
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

struct Watched<'a> {
    dropped: &'a watch::Sender<usize>,
    passed: bool,
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        if !self.passed {
            self.dropped.send_modify(|count| *count += 1);
        }
    }
}
