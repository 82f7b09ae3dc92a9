//! A gate at which handlers wait until the test opens it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, watch};

/// Counts the handlers that arrive at it, that pass it, and that are dropped while they wait.
#[derive(Debug, Clone)]
pub struct Gate {
    permits: Arc<Semaphore>,
    arrived: watch::Sender<usize>,
    dropped: watch::Sender<usize>,
    passed: Arc<AtomicUsize>,
}

impl Gate {
    /// Creates a closed gate.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a test says that the gate is new")]
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
        let mut waiting = Waiting { dropped: &self.dropped, passed: false };
        self.permits.acquire().await.expect("the gate is never closed").forget();
        waiting.passed = true;
        self.passed.fetch_add(1, Ordering::Relaxed);
    }

    /// Lets `count` handlers pass.
    pub fn open(&self, count: usize) {
        self.permits.add_permits(count);
    }

    /// Waits until `count` handlers have arrived in total.
    pub async fn arrived(&self, count: usize) {
        reach(&self.arrived, count).await;
    }

    /// Waits until `count` handlers have been dropped while they waited.
    pub async fn dropped(&self, count: usize) {
        reach(&self.dropped, count).await;
    }

    /// Returns the number of handlers that have arrived.
    #[must_use]
    pub fn arrivals(&self) -> usize {
        *self.arrived.borrow()
    }

    /// Returns the number of handlers that have passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.passed.load(Ordering::Relaxed)
    }
}

async fn reach(counter: &watch::Sender<usize>, count: usize) {
    let mut counter = counter.subscribe();
    counter
        .wait_for(|counted| *counted >= count)
        .await
        .expect("the sender lives as long as the gate");
}

/// Counts a handler as dropped unless it has passed.
struct Waiting<'a> {
    dropped: &'a watch::Sender<usize>,
    passed: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.passed {
            self.dropped.send_modify(|count| *count += 1);
        }
    }
}
