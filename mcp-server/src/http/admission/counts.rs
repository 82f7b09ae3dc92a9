//! The limits of a whole service: requests and bytes in flight, streams and calls that stay
//! (THREAT-7, THREAT-27 to THREAT-29).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use mcp_core::sync::Mutex;

use super::arriving::Arriving;
use crate::auth::Principal;
use crate::http::HttpLimits;
use crate::shrink::shrink;

/// The share of all body bytes that each kind of long-lived request may hold: one part in so many.
/// Fixed, because it only keeps them from crowding out the rest.
const LONG_LIVED_SHARE: usize = 4;

/// What is in flight.
#[derive(Debug)]
pub(in crate::http) struct Admission {
    pools: [Pool; Kind::COUNT],
    /// Bytes of all bodies.
    bytes: AtomicUsize,
    max_bytes: usize,
    arriving: Arriving,
    /// Permits of each principal that has any.
    by_principal: Mutex<HashMap<Principal, [usize; Kind::COUNT]>>,
}

/// What a permit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The body arrives. It costs little except for bytes, which are counted separately, and may
    /// take its time: a thousand slow peers must not keep the others out.
    Reading,
    /// The request is handled, and its client waits for the response.
    Request,
    /// A `subscriptions/listen` stream.
    Listener,
    /// A legacy call whose client has disconnected.
    Detached,
}

impl Kind {
    const COUNT: usize = 4;
}

/// The permits of one kind.
#[derive(Debug)]
struct Pool {
    count: AtomicUsize,
    /// The limit, and the name of its field.
    max_count: (usize, &'static str),
    /// The limit for each principal, and the name of its field.
    max_per_principal: (usize, &'static str),
    /// Bytes of their bodies, counted only where they have a limit of their own.
    bytes: AtomicUsize,
    max_bytes: Option<usize>,
}

impl Pool {
    fn new(
        max_count: (usize, &'static str),
        max_per_principal: (usize, &'static str),
        max_bytes: Option<usize>,
    ) -> Self {
        let (count, bytes) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { count, max_count, max_per_principal, bytes, max_bytes }
    }
}

/// Why there is no permit, with the field of the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Full {
    /// All permits are taken.
    All(&'static str),
    /// All permits of this principal are taken.
    Principal(&'static str),
}

/// The name of the limit of all bodies.
const BODY_BYTES: &str = "max_body_bytes_in_flight";

impl Admission {
    pub(in crate::http) fn new(limits: &HttpLimits) -> Arc<Self> {
        let long_lived = Some(limits.max_body_bytes_in_flight / LONG_LIVED_SHARE);
        Arc::new(Self {
            pools: [
                Pool::new(
                    (limits.max_pending_bodies, "max_pending_bodies"),
                    (usize::MAX, "max_pending_bodies"),
                    None,
                ),
                Pool::new(
                    (limits.max_in_flight_requests, "max_in_flight_requests"),
                    (
                        limits.max_in_flight_requests_per_principal,
                        "max_in_flight_requests_per_principal",
                    ),
                    None,
                ),
                Pool::new(
                    (limits.max_listen_streams, "max_listen_streams"),
                    (limits.max_listen_streams_per_principal, "max_listen_streams_per_principal"),
                    long_lived,
                ),
                Pool::new(
                    (limits.max_detached_calls, "max_detached_calls"),
                    (limits.max_detached_calls_per_principal, "max_detached_calls_per_principal"),
                    long_lived,
                ),
            ],
            bytes: AtomicUsize::new(0),
            max_bytes: limits.max_body_bytes_in_flight,
            arriving: Arriving::default(),
            by_principal: Mutex::default(),
        })
    }

    /// A permit for a request whose body is about to be read.
    ///
    /// # Errors
    /// When all are taken.
    pub(in crate::http) fn admit(self: &Arc<Self>) -> Result<Admitted, Full> {
        self.enter(Kind::Reading, None, 0)?;
        Ok(Admitted {
            admission: Arc::clone(self),
            kind: Kind::Reading,
            principal: None,
            bytes: 0,
            arriving: None,
        })
    }

    fn pool(&self, kind: Kind) -> &Pool {
        &self.pools[kind as usize]
    }

    fn enter(&self, kind: Kind, principal: Option<&Principal>, bytes: usize) -> Result<(), Full> {
        let pool = self.pool(kind);
        if let Some(principal) = principal {
            let mut shares = self.by_principal.lock();
            let share = shares.entry(principal.clone()).or_default();
            if share[kind as usize] >= pool.max_per_principal.0 {
                Self::remove_unused(&mut shares, principal);
                return Err(Full::Principal(pool.max_per_principal.1));
            }
            share[kind as usize] += 1;
        }
        let has_permit = pool.count.fetch_add(1, Ordering::Relaxed) < pool.max_count.0;
        let has_bytes = pool.max_bytes.is_none_or(|max| {
            pool.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) <= max
        });
        if has_permit && has_bytes {
            return Ok(());
        }
        self.leave(kind, principal, bytes);
        Err(Full::All(if has_permit { BODY_BYTES } else { pool.max_count.1 }))
    }

    fn leave(&self, kind: Kind, principal: Option<&Principal>, bytes: usize) {
        let pool = self.pool(kind);
        pool.count.fetch_sub(1, Ordering::Relaxed);
        if pool.max_bytes.is_some() {
            pool.bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        if let Some(principal) = principal {
            let mut shares = self.by_principal.lock();
            if let Some(share) = shares.get_mut(principal) {
                share[kind as usize] -= 1;
            }
            Self::remove_unused(&mut shares, principal);
        }
    }

    fn remove_unused(shares: &mut HashMap<Principal, [usize; Kind::COUNT]>, principal: &Principal) {
        if shares.get(principal).is_some_and(|share| share.iter().all(|count| *count == 0)) {
            shares.remove(principal);
            shrink(shares);
        }
    }

    /// Requests that are read, handled, listening and detached, principals with any, and bytes.
    #[cfg(test)]
    pub(in crate::http) fn size(&self) -> [usize; 6] {
        let count = |kind| self.pool(kind).count.load(Ordering::Relaxed);
        let principals = self.by_principal.lock().len();
        let bytes = self.bytes.load(Ordering::Relaxed);
        let [reading, requests] = [Kind::Reading, Kind::Request].map(count);
        let [listeners, detached] = [Kind::Listener, Kind::Detached].map(count);
        [reading, requests, listeners, detached, principals, bytes]
    }
}

/// The permit of one request. Dropping it returns the permit.
#[derive(Debug)]
pub(in crate::http) struct Admitted {
    admission: Arc<Admission>,
    kind: Kind,
    principal: Option<Principal>,
    /// Those that are not counted with the body that is arriving.
    bytes: usize,
    /// The number of the body while it is waited for.
    arriving: Option<u64>,
}

impl Admitted {
    /// Reserves more bytes for the request.
    ///
    /// # Errors
    /// When there are none, or the request was evicted.
    pub(in crate::http) fn reserve(&mut self, bytes: usize) -> Result<(), Full> {
        let admission = &self.admission;
        let before = admission.bytes.fetch_add(bytes, Ordering::Relaxed);
        match self.arriving {
            None => self.bytes += bytes,
            Some(number) if admission.arriving.grow(number, bytes) => {}
            Some(_) => {
                admission.bytes.fetch_sub(bytes, Ordering::Relaxed);
                return Err(Full::All(BODY_BYTES));
            }
        }
        let over = before.saturating_add(bytes).saturating_sub(admission.max_bytes);
        if over == 0 {
            return Ok(());
        }
        let freed = admission.arriving.evict(over, self.arriving, self.bytes);
        admission.bytes.fetch_sub(freed, Ordering::Relaxed);
        if freed >= over { Ok(()) } else { Err(Full::All(BODY_BYTES)) }
    }

    /// More of the body is waited for. Ready once the request is evicted.
    pub(in crate::http) fn poll_displaced(&mut self, cx: &Context<'_>) -> Poll<Full> {
        let arriving = &self.admission.arriving;
        let number =
            *self.arriving.get_or_insert_with(|| arriving.add(std::mem::take(&mut self.bytes)));
        arriving.poll_displaced(number, cx).map(|()| Full::All(BODY_BYTES))
    }

    /// The body is read, and the request is about to be handled.
    ///
    /// # Errors
    /// When the in-flight limit is reached, or the request was evicted while its body arrived.
    pub(in crate::http) fn becomes_request(
        &mut self,
        principal: Option<&Principal>,
    ) -> Result<(), Full> {
        if let Some(number) = self.arriving.take() {
            self.bytes += self.admission.arriving.remove(number).ok_or(Full::All(BODY_BYTES))?;
        }
        self.becomes(Kind::Request, principal.cloned())
    }

    /// The request becomes a listener, which stays for long and has limits of its own.
    pub(in crate::http) fn becomes_listener(&mut self) -> Result<(), Full> {
        self.becomes(Kind::Listener, self.principal.clone())
    }

    /// The client of the request disconnected while the call goes on.
    pub(in crate::http) fn becomes_detached(&mut self) -> Result<(), Full> {
        self.becomes(Kind::Detached, self.principal.clone())
    }

    /// On failure the permit stays what it was.
    fn becomes(&mut self, kind: Kind, principal: Option<Principal>) -> Result<(), Full> {
        self.admission.enter(kind, principal.as_ref(), self.bytes)?;
        self.admission.leave(self.kind, self.principal.as_ref(), self.bytes);
        self.kind = kind;
        self.principal = principal;
        Ok(())
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let admission = &self.admission;
        admission.leave(self.kind, self.principal.as_ref(), self.bytes);
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
            limits.max_pending_bodies = 2;
            limits.max_in_flight_requests = 1;
            limits.max_body_bytes_in_flight = 100;
        });
        let mut first = admission.admit().unwrap();
        let mut second = admission.admit().unwrap();
        assert!(admission.admit().is_err());
        first.reserve(20).unwrap();
        assert!(second.reserve(90).is_err());
        assert_eq!(admission.size(), [2, 0, 0, 0, 0, 110]);
        assert!(first.becomes_request(None).is_ok());
        assert!(second.becomes_request(None).is_err(), "read, but not handled");
        drop(second);
        assert_eq!(admission.size(), [0, 1, 0, 0, 0, 20]);
        first.becomes_listener().unwrap();
        assert_eq!(admission.size(), [0, 0, 1, 0, 0, 20]);
        assert!(admission.admit().unwrap().becomes_request(None).is_ok());
        drop(first);
        assert_eq!(admission.size(), [0; 6]);
    }

    #[test]
    fn a_body_is_counted_once_whether_it_ends_or_is_evicted() {
        let admission = admission(|limits| limits.max_body_bytes_in_flight = 100);
        let cx = &Context::from_waker(std::task::Waker::noop());
        let [mut first, mut second, mut small] = [(); 3].map(|()| admission.admit().unwrap());
        for (admitted, bytes) in [(&mut small, 1), (&mut first, 30), (&mut second, 40)] {
            admitted.reserve(bytes).unwrap();
        }
        for admitted in [&mut small, &mut first, &mut second] {
            assert!(admitted.poll_displaced(cx).is_pending());
        }
        first.reserve(10).unwrap();
        second.reserve(10).unwrap();
        assert_eq!((admission.size()[5], admission.arriving.len()), (91, 3));
        let mut newcomer = admission.admit().unwrap();
        newcomer.reserve(35).unwrap();
        assert_eq!((admission.size()[5], admission.arriving.len()), (76, 2));
        assert!(
            second.poll_displaced(cx).is_ready()
                && second.reserve(1).is_err()
                && second.becomes_request(None).is_err()
        );
        assert!(first.becomes_request(None).is_ok() && newcomer.becomes_request(None).is_ok());
        drop((second, small));
        assert_eq!((admission.size(), admission.arriving.len()), ([0, 2, 0, 0, 0, 75], 0));
        drop((first, newcomer));
        assert_eq!(admission.size(), [0; 6]);
    }

    #[test]
    fn a_principal_has_a_share_of_the_listeners_and_leaves_nothing() {
        let admission = admission(|limits| {
            limits.max_listen_streams = 5;
            limits.max_listen_streams_per_principal = 2;
        });
        let listen = |name: Option<&str>| {
            let mut admitted = admission.admit().unwrap();
            admitted.becomes_request(name.map(Principal::new).as_ref()).unwrap();
            admitted.becomes_listener().map(|()| admitted)
        };
        let alice = [listen(Some("alice")).unwrap(), listen(Some("alice")).unwrap()];
        assert_eq!(
            listen(Some("alice")).unwrap_err(),
            Full::Principal("max_listen_streams_per_principal")
        );
        let others = [listen(Some("bob")).unwrap(), listen(None).unwrap(), listen(None).unwrap()];
        assert_eq!(listen(Some("carol")).unwrap_err(), Full::All("max_listen_streams"));
        assert_eq!(admission.size(), [0, 0, 5, 0, 2, 0]);
        drop((alice, others));
        assert_eq!(admission.size(), [0; 6]);
        assert_eq!(admission.by_principal.lock().capacity(), 0);
    }
}
