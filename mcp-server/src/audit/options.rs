//! How a log is set up.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::json::canonical;
use serde_json::Value;

use super::digest::{hmac_sha256, sha256};
use super::error::AuditError;
use super::file::AuditFile;
use super::limits::AuditLimits;
use super::log::AuditLog;
use super::record::Chain;
use super::sink::AuditSink;
use super::worker::Destination;

/// When records of a file are forced to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fsync {
    /// Before the record counts as written. Records that wait at the same time share one `fsync`.
    EveryRecord,
    /// This long after a record was written. A power cut loses the records of this time; a crash of
    /// the process loses none.
    Interval(Duration),
    /// When the operating system does it, and when the log is closed.
    Never,
}

/// What happens to calls while records cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// Nothing happens that is not recorded: calls are refused before they begin, and the answer of
    /// a call that has run is withheld until its record is written, or replaced by an error.
    Refuse,
    /// Calls go on, and do not wait for their records. Records that do not fit into the queue are
    /// counted, and the next record says how many were lost. The draft asks for this.
    Continue,
}

/// How the arguments of a call are recorded.
#[derive(Clone, PartialEq, Eq)]
pub enum Arguments {
    /// As SHA-256 of their canonical JSON (`arguments_digest`). It proves later which arguments
    /// were used. Who has the record can guess arguments of which there are few, such as numbers of
    /// accounts.
    Digest,
    /// As HMAC-SHA-256 with a secret key, at best of 32 random bytes. Only who has the key can
    /// guess or prove.
    KeyedDigest(Arc<[u8]>),
    /// As canonical JSON (`arguments`), with what may be secret in them.
    Recorded,
    /// Not at all.
    Omitted,
}

impl Arguments {
    /// Returns the detail that stands for arguments: its name and its value.
    pub(crate) fn detail(&self, arguments: &Value) -> Option<(&'static str, String)> {
        let text = canonical(arguments);
        let digest = "arguments_digest";
        Some(match self {
            Self::Digest => (digest, format!("sha256:{}", sha256(&[&text]))),
            Self::KeyedDigest(key) => (digest, format!("hmac-sha256:{}", hmac_sha256(key, &text))),
            Self::Recorded => ("arguments", String::from_utf8_lossy(&text).into_owned()),
            Self::Omitted => return None,
        })
    }
}

impl fmt::Debug for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Digest => "Digest",
            Self::KeyedDigest(_) => "KeyedDigest",
            Self::Recorded => "Recorded",
            Self::Omitted => "Omitted",
        })
    }
}

/// Sets up an [`AuditLog`]. [`AuditLog::builder`] creates it.
///
/// ```no_run
/// use std::time::Duration;
///
/// use mcp_server::audit::{Arguments, AuditLog, Fsync, OnFailure};
///
/// let log = AuditLog::builder()
///     .fsync(Fsync::Interval(Duration::from_millis(200)))
///     .on_failure(OnFailure::Continue)
///     .arguments(Arguments::Recorded)
///     .open("audit.jsonl")?;
/// # Ok::<(), mcp_server::audit::AuditError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a log records nothing until it is opened"]
pub struct AuditLogBuilder {
    pub(super) fsync: Fsync,
    pub(super) on_failure: OnFailure,
    pub(super) arguments: Arguments,
    pub(super) traces: bool,
    pub(super) after: Option<String>,
    pub(super) limits: AuditLimits,
}

impl AuditLogBuilder {
    pub(super) fn new() -> Self {
        Self {
            fsync: Fsync::EveryRecord,
            on_failure: OnFailure::Refuse,
            arguments: Arguments::Digest,
            traces: false,
            after: None,
            limits: AuditLimits::default(),
        }
    }

    /// Sets when records of a file are forced to the disk. Default: [`Fsync::EveryRecord`].
    pub fn fsync(mut self, fsync: Fsync) -> Self {
        self.fsync = fsync;
        self
    }

    /// Sets what happens while records cannot be written. Default: [`OnFailure::Refuse`].
    pub fn on_failure(mut self, on_failure: OnFailure) -> Self {
        self.on_failure = on_failure;
        self
    }

    /// Sets how arguments are recorded. Default: [`Arguments::Digest`].
    pub fn arguments(mut self, arguments: Arguments) -> Self {
        self.arguments = arguments;
        self
    }

    /// Also emits each record, when it is written, as a [`tracing`] event with the target
    /// `mcp_server::audit` at the level `info`. Default: false.
    pub fn traces(mut self, traces: bool) -> Self {
        self.traces = traces;
        self
    }

    /// Continues a chain that ends elsewhere with this `event_hash`. An existing file continues its
    /// own chain.
    pub fn after(mut self, event_hash: impl Into<String>) -> Self {
        self.after = Some(event_hash.into());
        self
    }

    /// Sets the limits.
    pub fn limits(mut self, limits: AuditLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Opens a log that appends to a file. A new file can be read by its owner only (Unix).
    ///
    /// An existing file is verified first, which takes about a second for each 100 MB, and
    /// continued. If a crash left a part of a record at its end, the next record says so and has
    /// the hash of that part. The file is locked while the log is open. A thread writes it.
    ///
    /// # Errors
    /// The file cannot be opened, is in use, or is not intact; or the thread cannot be started.
    pub fn open(self, path: impl AsRef<Path>) -> Result<AuditLog, AuditError> {
        let opened = AuditFile::open(path.as_ref(), self.after.as_deref())?;
        AuditLog::start(
            self,
            Chain::after(opened.head),
            Destination::File(opened.file),
            opened.torn,
        )
    }

    /// Opens a log whose records go to a sink. A task of the current runtime calls it, so the log
    /// ends with the runtime.
    ///
    /// # Errors
    /// If there is no runtime.
    pub fn open_sink(self, sink: impl AuditSink) -> Result<AuditLog, AuditError> {
        let chain = Chain::after(self.after.clone());
        AuditLog::start(self, chain, Destination::Sink(Box::new(sink)), None)
    }

    /// Opens a log whose records are [`tracing`] events only, as [`AuditLogBuilder::traces`]
    /// describes them. They are as safe as what the subscriber of the program does with them.
    ///
    /// # Errors
    /// If the thread of the log cannot be started.
    pub fn open_tracing(self) -> Result<AuditLog, AuditError> {
        let chain = Chain::after(self.after.clone());
        AuditLog::start(self.traces(true), chain, Destination::Nowhere, None)
    }
}
