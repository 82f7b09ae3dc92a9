//! A log: the handle that events are recorded with.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use super::error::AuditError;
use super::event::{AuditEvent, Outcome};
use super::file::{AuditFile, Torn};
use super::limits::AuditLimits;
use super::record::Chain;
use super::settings::{Arguments, OnFailure, Settings};
use super::shared::{AuditHead, Shared};
use super::worker::{Destination, Job, Worker, spawn_thread};

/// A log of records. Cheap to clone; all clones write one chain.
///
/// See the [module](super) for what it records and proves. Call [`AuditLog::close`] before the
/// process ends: what waits in the queue then is written, and the file is unlocked.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use mcp_server::audit::{AuditEvent, AuditLog, Outcome};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("audit.jsonl");
/// let log = AuditLog::builder().open(path)?;
/// // The calls of tools are recorded by `AuditLayer`; this happened outside of one.
/// let event = AuditEvent::new("settings_changed", Outcome::Allowed).detail("setting", "retention");
/// log.record(event).await?;
/// log.close().await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct AuditLog(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    jobs: mpsc::Sender<Job>,
    closing: watch::Sender<bool>,
    /// Set when the worker has ended.
    ended: watch::Receiver<()>,
}

impl AuditLog {
    /// Starts the worker.
    ///
    /// # Errors
    /// There is no thread or no runtime for it.
    pub(super) fn start(
        settings: Settings,
        chain: Chain,
        destination: Destination,
        torn: Option<Torn>,
    ) -> Result<Self, AuditError> {
        let (jobs, receiver) = mpsc::channel(settings.limits.max_queued_records.max(1));
        let (closing, is_closing) = watch::channel(false);
        let (end, ended) = watch::channel(());
        let shared = Arc::new(Shared::new(settings));
        let is_sink = matches!(destination, Destination::Sink(_));
        let worker = Worker {
            shared: Arc::clone(&shared),
            chain,
            destination,
            jobs: receiver,
            closing: is_closing,
            sync_at: None,
        };
        let worker = async move {
            worker.run().await;
            drop(end);
        };
        let start = |error: &dyn fmt::Display| AuditError::Start(error.to_string());
        if is_sink {
            let runtime = tokio::runtime::Handle::try_current().map_err(|error| start(&error))?;
            runtime.spawn(worker);
        } else {
            spawn_thread(worker).map_err(|error| start(&error))?;
        }
        let log = Self(Arc::new(Handle { shared, jobs, closing, ended }));
        let opened = AuditEvent::of_server(AuditEvent::AUDIT_OPENED, Outcome::Allowed);
        log.record_now(match torn {
            None => opened,
            Some(Torn { bytes, digest }) => {
                tracing::warn!(bytes, "the audit file ended in an interrupted write");
                opened.detail("torn_bytes", bytes).detail("torn_digest", digest)
            }
        });
        Ok(log)
    }

    /// Records an event. With [`OnFailure::Refuse`] it waits until the record is as safe as
    /// [`Fsync`](super::Fsync) says; with [`OnFailure::Continue`] it waits for nothing.
    ///
    /// Cancel safety: dropping the future may drop the event before it has a place in the queue; it
    /// is counted as lost then.
    ///
    /// ```
    /// use mcp_server::audit::{AuditError, AuditEvent, AuditLog, Outcome};
    ///
    /// /// Deletes an account, but never without a record.
    /// async fn delete_account(log: &AuditLog, account: &str) -> Result<(), AuditError> {
    ///     let event = AuditEvent::new("account_deleted", Outcome::Allowed).detail("account", account);
    ///     log.record(event).await?;
    ///     // … delete it …
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// The record is not written, or not yet. The event must then not be treated as recorded.
    pub async fn record(&self, event: AuditEvent) -> Result<(), AuditError> {
        if !self.refuses_calls() {
            return self.queue(event);
        }
        let Handle { shared, jobs, .. } = &*self.0;
        let AuditLimits { queue_timeout, write_timeout, .. } = shared.settings.limits;
        let (answer, answered) = oneshot::channel();
        match jobs.try_send(Job::Record(Box::new(event), Some(answer))) {
            Ok(()) => {}
            Err(TrySendError::Closed(_)) => {
                shared.lose_one();
                return Err(AuditError::Closed);
            }
            Err(TrySendError::Full(job)) => {
                let queued = CountLost::new(shared);
                match timeout(queue_timeout, jobs.send(job)).await {
                    Ok(Ok(())) => queued.disarm(),
                    Ok(Err(_)) => return Err(AuditError::Closed),
                    Err(_) => {
                        let max = shared.settings.limits.max_queued_records;
                        return Err(AuditError::QueueFull { max, waited: queue_timeout });
                    }
                }
            }
        }
        shared.within(write_timeout, answered).await
    }

    /// Records an event without waiting. Returns false if the queue is full or the log is closed;
    /// then the event is counted as lost.
    ///
    /// With [`OnFailure::Refuse`] use [`AuditLog::record`], unless the code cannot wait.
    ///
    /// ```
    /// # use mcp_server::audit::{AuditEvent, AuditLog, Outcome};
    /// /// In `Drop`, which cannot wait.
    /// fn connection_ended(log: &AuditLog) {
    ///     if !log.record_now(AuditEvent::new("connection_ended", Outcome::Allowed)) {
    ///         eprintln!("the end of a connection is not in the audit log");
    ///     }
    /// }
    /// ```
    pub fn record_now(&self, event: AuditEvent) -> bool {
        self.queue(event).is_ok()
    }

    /// Fails while calls must not go on: with [`OnFailure::Refuse`], while records cannot be
    /// written.
    ///
    /// ```
    /// # use mcp_server::audit::AuditLog;
    /// /// The answer to the health check of a load balancer.
    /// fn health(log: &AuditLog) -> (u16, String) {
    ///     match log.ready() {
    ///         Ok(()) => (200, "ok".to_owned()),
    ///         Err(error) => (503, error.to_string()), // Calls would be refused here.
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// The last write has failed, or the log is closed.
    pub fn ready(&self) -> Result<(), AuditError> {
        if !self.refuses_calls() {
            return Ok(());
        }
        if self.0.jobs.is_closed() || *self.0.closing.borrow() {
            return Err(AuditError::Closed);
        }
        if !self.is_failing() {
            return Ok(());
        }
        // Nothing else is written while calls are refused.
        let shared = &self.0.shared;
        if !shared.is_probing.swap(true, Ordering::AcqRel) {
            let is_queued = self.0.jobs.try_send(Job::Probe).is_ok();
            shared.is_probing.store(is_queued, Ordering::Release);
        }
        Err(AuditError::Write("the last write has failed".to_owned()))
    }

    fn queue(&self, event: AuditEvent) -> Result<(), AuditError> {
        let Handle { shared, jobs, .. } = &*self.0;
        jobs.try_send(Job::Record(Box::new(event), None)).map_err(|error| {
            shared.lose_one();
            match error {
                TrySendError::Closed(_) => AuditError::Closed,
                TrySendError::Full(_) => AuditError::QueueFull {
                    max: shared.settings.limits.max_queued_records,
                    waited: std::time::Duration::ZERO,
                },
            }
        })
    }

    /// Waits until everything that was recorded before is written and forced to the disk, whatever
    /// [`Fsync`](super::Fsync) says.
    ///
    /// ```
    /// # use mcp_server::audit::{AuditError, AuditLog};
    /// /// Before a snapshot of the disk.
    /// async fn snapshot(log: &AuditLog) -> Result<(), AuditError> {
    ///     log.flush().await?;
    ///     // … take the snapshot …
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// It cannot be written, or not within `write_timeout`.
    pub async fn flush(&self) -> Result<(), AuditError> {
        self.ask(Job::Flush).await
    }

    /// Goes on in another file, which must be new or empty. The file before is complete and
    /// unlocked then. The first record of the new file follows the last one of the file before:
    /// verify it with [`Verifier::after`](super::Verifier::after).
    ///
    /// To rotate as `logrotate` does, rename the file before, and pass its former path.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use mcp_server::audit::{AuditLog, Verifier, verify};
    /// # use std::{fs::File, io::BufReader};
    /// # let folder = tempfile::tempdir()?;
    /// # let (july, august) = (folder.path().join("2026-07.jsonl"), folder.path().join("2026-08.jsonl"));
    /// let log = AuditLog::builder().open(&july)?;
    /// log.rotate(&august).await?; // On the first of August.
    /// log.close().await?;
    ///
    /// let first = verify(BufReader::new(File::open(july)?))?;
    /// # let last = first.head.expect("a record");
    /// # Verifier::new().after(last).verify(BufReader::new(File::open(august)?))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// The records before cannot be written, or the new file cannot be opened. The log goes on as
    /// before.
    pub async fn rotate(&self, path: impl AsRef<Path> + Send) -> Result<(), AuditError> {
        let opened = AuditFile::open_empty(path.as_ref())?;
        self.ask(|answer| Job::Rotate(opened, answer)).await
    }

    /// Writes what was recorded before, and ends the log. Records that come later are refused.
    ///
    /// ```no_run
    /// # async fn run(server: mcp_server::ServerBuilder, log: mcp_server::audit::AuditLog) -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_server::layer::AuditLayer;
    ///
    /// server.layer(AuditLayer::new(log.clone())).serve_stdio().await?;
    /// log.close().await?; // An error says that records are lost.
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Not everything could be written within `write_timeout`.
    pub async fn close(&self) -> Result<(), AuditError> {
        // What cannot be written is not tried again from now on.
        self.0.closing.send_replace(true);
        let lost = self.lost_records();
        let limit = self.0.shared.settings.limits.write_timeout;
        let end = async {
            drop(self.0.jobs.send(Job::Close).await); // An error if it was closed before.
            drop(self.0.ended.clone().changed().await); // An error when the worker has ended.
        };
        timeout(limit, end).await.map_err(|_| AuditError::Timeout(limit))?;
        match self.lost_records() - lost {
            0 => Ok(()),
            lost => Err(AuditError::Write(format!("{lost} records are lost"))),
        }
    }

    /// Returns the end of the chain. `None` if this process has written no record. Keep it in
    /// another place to prove later that nothing up to it was cut off.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use mcp_server::audit::{AuditEvent, AuditLog, Outcome};
    /// # let log = AuditLog::builder().open_tracing()?;
    /// log.record(AuditEvent::new("month_closed", Outcome::Allowed)).await?;
    /// let head = log.head().expect("a record was written");
    /// // To a place that the operator of this machine cannot write. `Verifier::anchor` takes it.
    /// eprintln!("{}", head.event_hash);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn head(&self) -> Option<AuditHead> {
        self.0.shared.head.lock().clone()
    }

    /// Returns the number of records that could not be kept.
    ///
    /// ```
    /// # use mcp_server::audit::AuditLog;
    /// /// A gauge for the monitoring, with an alarm above zero.
    /// fn lost(log: &AuditLog) -> String {
    ///     format!("audit_lost_records {}", log.lost_records())
    /// }
    /// ```
    #[must_use]
    pub fn lost_records(&self) -> u64 {
        self.0.shared.lost.load(Ordering::Relaxed)
    }

    /// Whether the last write has failed.
    ///
    /// ```
    /// # use mcp_server::audit::AuditLog;
    /// fn warning(log: &AuditLog) -> Option<&'static str> {
    ///     log.is_failing().then_some("the audit log cannot be written; is the disk full?")
    /// }
    /// ```
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.0.shared.is_failing.load(Ordering::Acquire)
    }

    pub(crate) fn refuses_calls(&self) -> bool {
        self.0.shared.settings.on_failure == OnFailure::Refuse
    }

    pub(crate) fn arguments(&self) -> &Arguments {
        &self.0.shared.settings.arguments
    }

    async fn ask(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<(), AuditError>>) -> Job,
    ) -> Result<(), AuditError> {
        let limit = self.0.shared.settings.limits.write_timeout;
        let (answer, answered) = oneshot::channel();
        match timeout(limit, self.0.jobs.send(job(answer))).await {
            Ok(Ok(())) => self.0.shared.within(limit, answered).await,
            Ok(Err(_)) => Err(AuditError::Closed),
            Err(_) => Err(AuditError::Timeout(limit)),
        }
    }
}

/// Counts an event as lost when dropped.
struct CountLost<'a>(Option<&'a Shared>);

impl<'a> CountLost<'a> {
    fn new(shared: &'a Shared) -> Self {
        Self(Some(shared))
    }

    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for CountLost<'_> {
    fn drop(&mut self) {
        if let Some(shared) = self.0 {
            shared.lose_one();
        }
    }
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLog")
            .field("head", &self.head())
            .field("lost_records", &self.lost_records())
            .field("is_failing", &self.is_failing())
            .finish_non_exhaustive()
    }
}
