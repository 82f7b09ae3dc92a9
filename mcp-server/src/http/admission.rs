//! The bounds of a whole service: requests and bytes in flight, listen streams (threats T7, T27 to T29).

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use mcp_core::http::HttpLimits;

use super::arriving::Arriving;
use super::session::shrink;
use crate::principal::Principal;

/// The part of all bytes that listeners may hold, as they stay for long: one in so many.
const LISTENERS_SHARE: usize = 4;

/// What is in flight.
#[derive(Debug)]
pub(super) struct Admission {
    reading: AtomicUsize,
    requests: AtomicUsize,
    listeners: AtomicUsize,
    bytes: AtomicUsize,
    /// Those of them that listeners hold.
    listener_bytes: AtomicUsize,
    arriving: Arriving,
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
            listener_bytes: AtomicUsize::new(0),
            arriving: Arriving::default(),
            by_principal: Mutex::default(),
            limits: limits.clone(),
        })
    }

    /// A place for a request whose body is about to be read; none when all are taken.
    pub(super) fn admit(self: &Arc<Self>) -> Option<Admitted> {
        let admitted = Admitted {
            admission: Arc::clone(self),
            bytes: 0,
            arriving: None,
            counts_as: Kind::Reading,
        };
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
        let [reading, requests, listeners] =
            [&self.reading, &self.requests, &self.listeners].map(load);
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
    /// Those that are not counted with the body that is arriving.
    bytes: usize,
    /// The number of the body while it is waited for.
    arriving: Option<u64>,
    counts_as: Kind,
}

impl Admitted {
    /// Makes room for more bytes of the request; false when there is none, or it had to make room itself.
    pub(super) fn reserve(&mut self, bytes: usize) -> bool {
        let admission = &self.admission;
        let before = admission.bytes.fetch_add(bytes, Ordering::Relaxed);
        match self.arriving {
            None => self.bytes += bytes,
            Some(number) if admission.arriving.grow(number, bytes) => {}
            Some(_) => {
                admission.bytes.fetch_sub(bytes, Ordering::Relaxed);
                return false;
            }
        }
        let over = before.saturating_add(bytes).saturating_sub(admission.limits.bytes_in_flight);
        if over == 0 {
            return true;
        }
        let freed = admission.arriving.make_room(over, self.arriving, self.bytes);
        admission.bytes.fetch_sub(freed, Ordering::Relaxed);
        freed >= over
    }

    /// More of the body is waited for. Ready once the request has to make room for others.
    pub(super) fn poll_displaced(&mut self, cx: &Context<'_>) -> Poll<()> {
        let arriving = &self.admission.arriving;
        let number =
            *self.arriving.get_or_insert_with(|| arriving.add(std::mem::take(&mut self.bytes)));
        arriving.poll_displaced(number, cx)
    }

    /// The body is read, and the request goes on to be handled; false when as many are as may be, or it had to
    /// make room.
    pub(super) fn becomes_request(&mut self) -> bool {
        let has_arrived =
            match self.arriving.take().map(|number| self.admission.arriving.remove(number)) {
                Some(Some(bytes)) => {
                    self.bytes += bytes;
                    true
                }
                Some(None) => false,
                None => true,
            };
        self.becomes(Kind::Request) && has_arrived
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
        let had_place = self.becomes(Kind::Listener(principal.cloned()));
        let before = self.admission.listener_bytes.fetch_add(self.bytes, Ordering::Relaxed);
        let most = self.admission.limits.bytes_in_flight / LISTENERS_SHARE;
        match had_place && before.saturating_add(self.bytes) <= most {
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
        let admission = &self.admission;
        admission.give_back(&self.counts_as);
        if let Kind::Listener(_) = self.counts_as {
            admission.listener_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        }
        let arriving = self.arriving.and_then(|number| admission.arriving.remove(number));
        admission.bytes.fetch_sub(self.bytes + arriving.unwrap_or(0), Ordering::Relaxed);
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
        assert!(first.reserve(20));
        assert!(!second.reserve(90));
        assert_eq!(admission.size(), [2, 0, 0, 0, 110]);
        assert!(first.becomes_request());
        assert!(!second.becomes_request(), "read, but not handled");
        drop(second);
        assert_eq!(admission.size(), [0, 1, 0, 0, 20]);
        first.becomes_listener(None).unwrap();
        assert_eq!(admission.size(), [0, 0, 1, 0, 20]);
        assert!(admission.admit().unwrap().becomes_request());
        drop(first);
        assert_eq!(admission.size(), [0; 5]);
    }

    #[test]
    fn what_arrives_is_counted_once_whether_it_ends_or_makes_room() {
        let admission = admission(|limits| limits.bytes_in_flight = 100);
        let cx = &Context::from_waker(std::task::Waker::noop());
        let [mut first, mut second, mut small] = [(); 3].map(|()| admission.admit().unwrap());
        assert!(small.reserve(1) && first.reserve(30) && second.reserve(40));
        for admitted in [&mut small, &mut first, &mut second] {
            assert!(admitted.poll_displaced(cx).is_pending());
        }
        assert!(first.reserve(10) && second.reserve(10));
        assert_eq!((admission.size()[4], admission.arriving.len()), (91, 3));
        let mut newcomer = admission.admit().unwrap();
        assert!(newcomer.reserve(35));
        assert_eq!((admission.size()[4], admission.arriving.len()), (76, 2));
        assert!(
            second.poll_displaced(cx).is_ready() && !second.reserve(1) && !second.becomes_request()
        );
        assert!(first.becomes_request() && newcomer.becomes_request());
        drop((second, small));
        assert_eq!((admission.size(), admission.arriving.len()), ([0, 2, 0, 0, 75], 0));
        drop((first, newcomer));
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
