//! The builder of a log.

use std::path::Path;

use super::error::AuditError;
use super::file::AuditFile;
use super::limits::AuditLimits;
use super::log::AuditLog;
use super::record::Chain;
use super::settings::{Arguments, Fsync, OnFailure, Settings};
use super::sink::AuditSink;
use super::worker::Destination;

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
    pub(super) settings: Settings,
    after: Option<String>,
}

impl AuditLog {
    /// Creates a builder.
    pub fn builder() -> AuditLogBuilder {
        let settings = Settings {
            fsync: Fsync::EveryRecord,
            on_failure: OnFailure::Refuse,
            arguments: Arguments::Digest,
            traces: false,
            limits: AuditLimits::default(),
        };
        AuditLogBuilder { settings, after: None }
    }
}

impl AuditLogBuilder {
    /// Sets when records of a file are forced to the disk. Default: [`Fsync::EveryRecord`].
    pub fn fsync(mut self, fsync: Fsync) -> Self {
        self.settings.fsync = fsync;
        self
    }

    /// Sets what happens while records cannot be written. Default: [`OnFailure::Refuse`].
    pub fn on_failure(mut self, on_failure: OnFailure) -> Self {
        self.settings.on_failure = on_failure;
        self
    }

    /// Sets how arguments are recorded. Default: [`Arguments::Digest`].
    pub fn arguments(mut self, arguments: Arguments) -> Self {
        self.settings.arguments = arguments;
        self
    }

    /// Also emits each record, when it is written, as a [`tracing`] event with the target
    /// `mcp_server::audit` at the level `info`. Default: false.
    pub fn traces(mut self, traces: bool) -> Self {
        self.settings.traces = traces;
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
        self.settings.limits = limits;
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
        let destination = Destination::File(opened.file);
        AuditLog::start(self.settings, Chain::after(opened.head), destination, opened.torn)
    }

    /// Opens a log whose records go to a sink. A task of the current runtime calls it, so the log
    /// ends with the runtime.
    ///
    /// # Errors
    /// If there is no runtime.
    pub fn open_sink(self, sink: impl AuditSink) -> Result<AuditLog, AuditError> {
        let destination = Destination::Sink(Box::new(sink));
        AuditLog::start(self.settings, Chain::after(self.after), destination, None)
    }

    /// Opens a log whose records are [`tracing`] events only, as [`AuditLogBuilder::traces`]
    /// describes them. They are as safe as what the subscriber of the program does with them.
    ///
    /// # Errors
    /// If the thread of the log cannot be started.
    pub fn open_tracing(self) -> Result<AuditLog, AuditError> {
        let Self { settings, after } = self.traces(true);
        AuditLog::start(settings, Chain::after(after), Destination::Nowhere, None)
    }
}
