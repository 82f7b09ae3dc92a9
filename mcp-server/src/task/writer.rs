//! The writes of one execution of a task.

use std::sync::Arc;
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
use crate::store::{Lease, StoreError, TaskHead, TaskUpdate, UpdateOutcome};

/// Delays between two attempts to write while the store fails. Fixed: the lease limits how long it
/// goes on.
const RETRY_DELAYS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

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
    failure: Mutex<Option<ErrorObject>>,
    failed: Notify,
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
            failure: Mutex::new(None),
            failed: Notify::new(),
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
            format!("the task exceeds the limit of {max} bytes (max_task_bytes)"),
        ))
    }

    /// Waits until the task cannot go on, because something cannot be stored.
    pub(super) async fn failed(&self) -> ErrorObject {
        loop {
            if let Some(error) = self.failure.lock().take() {
                return error;
            }
            self.failed.notified().await;
        }
    }

    /// Ends the execution with an error. Never completes: the execution is dropped.
    async fn fail(&self, error: ErrorObject) -> std::convert::Infallible {
        *self.failure.lock() = Some(error);
        self.failed.notify_one();
        std::future::pending().await
    }

    /// Appends an entry to the journal. Completes only if it is durable.
    async fn append(&self, entry: Result<Bytes, StoreError>) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => match self.fail(to_error("storing a step", &error)).await {},
        };
        if let Err(error) = self.reserve(entry.len()) {
            match self.fail(error).await {}
        }
        match self.write(|update| update.append = vec![entry.clone()]).await {
            Written::Applied => {}
            // The execution is dropped as soon as its engine learns of it.
            Written::Lost => std::future::pending().await,
            Written::Refused(error) => match self.fail(to_error("storing a step", &error)).await {},
        }
    }
}

impl RunningTask for Writer {
    fn record_step<'a>(&'a self, key: &'a str, result: &'a RawJson) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            self.append(self.shared.records.encode_step(&self.lease.id, key, result)).await;
        })
    }

    fn set_status(&self, message: String) -> BoxFuture<'_, ()> {
        let min_interval = self.shared.limits().min_status_interval;
        {
            let mut last = self.last_status.lock();
            if last.is_some_and(|last| last.elapsed() < min_interval) {
                return Box::pin(std::future::ready(()));
            }
            *last = Some(Instant::now());
        }
        let detail =
            Detail { revision: self.revision.clone(), message: Some(message), ..Detail::default() };
        Box::pin(async move {
            match self.shared.records.encode_detail(&self.lease.id, &detail) {
                Ok(detail) => {
                    let written = self.write(|update| update.detail = Some(detail.clone())).await;
                    if let Written::Refused(error) = written {
                        tracing::warn!(%error, "the status message of a task was not stored");
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the status message of a task was not stored");
                }
            }
        })
    }
}
