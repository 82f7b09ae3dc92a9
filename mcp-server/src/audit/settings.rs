//! The choices of a log.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::json::canonical;
use serde_json::Value;

use super::digest::{hmac_sha256, sha256};
use super::limits::AuditLimits;

/// How a log works.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) fsync: Fsync,
    pub(super) on_failure: OnFailure,
    pub(super) arguments: Arguments,
    pub(super) traces: bool,
    pub(super) limits: AuditLimits,
}

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

/// How the arguments of a call are recorded: in the form of the schema as written, whatever the
/// [dialect](crate::dialect) of the call, so that calls with the same meaning have the same digest.
#[derive(Clone, PartialEq, Eq)]
pub enum Arguments {
    /// As SHA-256 of their canonical JSON (`arguments_digest`). It proves later which arguments
    /// were used. Anyone who has the record can guess arguments with few possible values, such as
    /// account numbers.
    Digest,
    /// As HMAC-SHA-256 with a secret key, preferably 32 random bytes. Only a holder of the key
    /// can test a guess, or prove what was used.
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
