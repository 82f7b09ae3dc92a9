//! Tasks in memory, with the indexes that find them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::shrink::shrink;
use crate::store::task::{
    Lease, NewTask, StoreError, TaskHead, TaskPage, TaskQuota, TaskRecord, TaskState, TaskUpdate,
    UpdateOutcome,
};

/// What one task occupies beside its bytes, in bytes: its entries in the maps, and its ids.
/// Measured, and fixed: it only has to be of the right order.
const TASK_OVERHEAD: usize = 512;

/// Tasks in memory.
#[derive(Debug, Default)]
pub(super) struct TaskTable {
    tasks: HashMap<Arc<str>, Stored>,
    /// The tasks of each owner by their time of creation.
    owners: HashMap<Arc<str>, BTreeSet<(u64, Arc<str>)>>,
    /// The working tasks by the end of their lease. A task without a lease has one that has ended.
    leases: BTreeSet<(Instant, Arc<str>)>,
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
    /// The end of the lease of a working task.
    lease: Option<Instant>,
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
        let is_working = head.state == TaskState::Working;
        let lease = is_working.then(|| Instant::now() + lease.unwrap_or_default());
        if let Some(end) = lease {
            self.leases.insert((end, Arc::clone(&id)));
        }
        self.tasks.insert(id, Stored { record, lease, bytes });
        Ok(())
    }

    pub(super) fn head(&self, id: &str) -> Option<TaskHead> {
        self.tasks.get(id).map(|task| task.record.head.clone())
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
        if head.state.is_terminal() {
            return Ok(UpdateOutcome::Ended);
        }
        if update.fence.is_some_and(|fence| fence != head.fence) {
            return Ok(UpdateOutcome::Fenced);
        }
        if update.version != head.version {
            return Ok(UpdateOutcome::Conflict);
        }
        let added = update.detail.as_ref().map_or(0, Bytes::len)
            + update.outcome.as_ref().map_or(0, Bytes::len)
            + update.append.iter().map(Bytes::len).sum::<usize>();
        check("max_bytes", self.bytes + added, max_bytes)?;
        head.version += 1;
        head.updated_at = update.updated_at;
        if let Some(detail) = update.detail {
            head.detail = detail;
        }
        if update.outcome.is_some() {
            head.outcome = update.outcome;
        }
        let id = Arc::clone(&head.id);
        if head.expires_at != update.expires_at {
            let old = std::mem::replace(&mut head.expires_at, update.expires_at);
            if let Some(old) = old {
                self.expiries.remove(&(old, Arc::clone(&id)));
            }
            if let Some(new) = update.expires_at {
                self.expiries.insert((new, Arc::clone(&id)));
            }
        }
        head.state = update.state;
        let version = head.version;
        let lease = match (update.state == TaskState::Working, task.lease) {
            (true, None) => Some(Instant::now()),
            (true, lease) => lease,
            (false, _) => None,
        };
        self.bytes -= task.bytes;
        task.record.journal.extend(update.append);
        task.bytes = size(&task.record);
        self.bytes += task.bytes;
        set_lease(&mut self.leases, task, lease);
        Ok(UpdateOutcome::Applied(version))
    }

    pub(super) fn claim(&mut self, id: &str, lease: Duration) -> Option<Lease> {
        let now = Instant::now();
        let task = self.tasks.get_mut(id)?;
        task.lease.filter(|end| *end <= now)?;
        task.record.head.fence += 1;
        set_lease(&mut self.leases, task, Some(now + lease));
        Some(Lease::new(Arc::clone(&task.record.head.id), task.record.head.fence))
    }

    pub(super) fn claim_any(&mut self, lease: Duration, max: usize) -> Vec<Lease> {
        let now = Instant::now();
        let claimable = self.leases.iter().take_while(|(end, _)| *end <= now).take(max);
        let ids: Vec<_> = claimable.map(|(_, id)| Arc::clone(id)).collect();
        ids.iter().filter_map(|id| self.claim(id, lease)).collect()
    }

    pub(super) fn renew(&mut self, leases: &[Lease], lease: Duration) -> Vec<bool> {
        let end = Instant::now() + lease;
        let renew = |held: &Lease| {
            let Some(task) = self.tasks.get_mut(&held.id) else { return false };
            if task.lease.is_none() || task.record.head.fence != held.fence {
                return false;
            }
            set_lease(&mut self.leases, task, Some(end));
            true
        };
        leases.iter().map(renew).collect()
    }

    pub(super) fn list(
        &self,
        owner: &str,
        after: Option<&str>,
        max: usize,
    ) -> Result<TaskPage, StoreError> {
        let after = after.map(position).transpose()?;
        let Some(owned) = self.owners.get(owner) else { return Ok(TaskPage::new(vec![], None)) };
        let max = max.max(1);
        let mut ids: Vec<_> = match after {
            None => owned.iter().take(max + 1).collect(),
            Some(after) => {
                use std::ops::Bound::{Excluded, Unbounded};
                owned.range((Excluded(after), Unbounded)).take(max + 1).collect()
            }
        };
        let has_more = ids.len() > max;
        ids.truncate(max);
        let last = ids.last().filter(|_| has_more);
        let next = last.map(|(created_at, id)| format!("{created_at}-{id}"));
        let tasks = ids.iter().filter_map(|(_, id)| self.head(id)).collect();
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
        }
        ids
    }

    fn remove(&mut self, id: &Arc<str>) {
        let Some(mut task) = self.tasks.remove(id) else { return };
        set_lease(&mut self.leases, &mut task, None);
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

fn set_lease(
    leases: &mut BTreeSet<(Instant, Arc<str>)>,
    task: &mut Stored,
    lease: Option<Instant>,
) {
    if task.lease == lease {
        return;
    }
    let id = &task.record.head.id;
    if let Some(old) = task.lease {
        leases.remove(&(old, Arc::clone(id)));
    }
    if let Some(new) = lease {
        leases.insert((new, Arc::clone(id)));
    }
    task.lease = lease;
}

fn size(record: &TaskRecord) -> usize {
    let head = &record.head;
    TASK_OVERHEAD
        + head.detail.len()
        + head.outcome.as_ref().map_or(0, Bytes::len)
        + record.call.len()
        + record.journal.iter().map(|entry| entry.len() + size_of::<Bytes>()).sum::<usize>()
}

fn check(limit: &'static str, needed: usize, max: usize) -> Result<(), StoreError> {
    if needed <= max {
        return Ok(());
    }
    Err(StoreError::Full { limit, max: u64::try_from(max).unwrap_or(u64::MAX) })
}

fn position(text: &str) -> Result<(u64, Arc<str>), StoreError> {
    let (created_at, id) = text.split_once('-').ok_or_else(invalid_position)?;
    Ok((created_at.parse().map_err(|_| invalid_position())?, id.into()))
}

fn invalid_position() -> StoreError {
    StoreError::invalid("the position is not one of this list")
}
