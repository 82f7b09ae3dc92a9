//! How often a call may report progress (PROG-2: strictly rising, rate-limited).

use std::time::Duration;

use tokio::time::Instant;

/// Reports that pass at once. Fixed: it smooths the limit and bounds nothing by itself.
const BURST: f64 = 10.0;

/// The progress of one call so far. A token bucket: each report that is sent takes a token, and one
/// is added each interval.
#[derive(Debug)]
pub(crate) struct ProgressLimiter {
    last: f64,
    has_reached_total: bool,
    tokens: f64,
    last_refill: Option<Instant>,
}

impl ProgressLimiter {
    pub(crate) const fn new() -> Self {
        Self { last: f64::NEG_INFINITY, has_reached_total: false, tokens: BURST, last_refill: None }
    }

    /// Whether a report is sent.
    pub(crate) fn admit(&mut self, done: f64, total: Option<f64>, interval: Duration) -> bool {
        if !done.is_finite() || done <= self.last {
            return false;
        }
        let now = Instant::now();
        let passed = self
            .last_refill
            .replace(now)
            .map_or(Duration::ZERO, |before| now.saturating_duration_since(before));
        let refill = passed.as_secs_f64() / interval.as_secs_f64().max(1e-9);
        self.tokens = (self.tokens + refill).min(BURST);
        let is_last = !self.has_reached_total && total.is_some_and(|total| done >= total);
        if self.tokens < 1.0 && !is_last {
            return false;
        }
        self.has_reached_total |= is_last;
        self.tokens = (self.tokens - 1.0).max(0.0);
        self.last = done;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_thinned_out_and_its_last_value_passes() {
        let mut limiter = ProgressLimiter::new();
        let interval = Duration::from_millis(100);
        let sent = (0..1_000)
            .filter(|done| limiter.admit(f64::from(*done), Some(1_000.0), interval))
            .count();
        assert_eq!(sent, 10);
        assert!(limiter.admit(1_000.0, Some(1_000.0), interval));
        assert!(!limiter.admit(1_000.0, Some(1_000.0), interval), "values must rise");
        assert!(!limiter.admit(f64::NAN, None, interval));
        assert!(!limiter.admit(1_001.0, Some(1_000.0), interval), "the end comes once");
        tokio::time::advance(interval).await;
        assert!(limiter.admit(1_002.0, None, interval));
    }
}
