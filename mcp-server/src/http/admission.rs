//! The bounds of a whole service: requests and bytes in flight, listen streams (threats T27 to T29).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_core::http::HttpLimits;

/// What is in flight.
#[derive(Debug)]
pub(super) struct Admission {
    requests: AtomicUsize,
    listeners: AtomicUsize,
    bytes: AtomicUsize,
    most_requests: usize,
    most_listeners: usize,
    most_bytes: usize,
}

impl Admission {
    pub(super) fn new(limits: &HttpLimits) -> Arc<Self> {
        Arc::new(Self {
            requests: AtomicUsize::new(0),
            listeners: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            most_requests: limits.in_flight,
            most_listeners: limits.listen_streams,
            most_bytes: limits.bytes_in_flight,
        })
    }

    /// A place for one request; none when all are taken.
    pub(super) fn admit(self: &Arc<Self>) -> Option<Admitted> {
        let before = self.requests.fetch_add(1, Ordering::Relaxed);
        let admitted = Admitted { admission: Arc::clone(self), bytes: 0, counts_as: Kind::Request };
        (before < self.most_requests).then_some(admitted)
    }

    fn count(&self, kind: Kind) -> &AtomicUsize {
        match kind {
            Kind::Request => &self.requests,
            Kind::Listener => &self.listeners,
        }
    }

    /// Requests and bytes in flight now.
    #[cfg(test)]
    pub(super) fn in_flight(&self) -> (usize, usize) {
        (self.requests.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Request,
    Listener,
}

/// The place of one request. Dropping it gives the place back.
#[derive(Debug)]
pub(super) struct Admitted {
    admission: Arc<Admission>,
    bytes: usize,
    counts_as: Kind,
}

impl Admitted {
    /// Makes room for more bytes of the request; false when there is none.
    pub(super) fn reserve(&mut self, bytes: usize) -> bool {
        let before = self.admission.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
        before.saturating_add(bytes) <= self.admission.most_bytes
    }

    /// Becomes one of the listeners, which stay for long and have a bound of their own; false when there are
    /// as many as there may be.
    pub(super) fn becomes_listener(&mut self) -> bool {
        self.admission.count(self.counts_as).fetch_sub(1, Ordering::Relaxed);
        self.counts_as = Kind::Listener;
        self.admission.listeners.fetch_add(1, Ordering::Relaxed) < self.admission.most_listeners
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.admission.count(self.counts_as).fetch_sub(1, Ordering::Relaxed);
        self.admission.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_out_gives_back_what_was_taken() {
        let limits = {
            let mut limits = HttpLimits::new();
            limits.in_flight = 2;
            limits.bytes_in_flight = 100;
            limits
        };
        let admission = Admission::new(&limits);
        let mut first = admission.admit().unwrap();
        let mut second = admission.admit().unwrap();
        assert!(admission.admit().is_none());
        assert!(first.reserve(60));
        assert!(!second.reserve(60));
        drop(second);
        assert_eq!(admission.in_flight(), (1, 60));
        assert!(first.becomes_listener());
        assert_eq!(admission.in_flight(), (0, 60));
        assert!(admission.admit().is_some());
        drop(first);
        assert_eq!(admission.in_flight(), (0, 0));
    }
}
