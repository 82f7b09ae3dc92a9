//! What a policy would have decided about recorded requests.

use std::fmt;
use std::io::{self, BufRead};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::Instant;
use toml::value::Datetime;

use super::decision::Decision;
use super::engine::PolicyEngine;
use super::request::PolicyRequest;
use super::schedule::unix_time;
use crate::json::JsonBytes;
use crate::jsonrpc::Params;
use crate::method::{self, Kind};
use crate::types::ToolAnnotations;

/// Decides about the requests of a transcript, without sending anything.
///
/// A transcript has one JSON object in each line: a JSON-RPC request, as it was sent. These further
/// members say what the request itself does not; all of them are optional:
///
/// | member | meaning |
/// |---|---|
/// | `principal` | the id of the caller |
/// | `scopes` | the scopes of the caller, a list |
/// | `server` | the name of the server |
/// | `trusted` | whether the annotations of the server count |
/// | `annotations` | the annotations of the tool |
/// | `time` | when it was sent, such as `"2026-01-31T09:00:00Z"`; rates and schedules need it |
///
/// Notifications, responses and empty lines are skipped.
///
/// ```
/// use mcp_core::policy::{DryRun, Policy, Verdict};
///
/// let policy = Policy::parse("policy.toml", "default = \"deny\"")?;
/// let transcript = r#"{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "rm"}}"#;
/// for entry in DryRun::new(&policy).run(transcript.as_bytes()) {
///     let entry = entry?;
///     assert_eq!((entry.line, entry.decision.verdict()), (1, Verdict::Deny));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct DryRun<'a> {
    engine: &'a dyn PolicyEngine,
    max_line_bytes: usize,
}

/// What was decided about a request.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DryRunEntry {
    /// The number of its line. The first one is 1.
    pub line: usize,
    /// The method.
    pub method: String,
    /// The tool, prompt or resource.
    pub subject: Option<String>,
    /// The decision: the strictest one, if the request names several resources.
    pub decision: Decision,
}

/// Why a line of a transcript cannot be decided.
#[derive(Debug)]
pub struct TranscriptError {
    line: usize,
    reason: String,
}

impl TranscriptError {
    /// Returns the number of the line. The first one is 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }
}

impl fmt::Display for TranscriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of the transcript: {}", self.line, self.reason)
    }
}

impl std::error::Error for TranscriptError {}

#[derive(Deserialize)]
struct Record<'a> {
    method: Option<String>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    principal: Option<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    server: String,
    #[serde(default)]
    trusted: bool,
    annotations: Option<ToolAnnotations>,
    time: Option<String>,
}

/// The time of a transcript. A line without a time has that of the line before.
#[derive(Default)]
struct TranscriptClock {
    first: Option<SystemTime>,
    last: Option<SystemTime>,
}

impl TranscriptClock {
    /// Returns the time of a line, and how long that is after the first one.
    fn at(&mut self, time: Option<SystemTime>) -> (SystemTime, Duration) {
        self.last = time.or(self.last);
        let Some(now) = self.last else { return (SystemTime::now(), Duration::ZERO) };
        let since = now.duration_since(*self.first.get_or_insert(now)).unwrap_or_default();
        (now, since)
    }
}

impl<'a> DryRun<'a> {
    /// Creates a dry run of an engine.
    ///
    /// ```
    /// use mcp_core::policy::{DryRun, Policy};
    ///
    /// let policy = Policy::parse("policy.toml", "default = \"deny\"")?;
    /// let dry_run = DryRun::new(&policy);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(engine: &'a dyn PolicyEngine) -> Self {
        Self { engine, max_line_bytes: 16 << 20 }
    }

    /// Sets the maximum length of a line, in bytes. 16 MiB by default.
    ///
    /// ```
    /// use mcp_core::policy::{DryRun, Policy};
    ///
    /// let policy = Policy::parse("policy.toml", "default = \"deny\"")?;
    /// let transcript = r#"{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}"#;
    /// let dry_run = DryRun::new(&policy).max_line_bytes(16);
    /// let mut entries = dry_run.run(transcript.as_bytes());
    /// assert!(entries.next().is_some_and(|entry| entry.is_err()), "the line is too long");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_line_bytes(mut self, max: usize) -> Self {
        self.max_line_bytes = max;
        self
    }

    /// Decides about each request of a transcript. A line that cannot be read is an error, and the
    /// lines after it are read. Ends after an error of the reader.
    ///
    /// ```
    /// use mcp_core::policy::{DryRun, Policy, Verdict};
    ///
    /// # let file = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"rm"}}"#;
    /// # let file = file.as_bytes();
    /// // What would the new policy deny of what was done yesterday?
    /// let policy = Policy::parse("policy.toml", "default = \"deny\"")?;
    /// let dry_run = DryRun::new(&policy);
    /// let entries = dry_run.run(file).filter_map(|entry| entry.ok());
    /// let denied = entries.filter(|entry| entry.decision.verdict() == Verdict::Deny);
    /// assert_eq!(denied.count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run<R: BufRead>(
        &self,
        mut reader: R,
    ) -> impl Iterator<Item = Result<DryRunEntry, TranscriptError>> {
        let started = Instant::now();
        let mut clock = TranscriptClock::default();
        let mut number = 0;
        let mut is_over = false;
        std::iter::from_fn(move || {
            while !is_over {
                number += 1;
                let line = match read_line(&mut reader, self.max_line_bytes) {
                    Ok(Some(line)) => line,
                    Ok(None) => return None,
                    Err(error) => {
                        is_over = error.kind() != io::ErrorKind::InvalidData;
                        let reason = error.to_string();
                        return Some(Err(TranscriptError { line: number, reason }));
                    }
                };
                match self.decide(number, &line, started, &mut clock) {
                    Ok(None) => {}
                    Ok(Some(entry)) => return Some(Ok(entry)),
                    Err(reason) => return Some(Err(TranscriptError { line: number, reason })),
                }
            }
            None
        })
    }

    fn decide(
        &self,
        line: usize,
        text: &str,
        started: Instant,
        clock: &mut TranscriptClock,
    ) -> Result<Option<DryRunEntry>, String> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        let record: Record<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let Some(method) = record.method else { return Ok(None) };
        if method::find(&method).is_some_and(|row| row.kind == Kind::Notification) {
            return Ok(None);
        }
        let (now, since) = clock.at(record.time.as_deref().map(time).transpose()?);
        let params = record.params.map_or("{}", RawValue::get);
        let params = Params::from(JsonBytes::from_trusted(params));
        let has_scope = |scope: &str| record.scopes.iter().any(|granted| granted == scope);
        let requests = PolicyRequest::of(&method, &params)?;
        let subject = requests.iter().find_map(|request| request.subject().name());
        let subject = subject.map(str::to_owned);
        let decisions = requests.into_iter().map(|request| {
            let request = request
                .principal(record.principal.as_deref())
                .scopes(&has_scope)
                .server(&record.server)
                .trusted(record.trusted)
                .annotations(record.annotations.as_ref())
                .at(now, started + since);
            self.engine.decide(&request)
        });
        let strictest = decisions.max_by_key(Decision::verdict);
        Ok(strictest.map(|decision| DryRunEntry { line, method, subject, decision }))
    }
}

impl fmt::Debug for DryRun<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DryRun")
            .field("max_line_bytes", &self.max_line_bytes)
            .finish_non_exhaustive()
    }
}

fn time(text: &str) -> Result<SystemTime, String> {
    let time: Datetime = text.parse().map_err(|error| format!("time: {error}"))?;
    let seconds = unix_time(&time).map_err(|error| format!("time: {error}"))?;
    let seconds = u64::try_from(seconds).map_err(|_| "time: before 1970".to_owned())?;
    Ok(UNIX_EPOCH + Duration::from_secs(seconds))
}

/// Reads a line. `None` at the end.
///
/// # Errors
/// Those of the reader; `InvalidData` for a line that is too long or no UTF-8, which is skipped.
fn read_line(reader: &mut impl BufRead, max: usize) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let mut length = 0_usize;
    loop {
        let buffer = reader.fill_buf()?;
        let end = memchr::memchr(b'\n', buffer);
        let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
        let is_end = end.is_some() || buffer.is_empty();
        length = length.saturating_add(part.len());
        if length <= max {
            line.extend_from_slice(part);
        }
        let is_empty = buffer.is_empty();
        let used = end.map_or(buffer.len(), |end| end + 1);
        reader.consume(used);
        if is_end {
            if is_empty && length == 0 {
                return Ok(None);
            }
            break;
        }
    }
    if length > max {
        let message = format!(
            "{length} bytes exceed the limit of {max} bytes; raise it with DryRun::max_line_bytes"
        );
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    String::from_utf8(line)
        .map(Some)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}
