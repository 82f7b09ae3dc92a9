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
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_server::audit::AuditLog;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("audit.jsonl");
    /// let log = AuditLog::builder().open(path)?; // Each record is on the disk before its call goes on.
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    ///
    /// use mcp_server::audit::{AuditLog, Fsync};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("audit.jsonl");
    /// // A crash of the machine may lose the records of the last second; calls wait less.
    /// let log = AuditLog::builder().fsync(Fsync::Interval(Duration::from_secs(1))).open(path)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn fsync(mut self, fsync: Fsync) -> Self {
        self.settings.fsync = fsync;
        self
    }

    /// Sets what happens while records cannot be written. Default: [`OnFailure::Refuse`].
    ///
    /// ```
    /// use mcp_server::audit::{AuditLog, OnFailure};
    ///
    /// // An alarm looks at `AuditLog::lost_records`; the users go on.
    /// let log = AuditLog::builder().on_failure(OnFailure::Continue).open_tracing()?;
    /// # Ok::<(), mcp_server::audit::AuditError>(())
    /// ```
    pub fn on_failure(mut self, on_failure: OnFailure) -> Self {
        self.settings.on_failure = on_failure;
        self
    }

    /// Sets how arguments are recorded. Default: [`Arguments::Digest`].
    ///
    /// ```
    /// use mcp_server::audit::{Arguments, AuditLog};
    ///
    /// // No secrets are in the arguments of these tools, and auditors read them.
    /// let log = AuditLog::builder().arguments(Arguments::Recorded).open_tracing()?;
    /// # Ok::<(), mcp_server::audit::AuditError>(())
    /// ```
    pub fn arguments(mut self, arguments: Arguments) -> Self {
        self.settings.arguments = arguments;
        self
    }

    /// Also emits each record, when it is written, as a [`tracing`] event with the target
    /// `mcp_server::audit` at the level `info`. Default: false.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use mcp_server::audit::AuditLog;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("audit.jsonl");
    /// // In the file, and in what the program already sends to its log service.
    /// let log = AuditLog::builder().traces(true).open(path)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn traces(mut self, traces: bool) -> Self {
        self.settings.traces = traces;
        self
    }

    /// Continues a chain that ends elsewhere with this `event_hash`. An existing file continues its
    /// own chain.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use mcp_server::audit::AuditLog;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("audit.jsonl");
    /// # let last_hash = format!("sha256:{}", "0".repeat(64));
    /// // The last record of the machine that this one replaces.
    /// let log = AuditLog::builder().after(last_hash).open(path)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn after(mut self, event_hash: impl Into<String>) -> Self {
        self.after = Some(event_hash.into());
        self
    }

    /// Sets the limits.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mcp_server::audit::{AuditLimits, AuditLog};
    ///
    /// let mut limits = AuditLimits::new();
    /// limits.write_timeout = Duration::from_secs(2); // Calls are refused sooner when the disk hangs.
    /// let log = AuditLog::builder().limits(limits).open_tracing()?;
    /// # Ok::<(), mcp_server::audit::AuditError>(())
    /// ```
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
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_server::audit::AuditLog;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("audit.jsonl");
    /// let log = AuditLog::builder().open(&path)?;
    /// let second = AuditLog::builder().open(&path);
    /// assert!(second.is_err()); // One process writes a chain; another one cannot fork it.
    /// # Ok(())
    /// # }
    /// ```
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
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use mcp_server::async_trait;
    /// use mcp_server::audit::{AuditLog, AuditRecord, AuditSink, SinkError};
    ///
    /// struct Database;
    ///
    /// #[async_trait]
    /// impl AuditSink for Database {
    ///     async fn write(&self, records: &[AuditRecord]) -> Result<(), SinkError> {
    ///         // … one transaction for all of them …
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let log = AuditLog::builder().open_sink(Database)?;
    /// # Ok::<(), mcp_server::audit::AuditError>(())
    /// # }).unwrap();
    /// ```
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
    /// ```
    /// use mcp_server::audit::AuditLog;
    ///
    /// // In a container, whose standard error is collected.
    /// let log = AuditLog::builder().open_tracing()?;
    /// # Ok::<(), mcp_server::audit::AuditError>(())
    /// ```
    ///
    /// # Errors
    /// If the thread of the log cannot be started.
    pub fn open_tracing(self) -> Result<AuditLog, AuditError> {
        let Self { settings, after } = self.traces(true);
        AuditLog::start(settings, Chain::after(after), Destination::Nowhere, None)
    }
}
