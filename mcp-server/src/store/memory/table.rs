//! Tasks in memory, with the indexes that find them.

use std::collections::{BTreeSet, HashMap};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::shrink::shrink;
use crate::store::leases::{Leases, end_of};
use crate::store::position::{parse_position, position_after};
use crate::store::rules::{always_fits, check_limit, refusal};
use crate::store::task::{
    Lease, NewTask, StoreError, TaskHead, TaskPage, TaskQuota, TaskRecord, TaskState, TaskUpdate,
    UpdateOutcome,
};

/// What one task occupies beside its bytes, in bytes: its entries in the maps. Measured, and fixed:
/// it only has to be of the right order.
const TASK_OVERHEAD: usize = 512;

/// Tasks in memory.
#[derive(Debug, Default)]
pub(super) struct TaskTable {
    tasks: HashMap<Arc<str>, Stored>,
    /// The tasks of each owner by their time of creation.
    owners: HashMap<Arc<str>, BTreeSet<(u64, Arc<str>)>>,
    leases: Leases,
    /// The tasks that expire.
    expiries: BTreeSet<(u64, Arc<str>)>,
    bytes: usize,
}

/// The sizes of the maps of a [`MemoryTaskStore`](super::MemoryTaskStore).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryCounts {
    /// The number of tasks.
    pub tasks: usize,
    /// The number of owners that have tasks.
    pub owners: usize,
    /// The number of tasks that a worker runs or may claim.
    pub working: usize,
    /// The number of tasks that expire.
    pub expiring: usize,
    /// The size of all tasks, in bytes.
    pub bytes: usize,
}

#[derive(Debug)]
struct Stored {
    record: TaskRecord,
    bytes: usize,
}

impl TaskTable {
    pub(super) fn counts(&self) -> MemoryCounts {
        MemoryCounts {
            tasks: self.tasks.len(),
            owners: self.owners.len(),
            working: self.leases.len(),
            expiring: self.expiries.len(),
            bytes: self.bytes,
        }
    }

    pub(super) fn create(
        &mut self,
        task: NewTask,
        quota: TaskQuota,
        max_bytes: usize,
    ) -> Result<(), StoreError> {
        let NewTask { record, lease } = task;
        let head = &record.head;
        let (id, owner) = (Arc::clone(&head.id), Arc::clone(&head.owner));
        if self.tasks.contains_key(&id) {
            return Err(StoreError::Exists);
        }
        check("max_tasks", self.tasks.len() + 1, quota.max_tasks)?;
        let owned = self.owners.get(&owner).map_or(0, BTreeSet::len);
        check("max_tasks_per_owner", owned + 1, quota.max_tasks_per_owner)?;
        let bytes = size(&record);
        check("max_bytes", self.bytes + bytes, max_bytes)?;
        self.bytes += bytes;
        self.owners.entry(owner).or_default().insert((head.created_at, Arc::clone(&id)));
        if let Some(expires_at) = head.expires_at {
            self.expiries.insert((expires_at, Arc::clone(&id)));
        }
        if head.state == TaskState::Working {
            self.leases.set(&id, Some(end_of(lease.unwrap_or_default())));
        }
        self.tasks.insert(id, Stored { record, bytes });
        Ok(())
    }

    pub(super) fn head(&self, id: &str) -> Option<TaskHead> {
        self.tasks.get(id).map(|task| task.record.head.clone())
    }

    pub(super) fn status(&self, id: &str) -> Option<TaskHead> {
        self.head(id).map(TaskHead::without_outcome)
    }

    pub(super) fn load(&self, id: &str) -> Option<TaskRecord> {
        self.tasks.get(id).map(|task| task.record.clone())
    }

    pub(super) fn update(
        &mut self,
        id: &str,
        update: TaskUpdate,
        max_bytes: usize,
    ) -> Result<UpdateOutcome, StoreError> {
        let Some(task) = self.tasks.get_mut(id) else { return Ok(UpdateOutcome::Missing) };
        let head = &mut task.record.head;
        if let Some(refusal) = refusal(head, &update) {
            return Ok(refusal);
        }
        let is_final = always_fits(&update);
        let added = update.append.iter().map(entry_size).sum::<usize>()
            + update.detail.as_ref().map_or(0, Bytes::len)
            + update.outcome.as_ref().map_or(0, Bytes::len);
        let removed = update.detail.as_ref().map_or(0, |_| head.detail.len())
            + update.outcome.as_ref().and(head.outcome.as_ref()).map_or(0, Bytes::len);
        let bytes = self.bytes - removed + added;
        if added > removed && !is_final {
            check("max_bytes", bytes, max_bytes)?;
        }
        self.bytes = bytes;
        task.bytes = task.bytes - removed + added;
        head.version += 1;
        head.state = update.state;
        head.updated_at = update.updated_at;
        if let Some(detail) = update.detail {
            head.detail = detail;
        }
        if update.outcome.is_some() {
            head.outcome = update.outcome;
        }
        if head.expires_at != update.expires_at {
            let old = std::mem::replace(&mut head.expires_at, update.expires_at);
            if let Some(old) = old {
                self.expiries.remove(&(old, Arc::clone(&head.id)));
            }
            if let Some(new) = update.expires_at {
                self.expiries.insert((new, Arc::clone(&head.id)));
            }
        }
        let lease = self.leases.end(id);
        if (update.state == TaskState::Working) != lease.is_some() {
            let claimable = lease.is_none().then(Instant::now);
            self.leases.set(&head.id, claimable);
        }
        let version = head.version;
        task.record.journal.extend(update.append);
        Ok(UpdateOutcome::Applied(version))
    }

    pub(super) fn claim(&mut self, id: &str, lease: Duration) -> Option<Lease> {
        self.leases.end(id).filter(|end| *end <= Instant::now())?;
        let head = &mut self.tasks.get_mut(id)?.record.head;
        head.fence += 1;
        self.leases.set(&head.id, Some(end_of(lease)));
        Some(Lease::new(Arc::clone(&head.id), head.fence))
    }

    pub(super) fn claim_any(&mut self, lease: Duration, max: usize) -> Vec<Lease> {
        let ids = self.leases.ended(Instant::now(), max);
        ids.iter().filter_map(|id| self.claim(id, lease)).collect()
    }

    pub(super) fn renew(&mut self, leases: &[Lease], lease: Duration) -> Vec<bool> {
        let end = end_of(lease);
        let mut renew = |held: &Lease| {
            let is_last =
                self.tasks.get(&held.id).is_some_and(|t| t.record.head.fence == held.fence);
            let is_valid = is_last && self.leases.end(&held.id).is_some();
            if is_valid {
                self.leases.set(&held.id, Some(end));
            }
            is_valid
        };
        leases.iter().map(&mut renew).collect()
    }

    pub(super) fn list(
        &self,
        owner: &str,
        after: Option<&str>,
        max: usize,
    ) -> Result<TaskPage, StoreError> {
        let after = after.map(parse_position).transpose()?;
        let Some(owned) = self.owners.get(owner) else { return Ok(TaskPage::new(vec![], None)) };
        let start = after.map_or(Unbounded, |(created_at, id)| Excluded((created_at, id.into())));
        let mut rest = owned.range((start, Unbounded)).filter_map(|(_, id)| self.status(id));
        let tasks: Vec<_> = rest.by_ref().take(max.max(1)).collect();
        let next = tasks.last().filter(|_| rest.next().is_some()).map(position_after);
        Ok(TaskPage::new(tasks, next))
    }

    pub(super) fn sweep(&mut self, now: u64, max: usize) -> Vec<Arc<str>> {
        let expired = self.expiries.iter().take_while(|(at, _)| *at <= now).take(max);
        let ids: Vec<_> = expired.map(|(_, id)| Arc::clone(id)).collect();
        for id in &ids {
            self.remove(id);
        }
        if !ids.is_empty() {
            shrink(&mut self.tasks);
            shrink(&mut self.owners);
            self.leases.shrink();
        }
        ids
    }

    fn remove(&mut self, id: &Arc<str>) {
        let Some(task) = self.tasks.remove(id) else { return };
        self.leases.set(id, None);
        self.bytes -= task.bytes;
        let head = task.record.head;
        if let Some(expires_at) = head.expires_at {
            self.expiries.remove(&(expires_at, Arc::clone(id)));
        }
        if let Some(owned) = self.owners.get_mut(&head.owner) {
            owned.remove(&(head.created_at, Arc::clone(id)));
            if owned.is_empty() {
                self.owners.remove(&head.owner);
            }
        }
    }
}

fn size(record: &TaskRecord) -> usize {
    let head = &record.head;
    TASK_OVERHEAD
        + head.id.len()
        + head.owner.len()
        + head.detail.len()
        + head.outcome.as_ref().map_or(0, Bytes::len)
        + record.call.len()
        + record.journal.iter().map(entry_size).sum::<usize>()
}

fn entry_size(entry: &Bytes) -> usize {
    size_of::<Bytes>() + entry.len()
}

fn check(limit: &'static str, needed: usize, max: usize) -> Result<(), StoreError> {
    let wide = |number| u64::try_from(number).unwrap_or(u64::MAX);
    check_limit(limit, wide(needed), wide(max))
}
