//! Rates of rules.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

use tokio::time::Instant;

use crate::sync::Mutex;
use crate::token_bucket::{Rate, TokenBucket};

/// Counts the calls that a rule selects, for each principal and subject.
#[derive(Debug)]
pub(super) struct RateCounter {
    rate: Rate,
    max_counts: usize,
    hasher: RandomState,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    buckets: HashMap<u64, TokenBucket>,
    /// What does not fit into the table.
    overflow: TokenBucket,
    /// When buckets that are full were last removed.
    swept: Option<Instant>,
}

/// Time between two searches for buckets that can be forgotten, when the table is full. Fixed: it
/// keeps the cost of a full table small.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

impl RateCounter {
    pub(super) fn new(calls: u32, per: Duration, max_counts: usize) -> Self {
        Self {
            rate: Rate::new(calls, per / calls.max(1)),
            max_counts,
            hasher: RandomState::new(),
            counts: Mutex::default(),
        }
    }

    /// Counts a call. Returns whether it is within the rate.
    pub(super) fn admits(&self, key: (Option<&str>, &str, Option<&str>), now: Instant) -> bool {
        let key = self.hasher.hash_one(key);
        let mut counts = self.counts.lock();
        let counts = &mut *counts;
        if counts.buckets.len() >= self.max_counts && !counts.buckets.contains_key(&key) {
            if counts.swept.is_none_or(|swept| now.duration_since(swept) >= SWEEP_INTERVAL) {
                counts.swept = Some(now);
                counts.buckets.retain(|_, bucket| !bucket.is_full(now));
            }
            if counts.buckets.len() >= self.max_counts {
                return counts.overflow.take(self.rate, now).is_ok();
            }
        }
        counts.buckets.entry(key).or_default().take(self.rate, now).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pairs_beyond_the_limit_share_a_rate() {
        let counter = RateCounter::new(2, Duration::from_secs(10), 3);
        let now = Instant::now();
        let admits = |name: &str, now| counter.admits((Some("p"), "s", Some(name)), now);
        for name in ["a", "b", "c"] {
            assert!(admits(name, now) && admits(name, now) && !admits(name, now));
        }
        assert!(admits("d", now) && admits("e", now) && !admits("f", now));
        assert_eq!(counter.counts.lock().buckets.len(), 3);
        // The others are forgotten once their calls are available again.
        assert!(admits("g", now + Duration::from_secs(11)));
        assert_eq!(counter.counts.lock().buckets.len(), 1);
    }
}
