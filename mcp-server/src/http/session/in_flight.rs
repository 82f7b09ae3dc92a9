//! The calls of a session that are running, for `notifications/cancelled`.
//!
//! An answer goes back on the exchange that asked, so nothing here decides where an answer goes, and ids may
//! be used twice: some clients call everything 1 (THREAT-23).

use std::sync::Arc;

use futures::future::AbortHandle;
use mcp_core::jsonrpc::RequestId;

use super::{Busy, Entry};

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

    fn remove(&mut self, key: u64) {
        if let Some(at) = self.running.iter().position(|running| running.key == key) {
            self.running.swap_remove(at);
            if self.running.is_empty() {
                self.running = Vec::new(); // An idle session holds nothing.
            }
        }
    }

    /// The call that is meant; none when two have this id, for nobody can tell which.
    pub(super) fn find(&self, id: &RequestId) -> Option<&AbortHandle> {
        let mut named = self.running.iter().filter(|running| running.id == *id);
        let found = named.next()?;
        named.next().is_none().then_some(&found.handle)
    }

    pub(super) fn abort_all(&mut self) {
        for running in std::mem::take(&mut self.running) {
            running.handle.abort();
        }
    }
}

/// The place of a running call. Dropping it gives it back.
#[derive(Debug)]
pub(in crate::http) struct Place {
    busy: Busy,
    key: u64,
}

impl Place {
    pub(super) fn new(entry: &Arc<Entry>, key: u64) -> Self {
        Self { busy: Entry::busy(entry), key }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.busy.entry().lock().in_flight.remove(self.key);
    }
}
