//! Tasks that may exist although no client learned their ids.

use std::collections::VecDeque;
use std::sync::Arc;

use mcp_core::sync::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Number of tasks that are looked for. Fixed: each is the creation of a task that the store has
/// not confirmed; when more fail, the oldest is forgotten, and ends by itself.
pub(super) const MAX_ORPHANS: usize = 1024;

/// The ids of tasks whose creation was not confirmed: the client has an error instead of the id, or
/// nothing. They are cancelled when they are found.
#[derive(Debug, Default)]
pub(super) struct Orphans {
    tasks: Mutex<VecDeque<Orphan>>,
    added: Notify,
}

#[derive(Debug)]
pub(super) struct Orphan {
    pub(super) id: Arc<str>,
    pub(super) created_at: Instant,
}

/// A task that is being created. Unless it is kept, it is an orphan when this is dropped.
#[derive(Debug)]
pub(super) struct Creation<'a> {
    orphans: &'a Orphans,
    id: Option<Arc<str>>,
}

impl Orphans {
    /// A task with this id is being created.
    pub(super) fn creation(&self, id: &Arc<str>) -> Creation<'_> {
        Creation { orphans: self, id: Some(Arc::clone(id)) }
    }

    /// Looks for an orphan, again or for the first time.
    pub(super) fn add(&self, orphan: Orphan) {
        {
            let mut tasks = self.tasks.lock();
            while tasks.len() >= MAX_ORPHANS {
                tasks.pop_front();
            }
            tasks.push_back(orphan);
        }
        self.added.notify_one();
    }

    /// Waits until there are orphans, and returns their number.
    pub(super) async fn wait(&self) -> usize {
        loop {
            let count = self.tasks.lock().len();
            if count > 0 {
                return count;
            }
            self.added.notified().await;
        }
    }

    /// Returns the orphan that has waited longest.
    pub(super) fn next(&self) -> Option<Orphan> {
        self.tasks.lock().pop_front()
    }
}

impl Creation<'_> {
    /// Somebody knows the task, or it does not exist.
    pub(super) fn settle(mut self) {
        self.id = None;
    }
}

impl Drop for Creation<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            self.orphans.add(Orphan { id, created_at: Instant::now() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limited_number_of_orphans_is_remembered() {
        let orphans = Orphans::default();
        let id = |number: usize| -> Arc<str> { number.to_string().into() };
        orphans.creation(&id(0)).settle();
        assert!(orphans.tasks.lock().is_empty());
        (0..=MAX_ORPHANS).for_each(|number| drop(orphans.creation(&id(number))));
        let tasks = orphans.tasks.lock();
        assert_eq!((tasks.len(), &*tasks[0].id), (MAX_ORPHANS, "1"));
    }
}
