//! Two services in one process: a call of one is a call of the other, without bytes in between.
//!
//! What a peer may send is bounded as on a stream: length, depth and node count of the parameters, requests
//! in flight, requests that wait and their bytes.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::{TransportError, TransportErrorKind};
use crate::codec::scan::scan;
use crate::jsonrpc::{ErrorObject, refuse_scan, too_long};
use crate::limits::ConnectionLimits;
use crate::service::{
    BoxConversation, CallError, Conversation, Notification, Peer, Reply, Request, Service, outgoing,
};
use crate::sync::RwLock;

/// Joins two sides. Each is made from the [`Peer`] through which it reaches the other one.
///
/// `first_limits` bound what the first side accepts, `second_limits` what the second accepts. The
/// conversation lasts until [`Link::close`] is called or the link is dropped.
pub fn connect<A: Conversation, B: Conversation>(
    first_limits: &ConnectionLimits,
    first: impl FnOnce(Peer) -> A,
    second_limits: &ConnectionLimits,
    second: impl FnOnce(Peer) -> B,
) -> Link {
    let to_first = End::new(first_limits);
    let to_second = End::new(second_limits);
    let (first_peer, second_peer) = (Peer::new(to_first.clone()), Peer::new(to_second.clone()));
    to_first.attach(BoxConversation::new(first(second_peer.clone())), second_peer);
    to_second.attach(BoxConversation::new(second(first_peer.clone())), first_peer);
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

    /// Ends the conversation: later and waiting calls of either side fail, running ones finish, subscriptions
    /// end.
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
    side: RwLock<Option<(BoxConversation, Peer)>>,
    permits: Semaphore,
    queue: Queue,
    limits: ConnectionLimits,
}

impl End {
    fn new(limits: &ConnectionLimits) -> Self {
        Self(Arc::new(Inner {
            side: RwLock::new(None),
            permits: Semaphore::new(limits.max_in_flight_requests),
            queue: Queue::default(),
            limits: limits.clone(),
        }))
    }

    fn attach(&self, conversation: BoxConversation, back: Peer) {
        *self.0.side.write() = Some((conversation, back));
    }

    fn detach(&self) {
        // The service is dropped outside of the lock: it may hold the last handle of anything.
        let side = self.0.side.write().take();
        self.0.permits.close();
        if let Some((conversation, _)) = side {
            conversation.draining();
        }
    }

    fn side(&self) -> Result<(BoxConversation, Peer), TransportError> {
        self.0.side.read().clone().ok_or_else(closed)
    }

    /// Checks the parameters against the bounds that a stream checks while it reads a message.
    fn check(&self, params: &[u8]) -> Result<(), ErrorObject> {
        let limits = &self.0.limits;
        if params.len() > limits.max_message_bytes {
            return Err(too_long(limits));
        }
        // The parameters are one level below the message.
        scan(params, limits.max_json_depth.saturating_sub(1), limits.max_json_nodes)
            .map(drop)
            .map_err(|refused| refuse_scan(refused, limits))
    }

    /// Waits until fewer than [`ConnectionLimits::max_in_flight_requests`] requests are running.
    async fn permit(&self, bytes: usize) -> Result<SemaphorePermit<'_>, TransportError> {
        if let Ok(permit) = self.0.permits.try_acquire() {
            return Ok(permit);
        }
        let Some(_queued) = self.0.queue.enter(bytes, &self.0.limits) else {
            let message = "too many requests wait for a running one to finish \
                           (max_queued_requests, max_queued_bytes)";
            return Err(TransportError::new(TransportErrorKind::Overloaded, message));
        };
        self.0.permits.acquire().await.map_err(|_| closed())
    }
}

impl Service for End {
    async fn call(&self, request: Request) -> Reply {
        let (conversation, back) = self.side()?;
        self.check(request.params.as_bytes())?;
        let permit = self.permit(request.params.as_bytes().len()).await?;
        let id = request.id.clone();
        let reply = conversation.service().call(request.with_peer(back)).await;
        drop(permit);
        match reply {
            // The cause of a transport error stays in this process, so it is passed on.
            Err(CallError::Transport(error)) => Err(error.into()),
            reply => Ok(outgoing(&id, reply, self.0.limits.max_outgoing_bytes)?),
        }
    }

    async fn notify(&self, notification: Notification) {
        if self.check(notification.params.as_bytes()).is_ok()
            && let Ok((conversation, _)) = self.side()
        {
            conversation.service().notify(notification).await;
        }
    }
}

fn closed() -> TransportError {
    TransportError::closed("the in-memory connection is closed")
}

/// How many requests wait for a running one to finish, and how many bytes they have.
#[derive(Default)]
struct Queue {
    requests: AtomicUsize,
    bytes: AtomicUsize,
}

impl Queue {
    /// Counts a request until the guard is dropped; `None` if the queue is full.
    fn enter(&self, bytes: usize, limits: &ConnectionLimits) -> Option<Queued<'_>> {
        let requests_before = self.requests.fetch_add(1, Ordering::Relaxed);
        let bytes_before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let queued = Queued { queue: self, bytes };
        let has_room =
            requests_before < limits.max_queued_requests && bytes_before < limits.max_queued_bytes;
        has_room.then_some(queued)
    }
}

struct Queued<'a> {
    queue: &'a Queue,
    bytes: usize,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.queue.requests.fetch_sub(1, Ordering::Relaxed);
        self.queue.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
