//! The wall clock.

use std::time::{Duration, Instant, SystemTime};

/// Returns the milliseconds since the Unix epoch. Uses the wall clock, because instances share
/// what they store, plus the time by which a paused tokio clock is ahead of the real one, or minus
/// the time by which it is behind.
pub(crate) fn now() -> u64 {
    let (tokio, real) = (tokio::time::Instant::now().into_std(), Instant::now());
    let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let shifted = match tokio.checked_duration_since(real) {
        Some(ahead) => wall.saturating_add(ahead),
        None => wall.saturating_sub(real.saturating_duration_since(tokio)),
    };
    millis(shifted)
}

/// Returns the same as a [`SystemTime`].
pub(crate) fn wall() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(now())
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
