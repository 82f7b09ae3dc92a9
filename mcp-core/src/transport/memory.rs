//! Two services in one process: a call of one is a call of the other, with no bytes in between.
//!
//! What a peer may send is bounded as on a stream: depth and node count of the parameters, calls in flight,
//! calls that wait.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Semaphore;

use super::{TransportError, TransportErrorKind};
use crate::codec::scan::scan;
use crate::jsonrpc::{ErrorObject, code};
use crate::limits::Limits;
use crate::service::{BoxService, Notification, Peer, Reply, Request, Service};

/// Joins two sides. Each is made from the [`Peer`] through which it reaches the other one.
///
/// `first_limits` bound what the first side takes, `second_limits` what the second takes. The
/// conversation lasts until [`Link::close`] is called or the link is dropped.
pub fn connect<A: Service, B: Service>(
    first_limits: &Limits,
    first: impl FnOnce(Peer) -> A,
    second_limits: &Limits,
    second: impl FnOnce(Peer) -> B,
) -> Link {
    let to_first = End::new(first_limits);
    let to_second = End::new(second_limits);
    let (first_peer, second_peer) = (Peer::new(to_first.clone()), Peer::new(to_second.clone()));
    to_first.attach(BoxService::new(first(second_peer.clone())), second_peer);
    to_second.attach(BoxService::new(second(first_peer.clone())), first_peer);
    Link { to_first, to_second }
}

/// A conversation in memory.
pub struct Link {
    to_first: End,
    to_second: End,
}

impl Link {
    /// The way to the first side, for a request of the second's.
    pub fn first(&self) -> Peer {
        Peer::new(self.to_first.clone())
    }

    /// The way to the second side.
    pub fn second(&self) -> Peer {
        Peer::new(self.to_second.clone())
    }

    /// Ends the conversation: later and waiting calls of either side fail, running ones go on,
    /// subscriptions end.
    pub fn close(&self) {
        self.to_first.detach();
        self.to_second.detach();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // The two sides hold each other through their ends; detaching lets go of both.
        self.close();
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link")
    }
}

/// The way to one side.
#[derive(Clone)]
struct End(Arc<Inner>);

struct Inner {
    /// The side, and the way back to the other one for the requests that arrive here.
    side: RwLock<Option<(BoxService, Peer)>>,
    places: Semaphore,
    waiting: AtomicUsize,
    limits: Limits,
}

impl End {
    fn new(limits: &Limits) -> Self {
        Self(Arc::new(Inner {
            side: RwLock::new(None),
            places: Semaphore::new(limits.in_flight),
            waiting: AtomicUsize::new(0),
            limits: limits.clone(),
        }))
    }

    fn attach(&self, service: BoxService, back: Peer) {
        *self.0.side.write().unwrap_or_else(PoisonError::into_inner) = Some((service, back));
    }

    fn detach(&self) {
        // The service is dropped outside of the lock: it may hold the last handle of anything.
        let side = self.0.side.write().unwrap_or_else(PoisonError::into_inner).take();
        self.0.places.close();
        if let Some((service, _)) = side {
            service.draining();
        }
    }

    fn side(&self) -> Result<(BoxService, Peer), TransportError> {
        (self.0.side.read().unwrap_or_else(PoisonError::into_inner).clone()).ok_or_else(closed)
    }

    fn check(&self, params: &[u8]) -> Result<(), ErrorObject> {
        let limits = &self.0.limits;
        if params.len() > limits.message_bytes {
            return Err(ErrorObject::invalid_request(format!(
                "the message is longer than {} bytes",
                limits.message_bytes
            )));
        }
        scan(params, limits.depth.saturating_sub(1), limits.nodes).map(drop).map_err(|_| {
            ErrorObject::invalid_request("the message is nested too deep or has too many values")
        })
    }
}

impl Service for End {
    async fn call(&self, request: Request) -> Reply {
        let (service, back) = self.side()?;
        self.check(request.params.as_bytes())?;
        let place = match self.0.places.try_acquire() {
            Ok(place) => place,
            Err(_) => {
                let waiting = Waiting::new(&self.0.waiting);
                if waiting.before >= self.0.limits.queued {
                    return Err(TransportError::new(
                        TransportErrorKind::Overloaded,
                        "too many requests are waiting",
                    )
                    .into());
                }
                self.0.places.acquire().await.map_err(|_| closed())?
            }
        };
        let reply = service.call(request.with_peer(back)).await;
        drop(place);
        let longest = self.0.limits.outgoing_bytes;
        match reply {
            Ok(result) if result.as_bytes().len() > longest => {
                let message = format!("the result is longer than {longest} bytes");
                Err(ErrorObject::new(code::INTERNAL_ERROR, message).into())
            }
            reply => reply,
        }
    }

    async fn notify(&self, notification: Notification) {
        if self.check(notification.params.as_bytes()).is_ok()
            && let Ok((service, _)) = self.side()
        {
            service.notify(notification).await;
        }
    }
}

fn closed() -> TransportError {
    TransportError::closed("the in-memory connection is closed")
}

struct Waiting<'a> {
    count: &'a AtomicUsize,
    before: usize,
}

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        Self { count, before: count.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}
