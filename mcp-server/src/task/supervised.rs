//! Code of a user that panics: a store, or an engine.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::time::{Instant, sleep};

/// Pauses before work that panicked starts again: the first, and the longest. Fixed: a panic is a
/// bug, which a pause only keeps from filling the log.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Does some work until it ends. If it panics, it begins again after a pause, which becomes longer
/// as long as it panics soon.
pub(super) async fn supervise<F: Future<Output = ()>>(
    what: &'static str,
    mut work: impl FnMut() -> F,
) {
    let (shortest, longest) = PAUSES;
    let mut pause = shortest;
    loop {
        let started_at = Instant::now();
        if caught_async(what, async { work().await }).await.is_some() {
            return;
        }
        if started_at.elapsed() > longest {
            pause = shortest;
        }
        sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
}

/// Runs code that may panic. `None` if it did, which is logged.
pub(super) fn caught<T>(what: &'static str, work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| log(what, &*panic)).ok()
}

/// Like [`caught`], for a future.
pub(super) async fn caught_async<T>(
    what: &'static str,
    work: impl Future<Output = T>,
) -> Option<T> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| log(what, &*panic)).ok()
}

#[cold]
fn log(what: &'static str, panic: &(dyn Any + Send)) {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let reason = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("(no message)");
    tracing::error!(what, reason, "the store or the engine of tasks panicked");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_that_panics_begins_again_after_growing_pauses() {
        let begun_at = Instant::now();
        let mut starts = Vec::new();
        supervise("a test", || {
            starts.push(begun_at.elapsed().as_secs());
            let starts = starts.len();
            async move {
                // Once it has worked for a while, the pauses are short again.
                if starts == 9 {
                    sleep(Duration::from_secs(100)).await;
                }
                assert!(starts == 11, "a bug");
            }
        })
        .await;
        assert_eq!(starts, [0, 1, 3, 7, 15, 31, 63, 123, 183, 284, 286]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_before_the_future_exists_is_caught_too() {
        let mut starts = 0;
        supervise("a test", || {
            starts += 1;
            assert!(starts > 1, "a bug");
            std::future::ready(())
        })
        .await;
        assert_eq!(starts, 2);
    }
}
