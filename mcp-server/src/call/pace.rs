//! Lets other tasks run while a handler calls functions of its context that send nothing.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use mcp_core::sync::Mutex;

/// Number of calls between two looks at the clock, a power of two. Fixed: reading the clock takes
/// ten times as long as such a call.
const CALLS_PER_CHECK: u32 = 64;

/// Time that a handler may run without a yield. Fixed: it is short for other calls, and long for a
/// call that sends nothing.
const MAX_RUN: Duration = Duration::from_micros(50);

/// Decides when a handler yields to the runtime.
///
/// A handler may report progress in a loop that awaits nothing else, to a caller that did not ask
/// for it. Such a report should cost nearly nothing. But without a yield other calls would starve,
/// and a cancellation would take effect only after the loop.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    calls: AtomicU32,
    /// The last look at the clock that led to a yield, or the first one.
    since: Mutex<Option<Instant>>,
}

impl Pace {
    /// Waits until a call that sends nothing may return: nearly always at once.
    #[inline]
    pub(crate) async fn wait(&self) {
        if self.is_check_due() && self.is_yield_due() {
            tokio::task::yield_now().await;
        }
    }

    /// Counts a call. Tasks that use one context at the same time may lose counts, which only
    /// delays the next look at the clock.
    #[inline]
    fn is_check_due(&self) -> bool {
        let calls = self.calls.load(Ordering::Relaxed).wrapping_add(1);
        self.calls.store(calls, Ordering::Relaxed);
        calls.is_multiple_of(CALLS_PER_CHECK)
    }

    #[cold]
    fn is_yield_due(&self) -> bool {
        let now = Instant::now();
        let mut since = self.since.lock();
        let is_due = since.is_some_and(|since| now.saturating_duration_since(since) >= MAX_RUN);
        if is_due || since.is_none() {
            *since = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn short_loops_do_not_yield_and_long_ones_do() {
        let pace = Pace::default();
        for _ in 1..CALLS_PER_CHECK {
            pace.wait().now_or_never().expect("the clock is not read");
        }
        pace.wait().now_or_never().expect("the first look at the clock");
        std::thread::sleep(MAX_RUN);
        let yields = (0..CALLS_PER_CHECK).filter(|_| pace.wait().now_or_never().is_none());
        assert_eq!(yields.count(), 1);
    }
}
