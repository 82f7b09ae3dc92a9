//! The last changes, for clients that begin to read at this instance what they read at another one
//! before.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::subscription::Change;

/// Maximum number of changes that are remembered. Fixed: a client that missed more learns that
/// anything may have changed.
const MAX_CHANGES: usize = 1_024;

/// The last changes that this instance received, oldest first.
#[derive(Debug)]
pub(super) struct Recent {
    changes: VecDeque<(Instant, Change)>,
    /// Whether all changes since this time are here.
    complete_since: Instant,
}

impl Recent {
    pub(super) fn new() -> Self {
        Self { changes: VecDeque::new(), complete_since: Instant::now() }
    }

    pub(super) fn add(&mut self, change: Change) {
        if self.changes.len() >= MAX_CHANGES
            && let Some((time, _)) = self.changes.pop_front()
        {
            self.complete_since = time + Duration::from_nanos(1);
        }
        self.changes.push_back((Instant::now(), change));
    }

    /// Changes were lost.
    pub(super) fn restart(&mut self) {
        *self = Self::new();
    }

    /// The changes of the last `age`; `None` if they are not all here.
    pub(super) fn within(&self, age: Duration) -> Option<Vec<Change>> {
        let since = Instant::now().checked_sub(age)?;
        let later = self.changes.iter().filter(|(time, _)| *time >= since);
        (since >= self.complete_since).then(|| later.map(|(_, change)| change.clone()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn changes_are_returned_by_age_and_none_is_lost() {
        let second = Duration::from_secs(1);
        let mut recent = Recent::new();
        assert_eq!(recent.within(second), None, "it has not existed for so long");
        tokio::time::advance(10 * second).await;
        recent.add(Change::Tools);
        tokio::time::advance(5 * second).await;
        recent.add(Change::Prompts);
        assert_eq!(recent.within(second).unwrap(), [Change::Prompts]);
        assert_eq!(recent.within(6 * second).unwrap(), [Change::Tools, Change::Prompts]);
        tokio::time::advance(second).await;
        for number in 0..MAX_CHANGES {
            recent.add(Change::Resource(number.to_string().into()));
        }
        assert_eq!(recent.within(second / 2).unwrap().len(), MAX_CHANGES);
        assert_eq!(recent.within(8 * second), None, "the oldest ones are gone");
        recent.restart();
        assert_eq!(recent.within(Duration::from_nanos(1)), None);
    }
}
