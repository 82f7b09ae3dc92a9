//! One renewal of a session at a time, for all calls that found that it is forgotten.

use std::sync::atomic::{AtomicU64, Ordering};

use mcp_core::transport::TransportError;
use tokio::sync::Mutex;

/// One renewal at a time. The calls that wait for it share its outcome.
#[derive(Debug, Default)]
pub(super) struct Renewal {
    /// Held by the renewal that runs, with how the last one failed.
    failure: Mutex<Option<TransportError>>,
    failures: AtomicU64,
}

impl Renewal {
    /// How often it failed so far.
    pub(super) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Acquire)
    }

    /// Does the work, unless another caller has done it or failed meanwhile.
    ///
    /// `failures_before` is [`Renewal::failures`] at the time when the caller found the session
    /// forgotten, and `is_done` whether there is another session by now.
    pub(super) async fn run(
        &self,
        failures_before: u64,
        is_done: impl FnOnce() -> bool,
        work: impl Future<Output = Result<(), TransportError>>,
    ) -> Result<(), TransportError> {
        let mut failure = self.failure.lock().await;
        if is_done() {
            return Ok(());
        }
        if let Some(error) = &*failure
            && self.failures() != failures_before
        {
            return Err(error.clone());
        }
        work.await.inspect_err(|error| {
            *failure = Some(error.clone());
            self.failures.fetch_add(1, Ordering::Release);
        })
    }
}
