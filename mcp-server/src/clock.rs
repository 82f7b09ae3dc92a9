//! The wall clock.

use std::time::SystemTime;

/// Returns the milliseconds since the Unix epoch. Uses the wall clock, because instances share
/// what they store, plus the time by which a paused tokio clock was advanced.
pub(crate) fn now() -> u64 {
    let advanced =
        tokio::time::Instant::now().into_std().saturating_duration_since(std::time::Instant::now());
    let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from((wall + advanced).as_millis()).unwrap_or(u64::MAX)
}
