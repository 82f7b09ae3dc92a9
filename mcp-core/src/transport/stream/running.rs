//! Requests from the peer that are being handled.

use std::collections::HashMap;

use futures::future::AbortHandle;

use crate::jsonrpc::RequestId;

/// The calls, by id. The serial number distinguishes two calls that used the same id in succession.
#[derive(Debug, Default)]
pub(super) struct RunningCalls {
    calls: HashMap<RequestId, Running>,
    last_serial: u64,
    /// Number of batches that are not answered yet. The answers of a batch are sent together, after
    /// its last call has finished.
    batches: usize,
}

#[derive(Debug)]
struct Running {
    serial: u64,
    handle: AbortHandle,
}

impl RunningCalls {
    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty() && self.batches == 0
    }

    pub(super) fn contains(&self, id: &RequestId) -> bool {
        self.calls.contains_key(id)
    }

    /// Adds a call. Returns its serial number.
    pub(super) fn start(&mut self, id: RequestId, handle: AbortHandle) -> u64 {
        self.last_serial += 1;
        self.calls.insert(id, Running { serial: self.last_serial, handle });
        self.last_serial
    }

    /// Removes a call that has finished. Returns false if it was cancelled; its id may belong to
    /// another call by now.
    pub(super) fn finish(&mut self, id: &RequestId, serial: u64) -> bool {
        let is_running = self.calls.get(id).is_some_and(|running| running.serial == serial);
        is_running && self.calls.remove(id).is_some()
    }

    /// Removes a call that is cancelled. Aborting the returned handle drops its handler.
    pub(super) fn cancel(&mut self, id: &RequestId) -> Option<AbortHandle> {
        self.calls.remove(id).map(|running| running.handle)
    }

    pub(super) fn start_batch(&mut self) {
        self.batches += 1;
    }

    pub(super) fn finish_batch(&mut self) {
        self.batches -= 1;
    }

    /// Removes all calls.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = AbortHandle> + use<> {
        std::mem::take(&mut self.calls).into_values().map(|running| running.handle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_call_does_not_finish_and_its_id_can_be_reused() {
        let id = RequestId::Number(1);
        let mut running = RunningCalls::default();
        let first = running.start(id.clone(), AbortHandle::new_pair().0);
        running.cancel(&id).unwrap();
        assert!(!running.finish(&id, first));
        let second = running.start(id.clone(), AbortHandle::new_pair().0);
        assert!(!running.finish(&id, first));
        assert!(running.finish(&id, second));
        assert!(running.is_empty());
    }

    #[test]
    fn a_batch_runs_until_it_is_answered() {
        let mut running = RunningCalls::default();
        running.start_batch();
        assert!(!running.is_empty());
        running.finish_batch();
        assert!(running.is_empty());
    }
}
