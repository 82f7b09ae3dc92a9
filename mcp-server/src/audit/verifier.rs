//! Verifies a chain.

use std::io::BufRead;

use super::fault::{Fault, FaultKind};
use super::line::{Broken, Checked, Line, Region, check, event_id, read_line};

/// Verifies all records of a file, from the beginning of its chain. See [`Verifier`].
///
/// # Errors
/// The first record that was changed, removed, moved or torn.
pub fn verify(reader: impl BufRead) -> Result<Report, Fault> {
    Verifier::new().verify(reader)
}

/// Verifies a chain of records, in about 20 KiB of memory whatever its length.
///
/// ```
/// use mcp_server::audit::{FaultKind, Verifier};
///
/// let fault = Verifier::new().verify(&b"not a record\n"[..]).unwrap_err();
/// assert_eq!(fault.line(), 1);
/// assert!(matches!(fault.kind(), FaultKind::Changed));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Verifier {
    after: Option<String>,
    anchor: Option<String>,
    /// Whether the first record may follow any other one.
    is_any_beginning: bool,
}

/// What an intact chain consists of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Report {
    /// Number of records.
    pub records: u64,
    /// The `event_hash` of the last record.
    pub head: Option<String>,
    /// Number of places at which a crash interrupted a write. The record after each of them says
    /// so.
    pub torn: u64,
    /// Number of records that could not be kept, as the records say.
    pub lost_records: u64,
    /// Number of records after the anchor.
    pub after_anchor: Option<u64>,
}

impl Verifier {
    /// Creates a verifier of a chain that begins with the first record.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts any first record.
    pub(super) fn of_any_beginning() -> Self {
        Self { is_any_beginning: true, ..Self::default() }
    }

    /// Expects a first record that follows the one with this `event_hash`, at the end of the file
    /// before.
    #[must_use]
    pub fn after(mut self, event_hash: impl Into<String>) -> Self {
        self.after = Some(event_hash.into());
        self
    }

    /// Expects a record with this `event_hash`, which was kept elsewhere
    /// ([`AuditLog::head`](super::AuditLog::head)). It proves that no record up to it was cut off or
    /// written again.
    #[must_use]
    pub fn anchor(mut self, event_hash: impl Into<String>) -> Self {
        self.anchor = Some(event_hash.into());
        self
    }

    /// Verifies the records that a reader has.
    ///
    /// # Errors
    /// The first record that was changed, removed, moved or torn.
    pub fn verify(&self, reader: impl BufRead) -> Result<Report, Fault> {
        let scan = self.scan(reader);
        let Scan { report, suspect, lines, .. } = scan;
        if let Some(suspect) = suspect {
            return Err(suspect.into_fault());
        }
        if self.anchor.is_some() && report.after_anchor.is_none() {
            let (line, kind) = (lines + 1, FaultKind::AnchorMissing);
            return Err(Fault { line, event_id: None, kind });
        }
        Ok(report)
    }

    /// Reads all records.
    pub(super) fn scan(&self, mut reader: impl BufRead) -> Scan {
        let mut scan = Scan { ends_in_line: true, ..Scan::default() };
        scan.report.head.clone_from(&self.after);
        loop {
            let region = scan.suspect.as_ref().map(|suspect| suspect.region.clone());
            let line = match read_line(&mut reader, region) {
                Ok(Some(line)) => line,
                Ok(None) => return scan,
                Err(error) => {
                    let (line, kind) = (scan.lines + 1, FaultKind::Unreadable(error));
                    let fault = Fault { line, event_id: None, kind };
                    scan.suspect.get_or_insert_with(|| Suspect::of(fault));
                    return scan;
                }
            };
            scan.lines += 1;
            scan.ends_in_line = line.is_terminated;
            let checked = check(&line.text);
            match &mut scan.suspect {
                None => match checked {
                    // A record about an interrupted write follows what that has left.
                    Ok(checked)
                        if checked.torn_digest.is_none()
                            && (checked.previous_hash == scan.report.head
                                || (self.is_any_beginning && scan.lines == 1)) =>
                    {
                        scan.accept(checked, self);
                    }
                    checked => scan.suspect = Some(Suspect::new(scan.lines, line, checked)),
                },
                Some(suspect) => match checked {
                    // The writer has recorded what an interrupted write left.
                    Ok(checked)
                        if checked.torn_digest.is_some()
                            && checked.previous_hash == scan.report.head
                            && checked.torn_digest == Some(suspect.region.clone().digest()) =>
                    {
                        scan.suspect = None;
                        scan.report.torn += 1;
                        scan.accept(checked, self);
                    }
                    checked => suspect.extend(line, &checked),
                },
            }
        }
    }
}

/// How far the records are intact.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) report: Report,
    /// What follows the last intact record.
    pub(super) suspect: Option<Suspect>,
    lines: u64,
    /// Whether the last line has a line break.
    pub(super) ends_in_line: bool,
}

impl Scan {
    fn accept(&mut self, checked: Checked, verifier: &Verifier) {
        self.report.records += 1;
        self.report.lost_records += checked.lost_records;
        match &mut self.report.after_anchor {
            Some(after) => *after += 1,
            None if verifier.anchor.as_deref() == Some(&*checked.event_hash) => {
                self.report.after_anchor = Some(0);
            }
            None => {}
        }
        self.report.head = Some(checked.event_hash);
    }
}

/// Lines that do not continue the chain: what an interrupted write left, or a fault.
#[derive(Debug)]
pub(super) struct Suspect {
    fault: Fault,
    pub(super) region: Region,
    /// Whether there is a whole record in it, which no interrupted write leaves.
    has_record: bool,
    /// Whether all whole lines in it end too early.
    is_incomplete: bool,
    is_terminated: bool,
}

impl Suspect {
    fn of(fault: Fault) -> Self {
        Self {
            fault,
            region: Region::default(),
            has_record: true,
            is_incomplete: false,
            is_terminated: true,
        }
    }

    fn new(number: u64, line: Line, checked: Result<Checked, Broken>) -> Self {
        let (kind, event_id, is_incomplete) = match checked {
            Ok(checked) => (FaultKind::OutOfPlace, Some(checked.event_id), None),
            Err(broken) => (FaultKind::Changed, event_id(&line.text), Some(broken.is_incomplete)),
        };
        Self {
            fault: Fault { line: number, event_id, kind },
            has_record: is_incomplete.is_none(),
            is_incomplete: is_incomplete.unwrap_or(false),
            is_terminated: line.is_terminated,
            region: line.into_region(),
        }
    }

    fn extend(&mut self, line: Line, checked: &Result<Checked, Broken>) {
        match checked {
            Ok(_) => self.has_record = true,
            Err(broken) => self.is_incomplete &= broken.is_incomplete,
        }
        self.is_terminated = line.is_terminated;
        self.region = line.into_region();
    }

    /// Whether an interrupted write can have left the lines: there is no whole record among them,
    /// and the last line, or each of them, is incomplete.
    pub(super) fn is_torn(&self) -> bool {
        !self.has_record && (self.is_incomplete || !self.is_terminated)
    }

    pub(super) fn into_fault(self) -> Fault {
        let kind = if self.is_torn() { FaultKind::Torn } else { self.fault.kind };
        Fault { kind, ..self.fault }
    }
}
