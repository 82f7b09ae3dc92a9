//! The model: tasks in a list, searched from the beginning, with one thread and without a clock.

use std::time::Duration;

use crate::store::task::{
    Lease, NewTask, TaskHead, TaskQuota, TaskRecord, TaskState, TaskUpdate, UpdateOutcome,
};

/// Tasks in a list, in the order in which they were created.
#[derive(Debug, Default)]
pub(super) struct Model {
    tasks: Vec<Task>,
}

#[derive(Debug)]
struct Task {
    record: TaskRecord,
    /// Whether a worker holds a lease that lasts longer than the history.
    is_held: bool,
}

/// What a creation may answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Creation {
    Created,
    Exists,
    /// The names of the limits that are reached. The store reports one of them.
    Full(Vec<&'static str>),
}

impl Model {
    pub(super) fn load(&self, id: &str) -> Option<TaskRecord> {
        self.find(id).map(|task| task.record.clone())
    }

    pub(super) fn head(&self, id: &str) -> Option<TaskHead> {
        self.find(id).map(|task| task.record.head.clone())
    }

    pub(super) fn status(&self, id: &str) -> Option<TaskHead> {
        self.head(id).map(TaskHead::without_outcome)
    }

    fn find(&self, id: &str) -> Option<&Task> {
        self.tasks.iter().find(|task| *task.record.head.id == *id)
    }

    fn find_mut(&mut self, id: &str) -> Option<&mut Task> {
        self.tasks.iter_mut().find(|task| *task.record.head.id == *id)
    }

    pub(super) fn create(&mut self, task: &NewTask, quota: TaskQuota) -> Creation {
        let head = &task.record.head;
        if self.find(&head.id).is_some() {
            return Creation::Exists;
        }
        let mut reached = Vec::new();
        if self.tasks.len() >= quota.max_tasks {
            reached.push("max_tasks");
        }
        if self.list(&head.owner).len() >= quota.max_tasks_per_owner {
            reached.push("max_tasks_per_owner");
        }
        if !reached.is_empty() {
            return Creation::Full(reached);
        }
        let is_held = task.lease.is_some_and(|lease| !lease.is_zero());
        self.tasks.push(Task { record: task.record.clone(), is_held });
        Creation::Created
    }

    pub(super) fn update(&mut self, id: &str, update: &TaskUpdate) -> UpdateOutcome {
        let Some(task) = self.find_mut(id) else { return UpdateOutcome::Missing };
        let head = &mut task.record.head;
        match head.state {
            TaskState::Completed | TaskState::Failed | TaskState::Cancelled => {
                return UpdateOutcome::Ended;
            }
            TaskState::Working | TaskState::InputRequired => {}
        }
        match update.fence {
            Some(fence) if fence != head.fence => return UpdateOutcome::Fenced,
            _ => {}
        }
        if head.version != update.version {
            return UpdateOutcome::Conflict;
        }
        if head.state != TaskState::Working || update.state != TaskState::Working {
            task.is_held = false;
        }
        head.version += 1;
        head.state = update.state;
        head.updated_at = update.updated_at;
        head.expires_at = update.expires_at;
        head.detail = update.detail.clone().unwrap_or_else(|| head.detail.clone());
        head.outcome = update.outcome.clone().or_else(|| head.outcome.clone());
        task.record.journal.extend(update.append.iter().cloned());
        UpdateOutcome::Applied(head.version)
    }

    /// Returns the tasks that can be claimed.
    pub(super) fn claimable(&self) -> Vec<String> {
        let is_claimable =
            |task: &&Task| task.record.head.state == TaskState::Working && !task.is_held;
        let claimable = self.tasks.iter().filter(is_claimable);
        claimable.map(|task| task.record.head.id.to_string()).collect()
    }

    /// Claims a task that can be claimed.
    pub(super) fn claim(&mut self, id: &str, lease: Duration) -> Option<Lease> {
        let task = self.find_mut(id)?;
        if task.record.head.state != TaskState::Working || task.is_held {
            return None;
        }
        task.record.head.fence += 1;
        task.is_held = !lease.is_zero();
        Some(Lease::new(id, task.record.head.fence))
    }

    pub(super) fn renew(&mut self, held: &Lease, lease: Duration) -> bool {
        let Some(task) = self.find_mut(&held.id) else { return false };
        let head = &task.record.head;
        let is_valid = head.state == TaskState::Working && head.fence == held.fence;
        if is_valid {
            task.is_held = !lease.is_zero();
        }
        is_valid
    }

    /// Returns all tasks of an owner, without their outcomes.
    pub(super) fn list(&self, owner: &str) -> Vec<TaskHead> {
        let heads = self.tasks.iter().map(|task| &task.record.head);
        let mut owned: Vec<_> = heads
            .filter(|head| *head.owner == *owner)
            .map(|head| head.clone().without_outcome())
            .collect();
        owned.sort_by_key(|head| head.created_at);
        owned
    }

    /// Returns the tasks that have expired, by their time of expiry.
    pub(super) fn expired(&self, now: u64) -> Vec<(u64, String)> {
        let heads = self.tasks.iter().map(|task| &task.record.head);
        let mut expired: Vec<_> = heads
            .filter_map(|head| {
                Some((head.expires_at.filter(|at| *at <= now)?, head.id.to_string()))
            })
            .collect();
        expired.sort_unstable();
        expired
    }

    pub(super) fn delete(&mut self, id: &str) {
        self.tasks.retain(|task| *task.record.head.id != *id);
    }

    /// Returns all tasks.
    pub(super) fn records(&self) -> impl Iterator<Item = &TaskRecord> {
        self.tasks.iter().map(|task| &task.record)
    }
}
