//! What a log and its worker share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use mcp_core::sync::Mutex;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::error::AuditError;
use super::settings::Settings;

/// What a log and its worker share.
pub(super) struct Shared {
    pub(super) settings: Settings,
    /// Whether the last write has failed.
    pub(super) is_failing: AtomicBool,
    /// Whether a job that finds out whether it can be written is in the queue.
    pub(super) is_probing: AtomicBool,
    pub(super) written: AtomicU64,
    pub(super) lost: AtomicU64,
    /// The lost records that no record tells of yet.
    pub(super) unreported: AtomicU64,
    pub(super) head: Mutex<Option<AuditHead>>,
}

/// The end of a chain at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditHead {
    /// The `event_hash` of the last record.
    pub event_hash: Box<str>,
    /// Number of records that this process has written.
    pub written: u64,
}

impl Shared {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            is_failing: AtomicBool::new(false),
            is_probing: AtomicBool::new(false),
            written: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            unreported: AtomicU64::new(0),
            head: Mutex::default(),
        }
    }

    pub(super) fn lose_one(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        self.unreported.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn succeed(&self, records: usize, head: Option<&str>) {
        let written = self.written.fetch_add(records as u64, Ordering::Relaxed) + records as u64;
        *self.head.lock() = head.map(|hash| AuditHead { event_hash: hash.into(), written });
        self.recover();
    }

    pub(super) fn recover(&self) {
        if self.is_failing.swap(false, Ordering::AcqRel) {
            tracing::info!("audit records can be written again");
        }
    }

    /// Waits at most as long as a write may take.
    pub(super) async fn within<T>(
        &self,
        limit: Duration,
        answer: oneshot::Receiver<Result<T, AuditError>>,
    ) -> Result<T, AuditError> {
        match timeout(limit, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(AuditError::Closed),
            Err(_) => {
                self.is_failing.store(true, Ordering::Release);
                Err(AuditError::Timeout(limit))
            }
        }
    }
}
