//! The writes of one execution of a task.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mcp_core::json::RawJson;
use mcp_core::jsonrpc::{ErrorObject, code};
use mcp_core::service::BoxFuture;
use mcp_core::sync::Mutex;
use mcp_core::text::prefix;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::record::{Detail, Entry, EntryRecord, Outcome};
use super::shared::{MAX_CONFLICTS, Shared, to_error};
use crate::call::RunningTask;
use crate::clock::now;
use crate::store::{Lease, StoreError, TaskHead, TaskRecord, TaskState, TaskUpdate, UpdateOutcome};

/// Delays between two attempts to write while the store fails. Fixed: the lease limits how long it
/// goes on.
const RETRY_DELAYS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// Maximum length of a status message, in bytes; the rest is cut off. Fixed: it is one line for a
/// person.
const MAX_STATUS_BYTES: usize = 4 << 10;

/// Cuts a status message off that is too long.
pub(super) fn status_text(mut message: String) -> String {
    message.truncate(prefix(&message, MAX_STATUS_BYTES).len());
    message
}

/// Writes for one execution of a task, as long as its lease is valid.
pub(super) struct Writer {
    shared: Arc<Shared>,
    lease: Lease,
    /// The task when it was read: its id and its owner.
    task: TaskHead,
    /// The task after the last write.
    written: tokio::sync::Mutex<LastWrite>,
    /// What each detail begins with.
    constants: Detail,
    /// The size of the call and the journal, in bytes.
    bytes: Mutex<usize>,
    last_status: Mutex<Option<Instant>>,
    /// Whether a handler runs. Afterwards, futures that it has left behind write nothing.
    has_handler: AtomicBool,
    stop: Mutex<Option<Stop>>,
    stopped: Notify,
}

/// A task after a write.
struct LastWrite {
    head: TaskHead,
    /// The number of entries of the journal.
    entries: u64,
}

/// Why a handler must be dropped.
#[derive(Debug)]
pub(super) enum Stop {
    /// Something cannot be stored. The task fails.
    Failed(ErrorObject),
    /// The execution may no longer write.
    Lost,
}

/// What became of a write.
#[derive(Debug)]
pub(super) enum Written {
    /// It is durable.
    Applied,
    /// The execution may no longer write: the task has ended, or another worker runs it.
    Lost,
    /// The store refuses it, now and later.
    Refused(StoreError),
}

impl Writer {
    pub(super) fn new(
        shared: Arc<Shared>,
        lease: Lease,
        record: &TaskRecord,
        constants: Detail,
        bytes: usize,
    ) -> Self {
        let (head, entries) = (record.head.clone(), record.journal.len() as u64);
        Self {
            shared,
            lease,
            task: head.clone(),
            written: tokio::sync::Mutex::new(LastWrite { head, entries }),
            constants,
            bytes: Mutex::new(bytes),
            last_status: Mutex::new(None),
            has_handler: AtomicBool::new(false),
            stop: Mutex::new(None),
            stopped: Notify::new(),
        }
    }

    /// Returns what each detail begins with.
    pub(super) fn constants(&self) -> Detail {
        self.constants.clone()
    }

    /// Appends entries, and writes a change, made by `change` from one that changes nothing and the
    /// number of entries after it. Waits while the store fails.
    ///
    /// If the answer to a write is lost, it is found out whether the write had its effect, so that
    /// nothing is written twice.
    pub(super) async fn write(
        &self,
        entries: &[EntryRecord],
        change: impl Fn(&mut TaskUpdate, u64) -> Result<(), StoreError>,
    ) -> Written {
        let mut last = self.written.lock().await;
        // This execution has parked or ended the task itself.
        if last.head.state != TaskState::Working {
            return Written::Lost;
        }
        let (mut delay, max_delay) = RETRY_DELAYS;
        let mut conflicts = 0;
        // Kept for further attempts, because its sealed records are how it is recognized.
        let mut prepared = self.prepare(&last, entries, &change);
        loop {
            let update = match &prepared {
                Ok(update) => update.clone(),
                Err(error) => return Written::Refused(StoreError::invalid(error)),
            };
            let (state, expires_at) = (update.state, update.expires_at);
            let store = &self.shared.store;
            let id = &self.lease.id;
            let error = match self.shared.within(store.update(id, update)).await {
                Ok(UpdateOutcome::Applied(version)) => {
                    last.head.version = version;
                    (last.head.state, last.head.expires_at) = (state, expires_at);
                    last.entries += entries.len() as u64;
                    return Written::Applied;
                }
                Ok(UpdateOutcome::Ended | UpdateOutcome::Fenced | UpdateOutcome::Missing) => {
                    return Written::Lost;
                }
                // Only this execution changes the task while it is working, so that a write whose
                // success was not reported is the reason, and what followed it.
                Ok(UpdateOutcome::Conflict) => match self.shared.within(store.load(id)).await {
                    Ok(None) => return Written::Lost,
                    Ok(Some(current)) if current.head.fence != self.lease.fence => {
                        return Written::Lost;
                    }
                    Ok(Some(current)) => {
                        let is_applied = prepared
                            .as_ref()
                            .is_ok_and(|update| is_applied(&last, update, &current));
                        last.entries = current.journal.len() as u64;
                        last.head = current.head;
                        if is_applied {
                            return Written::Applied;
                        }
                        prepared = self.prepare(&last, entries, &change);
                        conflicts += 1;
                        if conflicts < MAX_CONFLICTS {
                            continue;
                        }
                        StoreError::unavailable("the task changes too often")
                    }
                    Err(error) => error,
                },
                Err(error @ StoreError::Unavailable(_)) => error,
                Err(error) => return Written::Refused(error),
            };
            tracing::warn!(%error, "the change of a task cannot be stored yet");
            tokio::time::sleep(delay).await;
            delay = (delay * 2).min(max_delay);
        }
    }

    fn prepare(
        &self,
        last: &LastWrite,
        entries: &[EntryRecord],
        change: impl Fn(&mut TaskUpdate, u64) -> Result<(), StoreError>,
    ) -> Result<TaskUpdate, StoreError> {
        let mut update = TaskUpdate::of(&last.head, now());
        update.fence = Some(self.lease.fence);
        update.append = self.shared.records.seal_entries(&last.head, last.entries, entries)?;
        change(&mut update, last.entries + entries.len() as u64)?;
        Ok(update)
    }

    /// Counts bytes that the task keeps.
    ///
    /// # Errors
    /// −32603 if the task is too large.
    pub(super) fn reserve(&self, added: usize) -> Result<(), ErrorObject> {
        let max = self.shared.limits().max_task_bytes;
        let mut bytes = self.bytes.lock();
        *bytes += added;
        if *bytes <= max {
            return Ok(());
        }
        Err(ErrorObject::new(
            code::INTERNAL_ERROR,
            format!("the task exceeds the limit of {max} bytes (tasks.max_task_bytes)"),
        ))
    }

    /// Counts an outcome. Returns it, or the error that takes its place if it does not fit.
    pub(super) fn fitting(&self, outcome: Outcome) -> Outcome {
        match &outcome {
            Outcome::Result(result) => match self.reserve(result.as_bytes().len()) {
                Ok(()) => outcome,
                Err(error) => Outcome::Error(error),
            },
            Outcome::Error(_) => outcome,
        }
    }

    /// Returns the size of the call and the journal, in bytes.
    pub(super) fn bytes(&self) -> usize {
        *self.bytes.lock()
    }

    /// Allows the handler that begins to write.
    pub(super) fn begin(&self) {
        self.has_handler.store(true, Ordering::Release);
    }

    /// Ends the writes of the handler.
    pub(super) fn finish(&self) {
        self.has_handler.store(false, Ordering::Release);
    }

    /// Waits until the handler must be dropped.
    pub(super) async fn stopped(&self) -> Stop {
        loop {
            if let Some(stop) = self.stop.lock().take() {
                return stop;
            }
            self.stopped.notified().await;
        }
    }

    fn stop(&self, stop: Stop) {
        *self.stop.lock() = Some(stop);
        self.stopped.notify_one();
    }

    /// Appends an entry to the journal.
    async fn append(&self, entry: &Entry) -> Result<(), Stop> {
        let failed = |error: &StoreError| Stop::Failed(to_error("storing a step", error));
        let entry = self.shared.records.entry(entry).map_err(|error| failed(&error))?;
        self.reserve(entry.size()).map_err(Stop::Failed)?;
        match self.write(&[entry], |_, _| Ok(())).await {
            Written::Applied => Ok(()),
            Written::Lost => Err(Stop::Lost),
            Written::Refused(error) => Err(failed(&error)),
        }
    }

    /// Changes the detail; `entries` of the detail is set.
    pub(super) fn set_detail(
        &self,
        update: &mut TaskUpdate,
        detail: &Detail,
        entries: u64,
    ) -> Result<(), StoreError> {
        let detail = Detail { entries, ..detail.clone() };
        update.detail = Some(self.shared.records.encode_detail(&self.task, &detail)?);
        Ok(())
    }

    /// Stores a status message.
    async fn write_status(&self, detail: &Detail) -> Written {
        self.write(&[], |update, entries| self.set_detail(update, detail, entries)).await
    }
}

/// Whether an update, whose answer was lost, was applied to the task that it was made from. Sealed
/// records are unique, and those that are not sealed differ if their meaning does.
fn is_applied(last: &LastWrite, update: &TaskUpdate, current: &TaskRecord) -> bool {
    if update.append.is_empty() {
        let detail = update.detail.as_ref();
        return current.head.state == update.state
            && detail.is_none_or(|detail| *detail == current.head.detail);
    }
    let appended = current.journal.iter().skip(usize::try_from(last.entries).unwrap_or(usize::MAX));
    appended.take(update.append.len()).eq(&update.append)
}

impl RunningTask for Writer {
    fn record_step<'a>(&'a self, key: &'a str, result: &'a RawJson) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if !self.has_handler.load(Ordering::Acquire) {
                return;
            }
            let entry = Entry::Step(key.to_owned(), result.clone());
            if let Err(stop) = self.append(&entry).await
                && self.has_handler.load(Ordering::Acquire)
            {
                self.stop(stop);
                std::future::pending::<()>().await;
            }
        })
    }

    fn set_status(&self, message: String) -> BoxFuture<'_, ()> {
        let min_interval = self.shared.limits().min_status_interval;
        let is_due = self.has_handler.load(Ordering::Acquire) && {
            let mut last = self.last_status.lock();
            let is_due = last.is_none_or(|last| last.elapsed() >= min_interval);
            if is_due {
                *last = Some(Instant::now());
            }
            is_due
        };
        if !is_due {
            return Box::pin(std::future::ready(()));
        }
        let message = status_text(message);
        Box::pin(async move {
            let detail = Detail { bytes: self.bytes(), message: Some(message), ..self.constants() };
            match self.write_status(&detail).await {
                Written::Applied => {}
                Written::Lost => self.stop(Stop::Lost),
                Written::Refused(error) => {
                    tracing::warn!(%error, "the status message of a task was not stored");
                }
            }
        })
    }
}
