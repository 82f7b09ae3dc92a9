//! Tasks that this process cannot run.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use mcp_core::sync::Mutex;
use tokio::time::Instant;

use crate::shrink::shrink;

/// Number of tasks that are remembered because they cannot be run. Fixed: a task too many is left
/// alone for its lease at once, instead of after the time for others.
pub(super) const MAX_UNREADABLE: usize = 1024;

/// The tasks that this process has claimed and cannot run, for example because it lacks a key.
///
/// Such a task is first left to others for a while: this process releases it whenever it claims it.
/// If it is still claimed by this process then, no other process can run it, and the process lets
/// its lease run out. Then the task is tried again, because keys can be added.
#[derive(Debug)]
pub(super) struct Unreadable {
    /// When each task was found, as long as it is left to others.
    found_at: Mutex<HashMap<Arc<str>, Instant>>,
    for_others: Duration,
}

/// What to do with a task that cannot be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disposal {
    /// Release its lease.
    Release,
    /// Let its lease run out.
    Leave,
}

impl Unreadable {
    /// Tasks are left to others for `for_others`.
    pub(super) fn new(for_others: Duration) -> Self {
        Self { found_at: Mutex::default(), for_others }
    }

    /// Notes that a task cannot be run.
    pub(super) fn found(&self, id: &Arc<str>) -> Disposal {
        let mut found_at = self.found_at.lock();
        if found_at.len() >= MAX_UNREADABLE {
            // Others have run these by now, or cannot.
            found_at.retain(|_, at| at.elapsed() < self.for_others);
            shrink(&mut found_at);
        }
        if found_at.len() >= MAX_UNREADABLE {
            return Disposal::Leave;
        }
        found_at.insert(Arc::clone(id), Instant::now());
        Disposal::Release
    }

    /// Whether a task that was claimed is one that cannot be run, and what to do with it. `None` if
    /// it is worth trying.
    pub(super) fn disposal(&self, id: &str) -> Option<Disposal> {
        let mut found_at = self.found_at.lock();
        if found_at.get(id)?.elapsed() < self.for_others {
            return Some(Disposal::Release);
        }
        found_at.remove(id);
        Some(Disposal::Leave)
    }
}

/// The tasks whose failure was reported, so that each is reported once. When there are
/// [`MAX_UNREADABLE`], they are forgotten.
#[derive(Debug, Default)]
pub(super) struct Reported(Mutex<HashSet<Arc<str>>>);

impl Reported {
    /// Whether this task is reported for the first time.
    pub(super) fn is_first(&self, id: &Arc<str>) -> bool {
        let mut reported = self.0.lock();
        if reported.len() >= MAX_UNREADABLE {
            *reported = HashSet::new();
        }
        reported.insert(Arc::clone(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_task_is_left_to_others_and_then_alone_and_then_tried_again() {
        let unreadable = Unreadable::new(3 * SECOND);
        let id: Arc<str> = "a".into();
        assert_eq!(unreadable.disposal(&id), None);
        assert_eq!(unreadable.found(&id), Disposal::Release);
        tokio::time::advance(2 * SECOND).await;
        assert_eq!(unreadable.disposal(&id), Some(Disposal::Release));
        assert_eq!(unreadable.disposal("b"), None);
        tokio::time::advance(SECOND).await;
        assert_eq!(unreadable.disposal(&id), Some(Disposal::Leave));
        assert_eq!(unreadable.disposal(&id), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_limited_number_of_tasks_is_remembered() {
        let unreadable = Unreadable::new(3 * SECOND);
        for number in 0..MAX_UNREADABLE {
            assert_eq!(unreadable.found(&number.to_string().into()), Disposal::Release);
        }
        assert_eq!(unreadable.found(&"more".into()), Disposal::Leave);
        tokio::time::advance(3 * SECOND).await;
        assert_eq!(unreadable.found(&"more".into()), Disposal::Release);
        assert_eq!(unreadable.found_at.lock().len(), 1);
    }
    #[test]
    fn a_task_is_reported_once() {
        let reported = Reported::default();
        let id = |number: usize| -> Arc<str> { number.to_string().into() };
        assert!((0..MAX_UNREADABLE).all(|number| reported.is_first(&id(number))));
        assert!(reported.is_first(&id(MAX_UNREADABLE)) && reported.is_first(&id(0)));
        assert!(!reported.is_first(&id(0)));
    }
}
