//! Requests of this side that wait for an answer.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use tokio::sync::oneshot;

use crate::jsonrpc::RequestId;
use crate::service::Reply;
use crate::transport::{TransportError, TransportErrorKind};

/// The requests, by id. The serial number distinguishes two requests that used the same id in
/// succession.
#[derive(Debug)]
pub(super) struct PendingRequests {
    requests: HashMap<RequestId, Pending>,
    max_requests: usize,
    last_serial: u64,
}

#[derive(Debug)]
struct Pending {
    serial: u64,
    reply: oneshot::Sender<Reply>,
}

impl PendingRequests {
    pub(super) fn new(max_requests: usize) -> Self {
        Self { requests: HashMap::new(), max_requests, last_serial: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    /// Adds a request that is about to be sent. Returns its serial number.
    pub(super) fn insert(
        &mut self,
        id: RequestId,
        reply: oneshot::Sender<Reply>,
    ) -> Result<u64, TransportError> {
        if self.requests.len() >= self.max_requests {
            return Err(TransportError::new(
                TransportErrorKind::Overloaded,
                format!(
                    "{} requests wait for an answer, which is the limit (max_pending_requests); \
                     retry when one was answered",
                    self.max_requests
                ),
            ));
        }
        match self.requests.entry(id) {
            Entry::Occupied(existing) => Err(TransportError::new(
                TransportErrorKind::Protocol,
                format!(
                    "a request with the id {} already waits for an answer; use another id",
                    existing.key()
                ),
            )),
            Entry::Vacant(free) => {
                self.last_serial += 1;
                free.insert(Pending { serial: self.last_serial, reply });
                Ok(self.last_serial)
            }
        }
    }

    /// Removes the request with this id and returns where its answer goes.
    pub(super) fn take(&mut self, id: &RequestId) -> Option<oneshot::Sender<Reply>> {
        self.requests.remove(id).map(|pending| pending.reply)
    }

    /// Removes a request whose caller was dropped. Returns false if it was already answered; its id
    /// may belong to another request by now.
    pub(super) fn remove(&mut self, id: &RequestId, serial: u64) -> bool {
        let is_pending = self.requests.get(id).is_some_and(|pending| pending.serial == serial);
        is_pending && self.requests.remove(id).is_some()
    }

    /// Removes all requests.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = oneshot::Sender<Reply>> + use<> {
        std::mem::take(&mut self.requests).into_values().map(|pending| pending.reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(id: i64) -> RequestId {
        RequestId::Number(id)
    }

    #[test]
    fn an_answered_id_can_be_reused_and_the_first_caller_cannot_remove_the_second_request() {
        let mut pending = PendingRequests::new(10);
        let first = pending.insert(id(1), oneshot::channel().0).unwrap();
        let duplicate = pending.insert(id(1), oneshot::channel().0).unwrap_err();
        assert_eq!(duplicate.kind(), TransportErrorKind::Protocol);
        assert!(pending.take(&id(1)).is_some());
        let second = pending.insert(id(1), oneshot::channel().0).unwrap();
        assert!(!pending.remove(&id(1), first));
        assert_eq!(pending.len(), 1);
        assert!(pending.remove(&id(1), second));
        assert!(pending.take(&id(1)).is_none());
    }

    #[test]
    fn a_full_table_rejects_the_next_request() {
        let mut pending = PendingRequests::new(2);
        for number in 0..2 {
            pending.insert(id(number), oneshot::channel().0).unwrap();
        }
        let refused = pending.insert(id(2), oneshot::channel().0).unwrap_err();
        assert_eq!(refused.kind(), TransportErrorKind::Overloaded);
        assert_eq!(pending.take_all().count(), 2);
        assert_eq!(pending.len(), 0);
    }
}
