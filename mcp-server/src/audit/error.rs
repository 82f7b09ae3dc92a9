//! Why something is not recorded.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::fault::Fault;

/// Why a log cannot be opened, or an event is not recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The file cannot be opened or read.
    #[error("the audit file {path:?} cannot be opened")]
    Open {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// Another log has the file open.
    #[error("the audit file {path:?} is in use by another log; give each process its own file")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file has a record that was changed, removed or moved, so it is not appended to.
    #[error(
        "the audit file {path:?} is not intact; keep it as evidence and begin another one: {fault}"
    )]
    NotIntact {
        /// The file.
        path: PathBuf,
        /// The first fault.
        #[source]
        fault: Fault,
    },
    /// The thread of the log cannot be started, or there is no runtime for its sink.
    #[error("the audit log cannot be started: {0}")]
    Start(String),
    /// Too many records wait to be written. This one is counted as lost.
    #[error(
        "{max} records wait to be written (max_queued_records), for {waited:?} (queue_timeout)"
    )]
    QueueFull {
        /// The limit.
        max: usize,
        /// How long the event has waited for a place.
        waited: Duration,
    },
    /// Writing fails. The log keeps the record and tries again.
    #[error("audit records cannot be written: {0}")]
    Write(String),
    /// The record was not written in time. It may be written later.
    #[error("the audit record was not written within {0:?} (write_timeout)")]
    Timeout(Duration),
    /// The log was closed.
    #[error("the audit log is closed")]
    Closed,
}
