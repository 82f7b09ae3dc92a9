//! Limits the notifications of a call: progress (PROG-2: strictly increasing, rate-limited) and log
//! messages (LOG-4: rate-limited).

use std::time::Duration;

use mcp_core::token_bucket::{Rate, TokenBucket};
use mcp_core::types::LoggingLevel;
use tokio::time::Instant;

/// Progress notifications that pass at once. Fixed: it smooths the rate, and
/// `min_progress_interval` limits it.
const PROGRESS_BURST: u32 = 10;

/// Log messages that pass at once, of each group of levels. Fixed: it smooths the rate, and
/// `min_log_interval` limits it.
const LOG_BURST: u32 = 100;

/// What a call has sent.
#[derive(Debug)]
pub(crate) struct NotificationLimiter {
    last_progress: f64,
    has_reached_total: bool,
    progress: TokenBucket,
    messages: TokenBucket,
    warnings: TokenBucket,
    has_dropped_log: bool,
}

impl NotificationLimiter {
    pub(crate) fn new() -> Self {
        Self {
            last_progress: f64::NEG_INFINITY,
            has_reached_total: false,
            progress: TokenBucket::default(),
            messages: TokenBucket::default(),
            warnings: TokenBucket::default(),
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

    /// Whether a log message is sent. Warnings and errors have a limit of their own, so that
    /// messages of lower levels cannot displace them.
    pub(crate) fn admit_log(&mut self, level: LoggingLevel, interval: Duration) -> Admission {
        let bucket =
            if level >= LoggingLevel::Warning { &mut self.warnings } else { &mut self.messages };
        match bucket.take(Rate::new(LOG_BURST, interval), Instant::now()) {
            Ok(()) => Admission::Sent,
            Err(_) if std::mem::replace(&mut self.has_dropped_log, true) => Admission::Dropped,
            Err(_) => Admission::FirstDropped,
        }
    }
}

/// Whether a log message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Sent,
    /// The first message of the call that is not sent.
    FirstDropped,
    Dropped,
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
        let mut admit = |level| limiter.admit_log(level, interval);
        for _ in 0..100 {
            assert_eq!(admit(LoggingLevel::Debug), Admission::Sent);
        }
        assert_eq!(admit(LoggingLevel::Notice), Admission::FirstDropped);
        assert_eq!(admit(LoggingLevel::Debug), Admission::Dropped);
        assert_eq!(admit(LoggingLevel::Warning), Admission::Sent);
        assert_eq!(admit(LoggingLevel::Emergency), Admission::Sent);
        tokio::time::advance(interval).await;
        assert_eq!(admit(LoggingLevel::Debug), Admission::Sent);
        assert_eq!(admit(LoggingLevel::Debug), Admission::Dropped);
    }
}
