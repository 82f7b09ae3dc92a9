//! How long to wait before another attempt: longer each time, and random, so that the clients of a
//! server that restarts do not all come back at once.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use crate::Limits;

/// The pauses between several attempts, until the client gives up.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    most: u32,
    /// Upper bound of the next pause; it doubles.
    bound: Duration,
    failures: u32,
}

impl Backoff {
    /// For what may be lost and restored, again and again.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self::times(limits.max_reconnects, limits)
    }

    /// For what is given up after this many pauses in a row.
    pub(crate) fn times(most: u32, limits: &Limits) -> Self {
        Self {
            first: limits.initial_backoff,
            longest: limits.max_backoff,
            most,
            bound: limits.initial_backoff.min(limits.max_backoff),
            failures: 0,
        }
    }

    /// The next pause, random from zero to the bound ("full jitter"); `None` to give up.
    pub(crate) fn pause(&mut self) -> Option<Duration> {
        if self.failures >= self.most {
            return None;
        }
        self.failures += 1;
        let bound = self.bound;
        self.bound = bound.saturating_mul(2).min(self.longest);
        Some(bound.mul_f64(fraction()))
    }

    /// An attempt succeeded. The pauses stay as long as they are until [`Backoff::lasted`], so that
    /// what works for a moment each time is not tried in a tight loop.
    pub(crate) fn worked(&mut self) {
        self.failures = 0;
    }

    /// It worked for this long. True if that is long enough for short pauses again.
    pub(crate) fn lasted(&mut self, time: Duration) -> bool {
        let is_long = time >= self.bound;
        if is_long {
            self.bound = self.first.min(self.longest);
        }
        is_long
    }

    /// It made progress: starts over with short pauses.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
        self.bound = self.first.min(self.longest);
    }
}

/// A random number from 0 up to 1. The keys of hash maps are random enough for a pause.
fn fraction() -> f64 {
    const BITS: u32 = 32;
    let random = RandomState::new().hash_one(()) >> (u64::BITS - BITS);
    random as f64 / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backoff() -> Backoff {
        let mut limits = Limits::new();
        limits.max_reconnects = 4;
        limits.initial_backoff = Duration::from_secs(1);
        limits.max_backoff = Duration::from_secs(3);
        Backoff::new(&limits)
    }

    #[test]
    fn pauses_grow_up_to_a_bound_and_end() {
        let mut backoff = backoff();
        for bound in [1, 2, 3, 3] {
            assert!(backoff.pause().unwrap() <= Duration::from_secs(bound));
        }
        assert_eq!(backoff.pause(), None);
    }

    #[test]
    fn what_works_for_a_moment_is_not_given_up_and_not_tried_sooner() {
        let mut backoff = backoff();
        for _ in 0..20 {
            backoff.pause().unwrap();
            backoff.worked();
            backoff.lasted(Duration::from_millis(1));
        }
        assert_eq!(backoff.bound, Duration::from_secs(3));
        backoff.lasted(Duration::from_secs(3));
        assert_eq!(backoff.bound, Duration::from_secs(1));
    }

    #[test]
    fn pauses_are_spread() {
        let all: Vec<f64> = (0..1_000).map(|_| fraction()).collect();
        assert!(all.iter().all(|fraction| (0.0..=1.0).contains(fraction)));
        for tenth in 0..10 {
            let within = |fraction: &&f64| (**fraction * 10.0) as i32 == tenth;
            assert!(all.iter().filter(within).count() > 20, "few in the tenth {tenth}");
        }
    }
}
