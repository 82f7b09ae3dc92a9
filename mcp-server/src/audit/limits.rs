//! The limits of a log.

use std::time::Duration;

/// The limits of an [`AuditLog`](super::AuditLog). `docs/limits.md` lists all defaults.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AuditLimits {
    /// Maximum number of records that wait to be written. 4,096. A record has at most 8 KiB.
    pub max_queued_records: usize,
    /// Time that an event waits for a place among the records that wait. 2 s.
    pub queue_timeout: Duration,
    /// Time that one write may take, and that an event waits until it is written. 10 s.
    pub write_timeout: Duration,
    /// Time between two attempts to write after one has failed. 1 s.
    pub retry_interval: Duration,
}

impl Default for AuditLimits {
    fn default() -> Self {
        Self {
            max_queued_records: 4_096,
            queue_timeout: Duration::from_secs(2),
            write_timeout: Duration::from_secs(10),
            retry_interval: Duration::from_secs(1),
        }
    }
}

impl AuditLimits {
    /// Creates the default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}
