//! The bounds of a whole service: requests and bytes in flight, listen streams (threats T27 to T29).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_core::http::HttpLimits;

/// What is in flight.
#[derive(Debug)]
pub(super) struct Admission {
    requests: AtomicUsize,
    bytes: AtomicUsize,
    most_requests: usize,
    most_bytes: usize,
}

impl Admission {
    pub(super) fn new(limits: &HttpLimits) -> Arc<Self> {
        Arc::new(Self {
            requests: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            most_requests: limits.in_flight,
            most_bytes: limits.bytes_in_flight,
        })
    }

    /// A place for one request; none when all are taken.
    pub(super) fn admit(self: &Arc<Self>) -> Option<Admitted> {
        let before = self.requests.fetch_add(1, Ordering::Relaxed);
        let admitted = Admitted { admission: Arc::clone(self), bytes: 0, counted: true };
        (before < self.most_requests).then_some(admitted)
    }

    /// Requests and bytes in flight now.
    #[cfg(test)]
    pub(super) fn in_flight(&self) -> (usize, usize) {
        (self.requests.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}

/// The place of one request. Dropping it gives the place back.
#[derive(Debug)]
pub(super) struct Admitted {
    admission: Arc<Admission>,
    bytes: usize,
    counted: bool,
}

impl Admitted {
    /// Makes room for more bytes of the request; false when there is none.
    pub(super) fn reserve(&mut self, bytes: usize) -> bool {
        let before = self.admission.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
        before.saturating_add(bytes) <= self.admission.most_bytes
    }

    /// Gives the place back and keeps the bytes: for what stays open for long and is counted elsewhere.
    pub(super) fn stop_counting(&mut self) {
        if std::mem::take(&mut self.counted) {
            self.admission.requests.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.stop_counting();
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
        first.stop_counting();
        assert!(admission.admit().is_some());
        drop(first);
        assert_eq!(admission.in_flight(), (0, 0));
    }
}
