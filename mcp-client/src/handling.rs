//! Whether the server waits for the client: for a handler that answers it, or for a user who logs in. Its silence says
//! nothing then, and its time begins anew when it has its answer.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::request::later;

/// What the server waits for.
#[derive(Debug)]
pub(crate) struct Handling {
    running: AtomicUsize,
    began: Instant,
    /// When the last one was done, in milliseconds after `began`.
    done: AtomicU64,
}

impl Handling {
    pub(crate) fn new() -> Self {
        Self { running: AtomicUsize::new(0), began: Instant::now(), done: AtomicU64::new(0) }
    }

    /// Says, as long as the guard lives, that the server waits for us.
    pub(crate) fn begin(&self) -> Busy<'_> {
        self.running.fetch_add(1, Ordering::AcqRel);
        Busy(self)
    }

    /// The last time that the server waited for us; now, if it does.
    pub(crate) fn last(&self) -> Instant {
        if self.running.load(Ordering::Acquire) > 0 {
            return Instant::now();
        }
        self.began + Duration::from_millis(self.done.load(Ordering::Acquire))
    }

    /// Waits until the server was silent for so long without waiting for us.
    pub(crate) async fn silence(&self, patience: Duration) {
        let mut until = later(Instant::now(), patience);
        loop {
            sleep_until(until).await;
            let moved = later(self.last(), patience);
            if moved <= until {
                return;
            }
            until = moved;
        }
    }
}

/// Counts while it lives.
pub(crate) struct Busy<'a>(&'a Handling);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let Self(handling) = self;
        let after = u64::try_from(handling.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        handling.done.fetch_max(after, Ordering::AcqRel);
        handling.running.fetch_sub(1, Ordering::AcqRel);
    }
}
