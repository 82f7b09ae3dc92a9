//! The task that writes records: it forms the chain, and keeps what cannot be written yet.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};

use super::error::AuditError;
use super::event::{AuditEvent, Outcome};
use super::file::AuditFile;
use super::record::{AuditRecord, Chain};
use super::settings::Fsync;
use super::shared::Shared;
use super::sink::AuditSink;

/// Maximum number of records that are written together. Fixed: they share one `fsync`.
const MAX_BATCH: usize = 256;

/// Where records go.
pub(super) enum Destination {
    File(AuditFile),
    Sink(Box<dyn AuditSink>),
    Nowhere,
}

pub(super) type Answer = oneshot::Sender<Result<(), AuditError>>;

/// What a log asks its worker to do.
pub(super) enum Job {
    Record(Box<AuditEvent>, Option<Answer>),
    /// Makes everything before it safe.
    Flush(Answer),
    /// The same, and goes on in another file.
    Rotate(AuditFile, Answer),
    /// Finds out whether it can be written again.
    Probe,
    /// Writes what is in the queue, and ends.
    Close,
}

/// Writes records.
pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    pub(super) chain: Chain,
    pub(super) destination: Destination,
    pub(super) jobs: mpsc::Receiver<Job>,
    /// True when the log is being closed.
    pub(super) closing: watch::Receiver<bool>,
    /// When records that were written are forced to the disk.
    pub(super) sync_at: Option<Instant>,
}

impl Worker {
    /// Runs until the log is closed or dropped, and everything is written.
    pub(super) async fn run(mut self) {
        let mut next = None;
        loop {
            let job = match next.take() {
                Some(job) => Some(job),
                None => self.next_job().await,
            };
            match job {
                None => break,
                Some(Job::Record(event, answer)) => {
                    let mut batch = vec![(event, answer)];
                    while batch.len() < MAX_BATCH {
                        match self.jobs.try_recv() {
                            Ok(Job::Record(event, answer)) => batch.push((event, answer)),
                            Ok(job) => {
                                next = Some(job);
                                break;
                            }
                            Err(_) => break,
                        }
                    }
                    self.record(batch).await;
                }
                Some(Job::Flush(answer)) => drop(answer.send(self.flush())),
                Some(Job::Rotate(file, answer)) => {
                    let flushed = self.flush();
                    if flushed.is_ok() {
                        self.destination = Destination::File(file);
                    }
                    drop(answer.send(flushed));
                }
                Some(Job::Probe) => {
                    self.shared.is_probing.store(false, Ordering::Release);
                    drop(self.flush()); // The log is failing as before.
                }
                Some(Job::Close) => self.jobs.close(),
            }
        }
        if let Err(error) = self.sync() {
            tracing::error!(%error, "the last audit records may not be on the disk");
        }
    }

    /// Waits for a job. Meanwhile records are forced to the disk when it is time.
    async fn next_job(&mut self) -> Option<Job> {
        loop {
            let Some(at) = self.sync_at else { return self.jobs.recv().await };
            match tokio::time::timeout_at(at, self.jobs.recv()).await {
                Ok(job) => return job,
                Err(_) => {
                    if let Err(error) = self.flush() {
                        self.fail(&error);
                        self.sync_at =
                            Some(Instant::now() + self.shared.settings.limits.retry_interval);
                    }
                }
            }
        }
    }

    /// Writes events, and tries again until it succeeds or the log is closed.
    async fn record(&mut self, mut batch: Vec<(Box<AuditEvent>, Option<Answer>)>) {
        let lost = self.shared.unreported.swap(0, Ordering::Relaxed);
        let mut chain = self.chain.clone();
        let mut records = Vec::with_capacity(batch.len() + 1);
        if lost > 0 {
            let event = AuditEvent::of_server(AuditEvent::RECORDS_LOST, Outcome::Error);
            records.push(chain.seal(&event.detail("lost_records", lost)));
        }
        records.extend(batch.iter().map(|(event, _)| chain.seal(event)));
        while let Err(error) = self.write(&records).await {
            self.fail(&error);
            for answer in batch.iter_mut().filter_map(|(_, answer)| answer.take()) {
                drop(answer.send(Err(AuditError::Write(error.to_string()))));
            }
            let retry = self.shared.settings.limits.retry_interval;
            // Ends at once when the log is closing, or was dropped.
            if timeout(retry, self.closing.wait_for(|closing| *closing)).await.is_ok() {
                let lost = records.len() as u64;
                tracing::error!(lost, %error, "audit records are lost: the log is closed");
                self.shared.lost.fetch_add(lost, Ordering::Relaxed);
                return;
            }
        }
        self.chain = chain;
        self.shared.succeed(records.len(), self.chain.head.as_deref());
        if self.shared.settings.traces {
            for record in &records {
                tracing::info!(target: "mcp_server::audit", record = record.as_json());
            }
        }
        for answer in batch.into_iter().filter_map(|(_, answer)| answer) {
            drop(answer.send(Ok(())));
        }
    }

    async fn write(&mut self, records: &[AuditRecord]) -> io::Result<()> {
        match &mut self.destination {
            Destination::File(file) => {
                let mut lines = String::new();
                for record in records {
                    lines.push_str(record.as_json());
                    lines.push('\n');
                }
                file.append(lines.as_bytes(), self.shared.settings.fsync == Fsync::EveryRecord)?;
                if let Fsync::Interval(interval) = self.shared.settings.fsync {
                    self.sync_at.get_or_insert_with(|| Instant::now() + interval);
                }
                Ok(())
            }
            Destination::Sink(sink) => {
                let limit = self.shared.settings.limits.write_timeout;
                match timeout(limit, sink.write(records)).await {
                    Ok(written) => written.map_err(io::Error::other),
                    Err(_) => {
                        let message =
                            format!("the sink took longer than {limit:?} (write_timeout)");
                        Err(io::Error::new(io::ErrorKind::TimedOut, message))
                    }
                }
            }
            Destination::Nowhere => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<(), AuditError> {
        self.sync().map_err(|error| AuditError::Write(error.to_string()))?;
        self.shared.recover();
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        if let Destination::File(file) = &mut self.destination {
            file.sync()?;
        }
        self.sync_at = None;
        Ok(())
    }

    fn fail(&self, error: &dyn std::fmt::Display) {
        if !self.shared.is_failing.swap(true, Ordering::AcqRel) {
            tracing::error!(%error, "audit records cannot be written");
        }
    }
}

/// Runs the worker of a file on a thread of its own, because writes block.
pub(super) fn spawn_thread(worker: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let thread = std::thread::Builder::new().name("mcp-audit".to_owned());
    thread.spawn(move || runtime.block_on(worker)).map(drop)
}
