//! When a task is polled.

use std::time::Duration;

/// Minimum time between two polls. Fixed: a client that polls faster only loads the server.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Time between two polls if the server recommends none. Fixed: see `TaskOptions` for a longer one.
const DEFAULT_POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The time between two polls of one task.
#[derive(Debug)]
pub(super) struct Schedule {
    /// What the last state of the task recommends.
    recommended: Option<Duration>,
    min: Duration,
    max: Duration,
}

impl Schedule {
    pub(super) fn new(min: Duration, max: Duration) -> Self {
        let min = min.max(MIN_POLL_INTERVAL);
        Self { recommended: None, min, max: max.max(min) }
    }

    /// Takes the recommendation of a new state, in milliseconds. That of an earlier one is void.
    pub(super) fn recommend(&mut self, interval: Option<u64>) {
        self.recommended = interval.map(Duration::from_millis);
    }

    /// The minimum time between two polls.
    pub(super) fn min(&self) -> Duration {
        self.min
    }

    /// The time until the next poll.
    pub(super) fn interval(&self) -> Duration {
        self.recommended.unwrap_or(DEFAULT_POLL_INTERVAL).clamp(self.min, self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_the_server_within_bounds() {
        const MAX: Duration = Duration::from_secs(60);
        for (min, recommended, interval) in [
            (0, None, 1_000),
            (0, Some(0), 10),
            (0, Some(250), 250),
            (0, Some(u64::MAX), 60_000),
            (2_000, None, 2_000),
            (2_000, Some(250), 2_000),
            (2_000, Some(5_000), 5_000),
            (120_000, Some(5_000), 120_000),
        ] {
            let mut schedule = Schedule::new(Duration::from_millis(min), MAX);
            schedule.recommend(recommended);
            let expected = Duration::from_millis(interval);
            assert_eq!(schedule.interval(), expected, "{min} {recommended:?}");
        }
    }
}
