//! Token buckets: they limit how often something happens.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

/// Longest interval of a rate. Fixed: sums of longer ones could overflow the clock.
const MAX_INTERVAL: Duration = Duration::from_secs(365 * 86_400);

/// How often something may happen: `burst` times at once, and on average once per `interval`.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    burst: u32,
    interval: Duration,
}

impl Rate {
    /// Creates a rate. A burst has at least one event, and an interval at most a year.
    #[must_use]
    pub fn new(burst: u32, interval: Duration) -> Self {
        Self { burst: burst.max(1), interval: interval.min(MAX_INTERVAL) }
    }
}

/// The tokens of a [`Rate`]. Each event takes one; they come back one by one. The default is full.
#[derive(Debug, Default)]
pub struct TokenBucket {
    /// Time from which the bucket is full. `None` for a bucket that was never used.
    full_at: Option<Instant>,
}

impl TokenBucket {
    /// Takes a token.
    ///
    /// # Errors
    /// When there is none: the time until there is one.
    pub fn take(&mut self, rate: Rate, now: Instant) -> Result<(), Duration> {
        // Otherwise a caller whose clock was read a moment before that of the last one would wait
        // for the difference.
        if rate.interval.is_zero() {
            return Ok(());
        }
        let missing = self.full_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        let refill = missing + rate.interval;
        let wait = refill.saturating_sub(rate.interval * rate.burst);
        if !wait.is_zero() {
            return Err(wait);
        }
        self.full_at = Some(now + refill);
        Ok(())
    }

    /// Whether the bucket is as good as a new one.
    #[must_use]
    pub fn is_full(&self, now: Instant) -> bool {
        self.full_at.is_none_or(|at| at <= now)
    }
}

/// Time between two searches for full buckets in a table that is full. Fixed: it keeps the cost of
/// a full table small.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// Number of buckets from which on full ones are removed. Fixed: fewer take little memory.
const MIN_SWEEP: usize = 64;

/// A bucket for each key, such as the hash of a caller, in bounded memory: about 50 bytes for each
/// bucket that is not full.
#[derive(Debug, Default)]
pub struct TokenBuckets {
    buckets: HashMap<u64, TokenBucket>,
    /// What does not fit into the table.
    overflow: TokenBucket,
    /// Number of buckets at which full ones are removed again.
    sweep_at: usize,
    swept: Option<Instant>,
}

impl TokenBuckets {
    /// Returns the bucket of a key. While the table has `max` buckets, further keys share one, so
    /// that a peer with many keys cannot exceed the rate.
    pub fn bucket(&mut self, key: u64, max: usize, now: Instant) -> &mut TokenBucket {
        if self.buckets.len() >= self.sweep_at.min(max) && !self.buckets.contains_key(&key) {
            self.sweep(max, now);
            if self.buckets.len() >= max {
                return &mut self.overflow;
            }
        }
        self.buckets.entry(key).or_default()
    }

    /// Forgets full buckets. Runs after the table has doubled, or once a second when it is full, so
    /// its cost for each key is constant.
    fn sweep(&mut self, max: usize, now: Instant) {
        let is_full = self.buckets.len() >= max;
        let is_recent = self.swept.is_some_and(|swept| now - swept < SWEEP_INTERVAL);
        if is_full && is_recent {
            return;
        }
        self.swept = Some(now);
        self.buckets.retain(|_, bucket| !bucket.is_full(now));
        self.sweep_at = (self.buckets.len() * 2).max(MIN_SWEEP);
        self.buckets.shrink_to(self.sweep_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn keys_beyond_the_limit_share_a_bucket_until_others_are_full() {
        let rate = Rate::new(2, Duration::from_secs(5));
        let mut buckets = TokenBuckets::default();
        let now = Instant::now();
        let mut admits = |key, now| buckets.bucket(key, 3, now).take(rate, now).is_ok();
        for key in 0..3 {
            assert!(admits(key, now) && admits(key, now) && !admits(key, now));
        }
        assert!(admits(3, now) && admits(4, now) && !admits(5, now));
        // The others are forgotten once their tokens are back.
        assert!(admits(6, now + Duration::from_secs(11)));
        assert_eq!(buckets.buckets.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_then_one_event_per_interval() {
        let rate = Rate::new(3, Duration::from_millis(100));
        let mut bucket = TokenBucket::default();
        let now = Instant::now();
        for _ in 0..3 {
            assert_eq!(bucket.take(rate, now), Ok(()));
        }
        assert_eq!(bucket.take(rate, now), Err(Duration::from_millis(100)));
        let later = now + Duration::from_millis(60);
        assert_eq!(bucket.take(rate, later), Err(Duration::from_millis(40)));
        let later = now + Duration::from_millis(100);
        assert_eq!(bucket.take(rate, later), Ok(()));
        assert!(bucket.take(rate, later).is_err());
        assert!(!bucket.is_full(now + Duration::from_millis(399)));
        assert!(bucket.is_full(now + Duration::from_millis(400)));
    }

    #[tokio::test(start_paused = true)]
    async fn extreme_rates_do_not_overflow() {
        let now = Instant::now();
        let mut bucket = TokenBucket::default();
        let unlimited = Rate::new(0, Duration::ZERO);
        assert!((0..1_000).all(|_| bucket.take(unlimited, now).is_ok()));
        assert_eq!(bucket.take(unlimited, now - Duration::from_micros(1)), Ok(()));
        let mut bucket = TokenBucket::default();
        let rare = Rate::new(u32::MAX, Duration::MAX);
        assert!((0..1_000).all(|_| bucket.take(rare, now).is_ok()));
        let mut bucket = TokenBucket::default();
        let rare = Rate::new(1, Duration::MAX);
        assert_eq!(bucket.take(rare, now), Ok(()));
        assert_eq!(bucket.take(rare, now), Err(MAX_INTERVAL));
    }
}
