//! Requests of this side that wait for an answer.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, Hasher, RandomState};

use tokio::sync::oneshot;

use crate::jsonrpc::RequestId;
use crate::service::Reply;
use crate::transport::{TransportError, TransportErrorKind};

/// The requests, by id. The serial number distinguishes two requests that used the same id in
/// succession.
#[derive(Debug)]
pub(super) struct PendingRequests {
    requests: HashMap<RequestId, Pending, IdHashes>,
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
        Self { requests: HashMap::default(), max_requests, last_serial: 0 }
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

/// Hashes the ids of this side's requests, usually consecutive numbers, with one multiplication.
/// Text has a keyed hash, because a gateway may pass on ids that a peer chose.
#[derive(Debug, Default)]
struct IdHashes(RandomState);

#[derive(Debug)]
struct IdHasher {
    keys: RandomState,
    hash: u64,
}

impl BuildHasher for IdHashes {
    type Hasher = IdHasher;

    fn build_hasher(&self) -> IdHasher {
        IdHasher { keys: self.0.clone(), hash: 0 }
    }
}

impl IdHasher {
    fn mix(&mut self, value: u64) {
        // The golden ratio: consecutive numbers differ in the high bits and in the low ones.
        self.hash = (self.hash.rotate_left(5) ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.mix(self.keys.hash_one(bytes));
    }

    fn write_i64(&mut self, number: i64) {
        self.mix(number.cast_unsigned());
    }

    fn write_isize(&mut self, variant: isize) {
        self.mix(variant.cast_unsigned() as u64);
    }

    fn finish(&self) -> u64 {
        self.hash ^ (self.hash >> 32)
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
    fn numbers_and_strings_are_different_ids() {
        let mut pending = PendingRequests::new(2_000);
        for number in 0..1_000 {
            pending.insert(id(number), oneshot::channel().0).unwrap();
            pending.insert(number.to_string().into(), oneshot::channel().0).unwrap();
        }
        for number in 0..1_000 {
            assert!(pending.take(&number.to_string().into()).is_some(), "\"{number}\"");
            assert!(pending.take(&id(number)).is_some(), "{number}");
        }
        assert_eq!(pending.len(), 0);
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
