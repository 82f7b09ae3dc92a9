//! Requests from the peer that wait for a running one to finish.

use std::collections::VecDeque;

use crate::jsonrpc::RequestId;
use crate::limits::ConnectionLimits;
use crate::service::Request;

/// The requests, oldest first, limited by their number and by the bytes of their parameters.
#[derive(Debug)]
pub(super) struct RequestQueue {
    requests: VecDeque<Request>,
    bytes: usize,
    max_requests: usize,
    max_bytes: usize,
}

impl RequestQueue {
    pub(super) fn new(limits: &ConnectionLimits) -> Self {
        Self {
            requests: VecDeque::new(),
            bytes: 0,
            max_requests: limits.max_queued_requests,
            max_bytes: limits.max_queued_bytes,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.requests.len() >= self.max_requests || self.bytes >= self.max_bytes
    }

    pub(super) fn contains(&self, id: &RequestId) -> bool {
        self.requests.iter().any(|queued| queued.id == *id)
    }

    pub(super) fn push(&mut self, request: Request) {
        self.bytes += request.params.as_bytes().len();
        self.requests.push_back(request);
    }

    pub(super) fn pop(&mut self) -> Option<Request> {
        let request = self.requests.pop_front()?;
        self.bytes -= request.params.as_bytes().len();
        Some(request)
    }

    /// Removes a request that is cancelled before it was started. Returns false if it is not
    /// queued.
    pub(super) fn remove(&mut self, id: &RequestId) -> bool {
        let Some(at) = self.requests.iter().position(|queued| queued.id == *id) else {
            return false;
        };
        if let Some(request) = self.requests.remove(at) {
            self.bytes -= request.params.as_bytes().len();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::JsonBytes;

    #[test]
    fn the_limits_count_requests_and_bytes_and_removal_frees_both() {
        let mut limits = ConnectionLimits::for_server();
        (limits.max_queued_requests, limits.max_queued_bytes) = (3, 100);
        let mut queue = RequestQueue::new(&limits);
        let request = |id: i64, bytes: usize| {
            let params = JsonBytes::from_trusted(" ".repeat(bytes));
            Request::new(id.into(), "tools/call", params)
        };
        queue.push(request(1, 99));
        assert!(!queue.is_full());
        queue.push(request(2, 1));
        assert!(queue.is_full() && queue.contains(&1.into()));
        assert!(queue.remove(&1.into()) && !queue.remove(&1.into()));
        queue.push(request(3, 1));
        queue.push(request(4, 1));
        assert!(queue.is_full());
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).map(|request| request.id).collect();
        assert_eq!(order, [2.into(), 3.into(), 4.into()]);
        assert!(queue.is_empty() && !queue.is_full());
    }
}
