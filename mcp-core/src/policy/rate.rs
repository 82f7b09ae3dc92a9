//! Rates of rules.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

use tokio::time::Instant;

use crate::sync::Mutex;
use crate::token_bucket::{Rate, TokenBuckets};

/// Counts the calls that a rule selects, for each principal and subject.
#[derive(Debug)]
pub(super) struct RateCounter {
    rate: Rate,
    max_counts: usize,
    hasher: RandomState,
    counts: Mutex<TokenBuckets>,
}

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
        self.counts.lock().bucket(key, self.max_counts, now).take(self.rate, now).is_ok()
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
        // The others are forgotten once their calls are available again.
        assert!(admits("g", now + Duration::from_secs(11)));
    }
}
