//! The writes of one execution of a task.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use mcp_core::json::RawJson;
use mcp_core::jsonrpc::{ErrorObject, code};
use mcp_core::service::BoxFuture;
use mcp_core::sync::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::record::Detail;
use super::shared::{Shared, to_error};
use crate::call::RunningTask;
use crate::clock::now;
use crate::store::{Lease, StoreError, TaskHead, TaskState, TaskUpdate, UpdateOutcome};

/// Delays between two attempts to write while the store fails. Fixed: the lease limits how long it
/// goes on.
const RETRY_DELAYS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// Maximum length of a status message, in bytes; the rest is cut off. Fixed: it is one line for a
/// person.
const MAX_STATUS_BYTES: usize = 4 << 10;

/// Cuts a status message off that is too long.
pub(super) fn status_text(mut message: String) -> String {
    let mut ends = (0..=MAX_STATUS_BYTES.min(message.len())).rev();
    message.truncate(ends.find(|end| message.is_char_boundary(*end)).unwrap_or(0));
    message
}

/// Writes for one execution of a task, as long as its lease is valid.
pub(super) struct Writer {
    shared: Arc<Shared>,
    lease: Lease,
    /// The task after the last write.
    head: tokio::sync::Mutex<TaskHead>,
    revision: String,
    /// The size of the call and the journal, in bytes.
    bytes: Mutex<usize>,
    last_status: Mutex<Option<Instant>>,
    /// Whether a handler runs. Afterwards, futures that it has left behind write nothing.
    has_handler: AtomicBool,
    stop: Mutex<Option<Stop>>,
    stopped: Notify,
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
        head: TaskHead,
        revision: String,
        bytes: usize,
    ) -> Self {
        Self {
            shared,
            lease,
            head: tokio::sync::Mutex::new(head),
            revision,
            bytes: Mutex::new(bytes),
            last_status: Mutex::new(None),
            has_handler: AtomicBool::new(false),
            stop: Mutex::new(None),
            stopped: Notify::new(),
        }
    }

    /// Returns the revision of the call.
    pub(super) fn revision(&self) -> &str {
        &self.revision
    }

    /// Writes a change, made by `change` from one that changes nothing. Waits while the store
    /// fails.
    pub(super) async fn write(&self, change: impl Fn(&mut TaskUpdate)) -> Written {
        let mut head = self.head.lock().await;
        // This execution has parked or ended the task itself.
        if head.state != TaskState::Working {
            return Written::Lost;
        }
        let (mut delay, max_delay) = RETRY_DELAYS;
        loop {
            let mut update = TaskUpdate::of(&head, now());
            update.fence = Some(self.lease.fence);
            change(&mut update);
            let (state, expires_at) = (update.state, update.expires_at);
            let store = &self.shared.store;
            let error = match self.shared.within(store.update(&head.id, update)).await {
                Ok(UpdateOutcome::Applied(version)) => {
                    (head.version, head.state, head.expires_at) = (version, state, expires_at);
                    return Written::Applied;
                }
                Ok(UpdateOutcome::Ended | UpdateOutcome::Fenced | UpdateOutcome::Missing) => {
                    return Written::Lost;
                }
                Ok(UpdateOutcome::Conflict) => {
                    match self.shared.within(store.head(&head.id)).await {
                        Ok(None) => return Written::Lost,
                        // A write whose success was not reported may have parked the task.
                        Ok(Some(current))
                            if current.state == state && current.state != head.state =>
                        {
                            return Written::Applied;
                        }
                        Ok(Some(current)) if current.fence != self.lease.fence => {
                            return Written::Lost;
                        }
                        Ok(Some(current)) => {
                            *head = current;
                            continue;
                        }
                        Err(error) => error,
                    }
                }
                Err(error @ StoreError::Unavailable(_)) => error,
                Err(error) => return Written::Refused(error),
            };
            tracing::warn!(%error, "the change of a task cannot be stored yet");
            tokio::time::sleep(delay).await;
            delay = (delay * 2).min(max_delay);
        }
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
    async fn append(&self, entry: Result<Bytes, StoreError>) -> Result<(), Stop> {
        let failed = |error: &StoreError| Stop::Failed(to_error("storing a step", error));
        let entry = entry.map_err(|error| failed(&error))?;
        self.reserve(entry.len()).map_err(Stop::Failed)?;
        match self.write(|update| update.append = vec![entry.clone()]).await {
            Written::Applied => Ok(()),
            Written::Lost => Err(Stop::Lost),
            Written::Refused(error) => Err(failed(&error)),
        }
    }

    /// Stores a status message.
    async fn write_status(&self, detail: &Detail) -> Written {
        match self.shared.records.encode_detail(&self.lease.id, detail) {
            Ok(detail) => self.write(|update| update.detail = Some(detail.clone())).await,
            Err(error) => Written::Refused(error),
        }
    }
}

impl RunningTask for Writer {
    fn record_step<'a>(&'a self, key: &'a str, result: &'a RawJson) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if !self.has_handler.load(Ordering::Acquire) {
                return;
            }
            let entry = self.shared.records.encode_step(&self.lease.id, key, result);
            if let Err(stop) = self.append(entry).await
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
            let detail = Detail {
                revision: self.revision.clone(),
                bytes: self.bytes(),
                message: Some(message),
                questions: Vec::new(),
            };
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
