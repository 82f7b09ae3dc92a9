//! Limits the notifications of a call: progress (PROG-2: strictly increasing, rate-limited) and log
//! messages (LOG-4: rate-limited).

use std::time::Duration;

use tokio::time::Instant;

use crate::token_bucket::{Rate, TokenBucket};

/// Progress notifications that pass at once. Fixed: it smooths the rate, and
/// `min_progress_interval` limits it.
const PROGRESS_BURST: u32 = 10;

/// Log messages that pass at once. Fixed: it smooths the rate, and `min_log_interval` limits it.
const LOG_BURST: u32 = 100;

/// What a call has sent.
#[derive(Debug)]
pub(crate) struct NotificationLimiter {
    last_progress: f64,
    has_reached_total: bool,
    progress: TokenBucket,
    log: TokenBucket,
    has_dropped_log: bool,
}

impl NotificationLimiter {
    pub(crate) const fn new() -> Self {
        Self {
            last_progress: f64::NEG_INFINITY,
            has_reached_total: false,
            progress: TokenBucket::NEW,
            log: TokenBucket::NEW,
            has_dropped_log: false,
        }
    }

    /// Whether a notification with this progress is sent.
    pub(crate) fn admit_progress(
        &mut self,
        done: f64,
        total: Option<f64>,
        interval: Duration,
    ) -> bool {
        if !done.is_finite() || done <= self.last_progress {
            return false;
        }
        let is_last = !self.has_reached_total && total.is_some_and(|total| done >= total);
        let rate = Rate::new(PROGRESS_BURST, interval);
        if self.progress.take(rate, Instant::now()).is_err() && !is_last {
            return false;
        }
        self.has_reached_total |= is_last;
        self.last_progress = done;
        true
    }

    /// Whether a log message is sent. Warns of the first one of a call that is not.
    pub(crate) fn admit_log(&mut self, interval: Duration) -> bool {
        let is_sent = self.log.take(Rate::new(LOG_BURST, interval), Instant::now()).is_ok();
        if !is_sent && !std::mem::replace(&mut self.has_dropped_log, true) {
            tracing::warn!(
                ?interval,
                "log messages of a call are dropped; they exceed the limit (min_log_interval)"
            );
        }
        is_sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn progress_is_rate_limited_and_the_last_value_passes() {
        let mut limiter = NotificationLimiter::new();
        let interval = Duration::from_millis(100);
        let sent = (0..1_000)
            .filter(|done| limiter.admit_progress(f64::from(*done), Some(1_000.0), interval))
            .count();
        assert_eq!(sent, 10);
        assert!(limiter.admit_progress(1_000.0, Some(1_000.0), interval));
        assert!(!limiter.admit_progress(1_000.0, Some(1_000.0), interval), "values must increase");
        assert!(!limiter.admit_progress(f64::NAN, None, interval));
        assert!(
            !limiter.admit_progress(1_001.0, Some(1_000.0), interval),
            "the total is reached once"
        );
        tokio::time::advance(interval).await;
        assert!(limiter.admit_progress(1_002.0, None, interval));
    }

    #[tokio::test(start_paused = true)]
    async fn log_messages_are_rate_limited() {
        let mut limiter = NotificationLimiter::new();
        let interval = Duration::from_millis(10);
        assert_eq!((0..1_000).filter(|_| limiter.admit_log(interval)).count(), 100);
        tokio::time::advance(interval).await;
        assert!(limiter.admit_log(interval));
        assert!(!limiter.admit_log(interval));
    }
}
