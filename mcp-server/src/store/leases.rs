//! The leases of working tasks, in memory.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::shrink::shrink;

/// The time of a lease that is too long for the clock: practically for ever. Fixed: sums of it
/// stay within the range of the clock.
const FAR_FUTURE: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// The leases of working tasks. A working task without a valid lease has one that has ended.
#[derive(Debug, Default)]
pub(super) struct Leases {
    by_id: HashMap<Arc<str>, Instant>,
    by_end: BTreeSet<(Instant, Arc<str>)>,
}

impl Leases {
    /// Returns the number of working tasks.
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Returns the end of the lease of a task; `None` if the task is not working.
    pub(super) fn end(&self, id: &str) -> Option<Instant> {
        self.by_id.get(id).copied()
    }

    /// Sets the end of the lease of a task, or removes the lease. Returns the previous end.
    pub(super) fn set(&mut self, id: &Arc<str>, end: Option<Instant>) -> Option<Instant> {
        let old = match end {
            Some(end) => self.by_id.insert(Arc::clone(id), end),
            None => self.by_id.remove(id),
        };
        if old != end {
            if let Some(old) = old {
                self.by_end.remove(&(old, Arc::clone(id)));
            }
            if let Some(end) = end {
                self.by_end.insert((end, Arc::clone(id)));
            }
        }
        old
    }

    /// Returns at most `max` tasks whose lease has ended, those first whose lease ended first.
    pub(super) fn ended(&self, now: Instant, max: usize) -> Vec<Arc<str>> {
        let ended = self.by_end.iter().take_while(|(end, _)| *end <= now).take(max);
        ended.map(|(_, id)| Arc::clone(id)).collect()
    }

    /// Returns the memory of a table that is mostly empty.
    pub(super) fn shrink(&mut self) {
        shrink(&mut self.by_id);
    }
}

/// Returns the end of a lease that begins now.
pub(super) fn end_of(lease: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(lease).unwrap_or_else(|| now + FAR_FUTURE)
}
