//! The first fault of a chain.

use std::fmt;
use std::io;

use mcp_core::text::PeerText;

/// The first record of a chain that is not as it was written.
#[derive(Debug)]
pub struct Fault {
    pub(super) line: u64,
    pub(super) event_id: Option<String>,
    pub(super) kind: FaultKind,
}

/// What is wrong with a record.
#[derive(Debug)]
#[non_exhaustive]
pub enum FaultKind {
    /// The record was changed: its hash is another one, or it is no record.
    Changed,
    /// The record is as it was written, but does not follow the record before it: records before it
    /// were removed, inserted or moved.
    OutOfPlace,
    /// The last record is incomplete: a crash has interrupted its write, or the end was cut off.
    Torn,
    /// The record that [`Verifier::anchor`](super::Verifier::anchor) expects is missing: the end was
    /// cut off, or all records were written again. The line is the one after the last.
    AnchorMissing,
    /// The records cannot be read.
    Unreadable(io::Error),
}

impl Fault {
    /// Returns the number of the line, from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Returns the `event_id` of the record, if it can be read. In a record that was changed, it
    /// may be wrong.
    #[must_use]
    pub fn event_id(&self) -> Option<&str> {
        self.event_id.as_deref()
    }

    /// Returns what is wrong.
    #[must_use]
    pub fn kind(&self) -> &FaultKind {
        &self.kind
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(id) = &self.event_id {
            write!(f, " (event_id {})", PeerText::with_max(id, 64))?;
        }
        match &self.kind {
            FaultKind::Changed => f.write_str(": the record was changed"),
            FaultKind::OutOfPlace => f.write_str(
                ": the record does not follow the one before it; records were removed, inserted or \
                 moved",
            ),
            FaultKind::Torn => f.write_str(": the last record is incomplete"),
            FaultKind::AnchorMissing => f.write_str(
                ": the expected record is missing; the end was cut off, or the file was written \
                 again",
            ),
            FaultKind::Unreadable(error) => write!(f, ": the records cannot be read: {error}"),
        }
    }
}

impl std::error::Error for Fault {}
