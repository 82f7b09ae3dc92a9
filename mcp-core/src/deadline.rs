//! Deadlines that do not overflow the clock.

use std::time::Duration;

use tokio::time::Instant;

/// Adds a duration to a point in time. One that is too long for the clock is cut.
#[must_use]
pub fn later(now: Instant, duration: Duration) -> Instant {
    const YEARS: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    now.checked_add(duration.min(YEARS)).unwrap_or(now)
}
