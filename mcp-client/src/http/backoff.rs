//! How long to wait before trying again: twice as long each time, and random, so that the clients of a server that
//! comes back do not all come at once.

use std::time::Duration;

use mcp_core::http::HttpClientLimits;

/// The pauses of one thing that is tried several times.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    pub(super) fn new(limits: &HttpClientLimits) -> Self {
        Self { next: limits.backoff, longest: limits.longest_backoff }
    }

    /// The next pause: random between zero and a bound that doubles.
    pub(super) fn pause(&mut self) -> Duration {
        let bound = self.next.min(self.longest);
        self.next = bound.saturating_mul(2);
        bound.mul_f64(fraction())
    }
}

/// A random number from 0 up to 1; 1 where the system has none.
fn fraction() -> f64 {
    match getrandom::u32() {
        Ok(number) => f64::from(number) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}
