//! The bounds of a whole service: requests and bytes in flight, listen streams (threats T7, T27 to T29).

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mcp_core::http::HttpLimits;

use super::session::shrink;
use crate::principal::Principal;

/// What is in flight.
#[derive(Debug)]
pub(super) struct Admission {
    reading: AtomicUsize,
    requests: AtomicUsize,
    listeners: AtomicUsize,
    bytes: AtomicUsize,
    /// Listeners of each principal that has any.
    by_principal: Mutex<HashMap<Principal, usize>>,
    limits: HttpLimits,
}

impl Admission {
    pub(super) fn new(limits: &HttpLimits) -> Arc<Self> {
        Arc::new(Self {
            reading: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            listeners: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            by_principal: Mutex::default(),
            limits: limits.clone(),
        })
    }

    /// A place for a request whose body is about to be read; none when all are taken.
    pub(super) fn admit(self: &Arc<Self>) -> Option<Admitted> {
        let admitted = Admitted { admission: Arc::clone(self), bytes: 0, counts_as: Kind::Reading };
        self.take(&admitted.counts_as).then_some(admitted)
    }

    /// Counts one more; whether there was room for it.
    fn take(&self, kind: &Kind) -> bool {
        let most = match kind {
            Kind::Reading => self.limits.reading,
            Kind::Request => self.limits.in_flight,
            Kind::Listener(_) => self.limits.listen_streams,
        };
        self.count(kind).fetch_add(1, Ordering::Relaxed) < most
    }

    fn give_back(&self, kind: &Kind) {
        self.count(kind).fetch_sub(1, Ordering::Relaxed);
        let Kind::Listener(Some(principal)) = kind else { return };
        let mut listening = self.lock();
        if let Some(count) = listening.get_mut(principal) {
            *count -= 1;
            if *count == 0 {
                listening.remove(principal);
                shrink(&mut listening);
            }
        }
    }

    fn count(&self, kind: &Kind) -> &AtomicUsize {
        match kind {
            Kind::Reading => &self.reading,
            Kind::Request => &self.requests,
            Kind::Listener(_) => &self.listeners,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Principal, usize>> {
        self.by_principal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests that are read, requests and listeners that are handled, principals that listen, and bytes.
    #[cfg(test)]
    pub(super) fn size(&self) -> [usize; 5] {
        let load = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        let [reading, requests, listeners] = [&self.reading, &self.requests, &self.listeners].map(load);
        [reading, requests, listeners, self.lock().len(), load(&self.bytes)]
    }
}

/// What a place is taken for.
#[derive(Debug)]
enum Kind {
    /// The body arrives. It costs little but bytes, which are counted on their own, and may take its time: a
    /// thousand slow peers must not keep the others out.
    Reading,
    /// The request is handled.
    Request,
    /// One who stays for long.
    Listener(Option<Principal>),
}

/// Why there is no place for another listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// All places are taken.
    All,
    /// All places of this principal are taken.
    Principal,
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
        before.saturating_add(bytes) <= self.admission.limits.bytes_in_flight
    }

    /// The body is read, and the request goes on to be handled; false when as many are as may be.
    pub(super) fn becomes_request(&mut self) -> bool {
        self.becomes(Kind::Request)
    }

    /// Becomes one of the listeners, which stay for long and have bounds of their own.
    pub(super) fn becomes_listener(&mut self, principal: Option<&Principal>) -> Result<(), Full> {
        if let Some(principal) = principal {
            let mut listening = self.admission.lock();
            let count = listening.entry(principal.clone()).or_insert(0);
            if *count >= self.admission.limits.listen_streams_per_principal {
                if *count == 0 {
                    listening.remove(principal);
                }
                return Err(Full::Principal);
            }
            *count += 1;
        }
        match self.becomes(Kind::Listener(principal.cloned())) {
            true => Ok(()),
            false => Err(Full::All),
        }
    }

    fn becomes(&mut self, kind: Kind) -> bool {
        let had_room = self.admission.take(&kind);
        let before = std::mem::replace(&mut self.counts_as, kind);
        self.admission.give_back(&before);
        had_room
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.admission.give_back(&self.counts_as);
        self.admission.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(change: impl FnOnce(&mut HttpLimits)) -> Arc<Admission> {
        let mut limits = HttpLimits::new();
        change(&mut limits);
        Admission::new(&limits)
    }

    #[test]
    fn every_way_out_gives_back_what_was_taken() {
        let admission = admission(|limits| {
            limits.reading = 2;
            limits.in_flight = 1;
            limits.bytes_in_flight = 100;
        });
        let mut first = admission.admit().unwrap();
        let mut second = admission.admit().unwrap();
        assert!(admission.admit().is_none());
        assert!(first.reserve(60));
        assert!(!second.reserve(60));
        assert_eq!(admission.size(), [2, 0, 0, 0, 120]);
        assert!(first.becomes_request());
        assert!(!second.becomes_request(), "read, but not handled");
        drop(second);
        assert_eq!(admission.size(), [0, 1, 0, 0, 60]);
        first.becomes_listener(None).unwrap();
        assert_eq!(admission.size(), [0, 0, 1, 0, 60]);
        assert!(admission.admit().unwrap().becomes_request());
        drop(first);
        assert_eq!(admission.size(), [0; 5]);
    }

    #[test]
    fn a_principal_has_a_share_of_the_listeners_and_leaves_nothing() {
        let admission = admission(|limits| {
            limits.listen_streams = 5;
            limits.listen_streams_per_principal = 2;
        });
        let listen = |name: Option<&str>| {
            let mut admitted = admission.admit().unwrap();
            admitted.becomes_listener(name.map(Principal::new).as_ref()).map(|()| admitted)
        };
        let alice = [listen(Some("alice")).unwrap(), listen(Some("alice")).unwrap()];
        assert_eq!(listen(Some("alice")).unwrap_err(), Full::Principal);
        let others = [listen(Some("bob")).unwrap(), listen(None).unwrap(), listen(None).unwrap()];
        assert_eq!(listen(Some("carol")).unwrap_err(), Full::All);
        assert_eq!(admission.size(), [0, 0, 5, 2, 0]);
        drop((alice, others));
        assert_eq!(admission.size(), [0; 5]);
        assert_eq!(admission.lock().capacity(), 0);
    }
}
