//! The writes of one transaction.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redb::ReadableTable as _;
use redb::{ReadableTableMetadata as _, WriteTransaction};
use tokio::time::Instant;

use super::codec::HeadRow;
use super::failure::Failure;
use super::schema::{BYTES_ROW, Tables};
use crate::store::leases::{Leases, end_of};
use crate::store::rules::{always_fits, check_limit, refusal};
use crate::store::task::{
    Lease, NewTask, TaskChange, TaskQuota, TaskState, TaskUpdate, UpdateOutcome,
};

/// What one task occupies in the file beside its bytes, in bytes: its rows in the indexes.
/// Measured, and fixed: it only has to be of the right order.
const TASK_OVERHEAD: u64 = 512;

/// The same for an entry of the journal.
const ENTRY_OVERHEAD: u64 = 64;

/// Writes of one transaction. An operation that is refused has changed nothing.
pub(super) struct Batch<'a> {
    #[cfg(feature = "http")]
    pub(super) transaction: &'a WriteTransaction,
    pub(super) tables: Tables<'a>,
    leases: &'a mut Leases,
    /// The ends of leases before they were changed, to restore them if the commit fails.
    changed_leases: Vec<(Arc<str>, Option<Instant>)>,
    changes: Vec<TaskChange>,
    bytes: u64,
    max_bytes: u64,
    has_written: bool,
    /// Whether something was written that has to be on the disk when it is answered.
    is_durable: bool,
}

/// What remains to be done when the tables are closed.
pub(super) struct Finished {
    pub(super) changes: Vec<TaskChange>,
    /// The previous ends of leases, to restore if the commit fails.
    pub(super) changed_leases: Vec<(Arc<str>, Option<Instant>)>,
    /// Whether there is something to commit.
    pub(super) has_written: bool,
    /// Whether it has to be on the disk when it is answered.
    pub(super) is_durable: bool,
}

impl<'a> Batch<'a> {
    pub(super) fn begin(
        transaction: &'a WriteTransaction,
        leases: &'a mut Leases,
        max_bytes: u64,
    ) -> Result<Self, Failure> {
        let tables = Tables::open(transaction)?;
        let bytes = tables.meta.get(BYTES_ROW)?.map_or(0, |bytes| bytes.value());
        let (changed_leases, changes) = (Vec::new(), Vec::new());
        Ok(Self {
            #[cfg(feature = "http")]
            transaction,
            tables,
            leases,
            changed_leases,
            changes,
            bytes,
            max_bytes,
            has_written: false,
            is_durable: false,
        })
    }

    /// Writes what all operations have changed.
    pub(super) fn write_totals(&mut self) -> Result<(), Failure> {
        if self.has_written {
            self.tables.meta.insert(BYTES_ROW, self.bytes)?;
        }
        Ok(())
    }

    /// Notes that something was written, and whether it has to be on the disk when it is answered.
    pub(super) fn written(&mut self, is_durable: bool) {
        self.has_written = true;
        self.is_durable |= is_durable;
    }

    /// Closes the tables.
    pub(super) fn finish(self) -> Finished {
        let Self { changes, changed_leases, has_written, is_durable, .. } = self;
        Finished { changes, changed_leases, has_written, is_durable }
    }

    pub(super) fn create(&mut self, task: &NewTask, quota: TaskQuota) -> Result<(), Failure> {
        let NewTask { record, lease } = task;
        let (id, owner) = (&*record.head.id, &*record.head.owner);
        let tables = &mut self.tables;
        if tables.heads.get(id)?.is_some() {
            return Err(crate::store::StoreError::Exists.into());
        }
        let max_tasks = wide(quota.max_tasks);
        check_limit("max_tasks", tables.heads.len()?.saturating_add(1), max_tasks)?;
        let owned = tables.owned.get(owner)?.map_or(0, |owned| owned.value()) + 1;
        check_limit("max_tasks_per_owner", owned, wide(quota.max_tasks_per_owner))?;
        let mut head = record.head.clone();
        let outcome = head.outcome.take();
        let bytes = TASK_OVERHEAD
            + [id.len(), owner.len(), head.detail.len(), record.call.len()]
                .map(wide)
                .iter()
                .sum::<u64>()
            + outcome.as_ref().map_or(0, length)
            + record.journal.iter().map(entry_size).sum::<u64>();
        check_limit("max_bytes", self.bytes.saturating_add(bytes), self.max_bytes)?;

        (self.has_written, self.is_durable) = (true, true);
        self.bytes += bytes;
        tables.calls.insert(id, &*record.call)?;
        for (number, entry) in (0..).zip(&record.journal) {
            tables.journal.insert((id, number), &**entry)?;
        }
        if let Some(outcome) = &outcome {
            tables.outcomes.insert(id, &**outcome)?;
        }
        tables.owners.insert((owner, head.created_at, id), ())?;
        tables.owned.insert(owner, owned)?;
        if let Some(expires_at) = head.expires_at {
            tables.expiries.insert((expires_at, id), ())?;
        }
        let (state, entries) = (head.state, record.journal.len() as u64);
        let row = HeadRow { head, has_outcome: outcome.is_some(), entries, bytes };
        tables.heads.insert(id, &*row.encode())?;
        if state == TaskState::Working {
            tables.working.insert(id, ())?;
            self.set_lease(&record.head.id, Some(end_of(lease.unwrap_or_default())));
        }
        self.changes.push(TaskChange::Changed { id: Arc::clone(&row.head.id), version: 1, state });
        Ok(())
    }

    pub(super) fn update(
        &mut self,
        id: &str,
        update: &TaskUpdate,
    ) -> Result<UpdateOutcome, Failure> {
        let Some(mut row) = self.row(id)? else { return Ok(UpdateOutcome::Missing) };
        if let Some(refusal) = refusal(&row.head, update) {
            return Ok(refusal);
        }
        let is_final = always_fits(update);
        let added = update.append.iter().map(entry_size).sum::<u64>()
            + update.detail.as_ref().map_or(0, length)
            + update.outcome.as_ref().map_or(0, length);
        let tables = &mut self.tables;
        let mut removed = update.detail.as_ref().map_or(0, |_| length(&row.head.detail));
        if update.outcome.is_some() && row.has_outcome {
            removed += tables.outcomes.get(id)?.map_or(0, |outcome| wide(outcome.value().len()));
        }
        if added > removed && !is_final {
            check_limit("max_bytes", self.bytes - removed + added, self.max_bytes)?;
        }

        (self.has_written, self.is_durable) = (true, true);
        self.bytes = self.bytes - removed + added;
        row.bytes = row.bytes - removed + added;
        for (number, entry) in (row.entries..).zip(&update.append) {
            tables.journal.insert((id, number), &**entry)?;
        }
        row.entries += update.append.len() as u64;
        if let Some(outcome) = &update.outcome {
            tables.outcomes.insert(id, &**outcome)?;
            row.has_outcome = true;
        }
        let head = &mut row.head;
        if let Some(detail) = &update.detail {
            head.detail = detail.clone();
        }
        if head.expires_at != update.expires_at {
            if let Some(old) = head.expires_at {
                tables.expiries.remove((old, id))?;
            }
            if let Some(new) = update.expires_at {
                tables.expiries.insert((new, id), ())?;
            }
            head.expires_at = update.expires_at;
        }
        head.version += 1;
        head.updated_at = update.updated_at;
        let was_working = head.state == TaskState::Working;
        let is_working = update.state == TaskState::Working;
        head.state = update.state;
        tables.heads.insert(id, &*row.encode())?;
        let HeadRow { head, .. } = row;
        if is_working && !was_working {
            tables.working.insert(id, ())?;
            self.set_lease(&head.id, Some(Instant::now()));
        } else if was_working && !is_working {
            tables.working.remove(id)?;
            self.set_lease(&head.id, None);
        }
        let (version, state) = (head.version, head.state);
        self.changes.push(TaskChange::Changed { id: head.id, version, state });
        Ok(UpdateOutcome::Applied(version))
    }

    pub(super) fn claim(&mut self, id: &str, lease: Duration) -> Result<Option<Lease>, Failure> {
        let is_claimable = self.leases.end(id).is_some_and(|end| end <= Instant::now());
        let row = if is_claimable { self.row(id)? } else { None };
        let Some(mut row) = row else { return Ok(None) };
        self.written(true);
        row.head.fence += 1;
        self.tables.heads.insert(id, &*row.encode())?;
        self.set_lease(&row.head.id, Some(end_of(lease)));
        Ok(Some(Lease::new(row.head.id, row.head.fence)))
    }

    pub(super) fn claim_any(&mut self, lease: Duration, max: usize) -> Result<Vec<Lease>, Failure> {
        let mut claimed = Vec::new();
        for id in self.leases.ended(Instant::now(), max) {
            match self.claim(&id, lease) {
                Ok(found) => claimed.extend(found),
                // A row that is damaged keeps no other task from being claimed. It is tried again
                // after the time of a lease.
                Err(Failure::Refused(error)) => {
                    tracing::error!(%error, "a task cannot be claimed");
                    self.set_lease(&id, Some(end_of(lease)));
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(claimed)
    }

    /// Leases are in memory, so a renewal writes nothing.
    pub(super) fn renew(
        &mut self,
        leases: &[Lease],
        lease: Duration,
    ) -> Result<Vec<bool>, Failure> {
        let end = end_of(lease);
        let mut renew = |held: &Lease| {
            let is_working = self.leases.end(&held.id).is_some();
            let row = if is_working { self.row(&held.id)? } else { None };
            let row = row.filter(|row| row.head.fence == held.fence);
            if let Some(row) = &row {
                self.set_lease(&row.head.id, Some(end));
            }
            Ok(row.is_some())
        };
        leases.iter().map(&mut renew).collect()
    }

    pub(super) fn sweep(&mut self, now: u64, max: usize) -> Result<Vec<Arc<str>>, Failure> {
        let mut ids: Vec<Arc<str>> = Vec::new();
        for entry in self.tables.expiries.iter()?.take(max) {
            let (key, _) = entry?;
            let (expires_at, id) = key.value();
            if expires_at > now {
                break;
            }
            ids.push(id.into());
        }
        for id in &ids {
            self.remove(id)?;
        }
        Ok(ids)
    }

    fn remove(&mut self, id: &Arc<str>) -> Result<(), Failure> {
        let Some(row) = self.row(id)? else { return Ok(()) };
        self.written(true);
        self.bytes = self.bytes.saturating_sub(row.bytes);
        let (head, tables) = (&row.head, &mut self.tables);
        let (key, owner): (&str, &str) = (id, &head.owner);
        tables.heads.remove(key)?;
        tables.calls.remove(key)?;
        tables.outcomes.remove(key)?;
        for number in 0..row.entries {
            tables.journal.remove((key, number))?;
        }
        tables.owners.remove((owner, head.created_at, key))?;
        let owned = tables.owned.get(owner)?.map_or(0, |owned| owned.value());
        if owned <= 1 {
            tables.owned.remove(owner)?;
        } else {
            tables.owned.insert(owner, owned - 1)?;
        }
        tables.working.remove(key)?;
        if let Some(expires_at) = head.expires_at {
            tables.expiries.remove((expires_at, key))?;
        }
        self.set_lease(id, None);
        self.changes.push(TaskChange::Removed { id: Arc::clone(id) });
        Ok(())
    }

    fn row(&self, id: &str) -> Result<Option<HeadRow>, Failure> {
        let row = self.tables.heads.get(id)?;
        Ok(row.map(|row| HeadRow::decode(id, row.value())).transpose()?)
    }

    fn set_lease(&mut self, id: &Arc<str>, end: Option<Instant>) {
        let old = self.leases.set(id, end);
        self.changed_leases.push((Arc::clone(id), old));
    }
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn length(bytes: &Bytes) -> u64 {
    wide(bytes.len())
}

fn entry_size(entry: &Bytes) -> u64 {
    ENTRY_OVERHEAD + length(entry)
}
