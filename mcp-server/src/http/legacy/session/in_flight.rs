//! The calls of a session that are running, for `notifications/cancelled`.
//!
//! An answer goes back on the exchange that asked, so nothing here decides where an answer goes.
//! Several calls may have one id, because clients that share a session often number their calls
//! alike (THREAT-23). A cancellation that names such an id is ignored: it could end the call of
//! another client.

use futures::future::AbortHandle;
use mcp_core::jsonrpc::RequestId;

/// The calls that are running.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    running: Vec<Running>,
    last: u64,
}

#[derive(Debug)]
struct Running {
    key: u64,
    id: RequestId,
    handle: AbortHandle,
}

impl InFlight {
    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    pub(super) fn add(&mut self, id: RequestId, handle: AbortHandle) -> u64 {
        self.last += 1;
        self.running.push(Running { key: self.last, id, handle });
        self.last
    }

    pub(super) fn remove(&mut self, key: u64) {
        if let Some(at) = self.running.iter().position(|running| running.key == key) {
            self.running.swap_remove(at);
            if self.running.is_empty() {
                self.running = Vec::new(); // An idle session holds nothing.
            }
        }
    }

    /// The only call with this id; `None` when there are several.
    pub(super) fn find(&self, id: &RequestId) -> Option<&AbortHandle> {
        let mut named = self.running.iter().filter(|running| running.id == *id);
        let found = named.next()?;
        named.next().is_none().then_some(&found.handle)
    }

    /// Whether any call has this id.
    pub(super) fn contains(&self, id: &RequestId) -> bool {
        self.running.iter().any(|running| running.id == *id)
    }

    pub(super) fn abort_all(&mut self) {
        for running in std::mem::take(&mut self.running) {
            running.handle.abort();
        }
    }
}
