//! Progress of calls: which call waits for which token.
//!
//! The token of a call is its request id. Reports with an unknown token are dropped, and so are
//! those that arrive faster than the call takes them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::RequestId;
use mcp_core::sync::Mutex;
use mcp_core::types::ProgressParams;
use tokio::sync::mpsc;

use crate::Limits;

/// Takes the progress of a call.
pub(crate) type OnProgress = Box<dyn FnMut(ProgressParams) + Send>;

#[derive(Debug)]
pub(crate) struct ProgressTable {
    max_reports: usize,
    max_bytes: usize,
    calls: Mutex<HashMap<RequestId, Waiting>>,
}

/// A call that takes progress.
#[derive(Debug)]
struct Waiting {
    reports: mpsc::Sender<(ProgressParams, usize)>,
    /// Bytes of the reports that wait.
    bytes: Arc<AtomicUsize>,
}

impl ProgressTable {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            max_reports: limits.max_queued_progress.max(1),
            max_bytes: limits.max_queued_progress_bytes,
            calls: Mutex::default(),
        }
    }

    /// Takes the progress of a call, until the guard is dropped.
    pub(crate) fn expect(&self, token: RequestId) -> Expected<'_> {
        let (sender, reports) = mpsc::channel(self.max_reports);
        let bytes = Arc::default();
        let waiting = Waiting { reports: sender, bytes: Arc::clone(&bytes) };
        self.calls.lock().insert(token.clone(), waiting);
        Expected { table: self, token, reports, bytes }
    }

    /// A report has arrived.
    pub(crate) fn report(&self, params: &JsonBytes) {
        let Ok(progress) = params.parse::<ProgressParams>() else {
            tracing::debug!("dropped a malformed progress notification");
            return;
        };
        let size = params.as_bytes().len();
        let calls = self.calls.lock();
        let Some(waiting) = calls.get(&progress.progress_token) else {
            tracing::debug!(token = %progress.progress_token, "dropped progress for an unknown token");
            return;
        };
        // What does not fit is dropped: the call has not yet taken the reports before it.
        if waiting.bytes.load(Ordering::Acquire).saturating_add(size) <= self.max_bytes {
            waiting.bytes.fetch_add(size, Ordering::AcqRel);
            if waiting.reports.try_send((progress, size)).is_err() {
                waiting.bytes.fetch_sub(size, Ordering::AcqRel);
            }
        }
    }
}

/// The reports of one call.
#[derive(Debug)]
pub(crate) struct Expected<'a> {
    table: &'a ProgressTable,
    token: RequestId,
    reports: mpsc::Receiver<(ProgressParams, usize)>,
    bytes: Arc<AtomicUsize>,
}

impl Expected<'_> {
    /// The next report.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<ProgressParams>> {
        let next = ready!(self.reports.poll_recv(cx));
        Poll::Ready(next.map(|(progress, size)| {
            self.bytes.fetch_sub(size, Ordering::AcqRel);
            progress
        }))
    }
}

impl Drop for Expected<'_> {
    fn drop(&mut self) {
        self.table.calls.lock().remove(&self.token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_that_wait_are_bounded_in_number_and_bytes() {
        let report = |bytes: usize| {
            let message = "x".repeat(bytes);
            let text = format!(r#"{{"progressToken":1,"progress":1,"message":"{message}"}}"#);
            JsonBytes::from_trusted(text)
        };
        for (bytes, kept) in [(0, 64), (100_000, 10), (2 << 20, 0)] {
            let table = ProgressTable::new(&Limits::new());
            let mut expected = table.expect(RequestId::Number(1));
            for _ in 0..100 {
                table.report(&report(bytes));
            }
            let mut cx = Context::from_waker(std::task::Waker::noop());
            let taken = std::iter::from_fn(|| match expected.poll_next(&mut cx) {
                Poll::Ready(report) => report,
                Poll::Pending => None,
            });
            assert_eq!(taken.count(), kept, "reports of {bytes} bytes");
            assert_eq!(expected.bytes.load(Ordering::Acquire), 0);
        }
    }
}
