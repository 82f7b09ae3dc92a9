//! Joins two services in one process: a call of one side is a call of the other, without encoding.
//!
//! What a peer may send is limited as on a stream: length, depth and number of values of the
//! parameters, requests in flight, and queued requests and their bytes.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::{TransportError, TransportErrorKind};
use crate::codec::scan::scan;
use crate::json::{JsonBytes, has_reserved_name};
use crate::jsonrpc::{ErrorObject, reserved_name, scan_rejection, too_long};
use crate::limits::ConnectionLimits;
use crate::service::{
    BoxConversation, CallError, Conversation, Notification, Peer, Reply, Request, Service, outgoing,
};
use crate::sync::RwLock;

/// Joins two sides. Each is created from the [`Peer`] through which it reaches the other one.
///
/// `first_limits` apply to what the first side accepts, `second_limits` to what the second accepts.
/// The conversation lasts until [`Link::close`] is called or the link is dropped.
///
/// ```
/// use mcp_core::ConnectionLimits;
/// use mcp_core::json::JsonBytes;
/// use mcp_core::service::{Conversation, Notification, Reply, Request, Service};
/// use mcp_core::transport::memory;
///
/// /// Answers every call with its own parameters.
/// struct Echo;
///
/// impl Service for Echo {
///     async fn call(&self, request: Request) -> Reply {
///         Ok(request.params.into())
///     }
///
///     async fn notify(&self, _: Notification) {}
/// }
///
/// impl Conversation for Echo {}
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let limits = ConnectionLimits::for_server();
/// let link = memory::connect(&limits, |_peer| Echo, &limits, |_peer| Echo);
/// let params = JsonBytes::new(&serde_json::json!({ "text": "hello" }))?;
/// let reply = link.second().call(Request::new(1.into(), "com.example/echo", params)).await?;
/// assert_eq!(reply.as_bytes(), br#"{"text":"hello"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

/// A conversation in memory. Dropping it ends the conversation.
pub struct Link {
    to_first: End,
    to_second: End,
}

impl Link {
    /// Returns a peer that reaches the first side, for requests from the second.
    pub fn first(&self) -> Peer {
        Peer::new(self.to_first.clone())
    }

    /// Returns a peer that reaches the second side, for requests from the first.
    pub fn second(&self) -> Peer {
        Peer::new(self.to_second.clone())
    }

    /// Ends the conversation: later and queued calls of either side fail, running calls finish, and
    /// subscriptions end.
    pub fn close(&self) {
        self.to_first.detach();
        self.to_second.detach();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // The two sides reference each other through their ends; detaching both breaks the cycle.
        self.close();
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link")
    }
}

/// Delivers to one side.
#[derive(Clone)]
struct End(Arc<Inner>);

struct Inner {
    /// The side, and the peer that reaches the other one for the requests that arrive here.
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

    fn attach(&self, conversation: BoxConversation, caller: Peer) {
        *self.0.side.write() = Some((conversation, caller));
    }

    fn detach(&self) {
        // The service is dropped outside of the lock, because its drop may run user code.
        let side = self.0.side.write().take();
        self.0.permits.close();
        if let Some((conversation, _)) = side {
            conversation.draining();
        }
    }

    fn side(&self) -> Result<(BoxConversation, Peer), TransportError> {
        self.0.side.read().clone().ok_or_else(closed)
    }

    /// Checks the parameters against the limits that a stream applies while it decodes a message.
    fn check(&self, params: &JsonBytes) -> Result<(), ErrorObject> {
        let limits = &self.0.limits;
        if params.as_bytes().len() > limits.max_message_bytes {
            return Err(too_long(limits));
        }
        // The parameters are nested one level below the message.
        let max_depth = limits.max_json_depth.saturating_sub(1);
        scan(params.as_str(), max_depth, limits.max_json_nodes)
            .map_err(|refused| scan_rejection(refused, limits))?;
        if has_reserved_name(params.as_str()) {
            return Err(reserved_name());
        }
        Ok(())
    }

    /// Waits until fewer than [`ConnectionLimits::max_in_flight_requests`] requests are running.
    async fn acquire_permit(&self, bytes: usize) -> Result<SemaphorePermit<'_>, TransportError> {
        if let Ok(permit) = self.0.permits.try_acquire() {
            return Ok(permit);
        }
        let Some(_queued) = self.0.queue.enter(bytes, &self.0.limits) else {
            let message = "too many requests are queued (max_queued_requests, max_queued_bytes); \
                           retry when one has finished";
            return Err(TransportError::new(TransportErrorKind::Overloaded, message));
        };
        self.0.permits.acquire().await.map_err(|_| closed())
    }
}

impl Service for End {
    async fn call(&self, request: Request) -> Reply {
        let (conversation, caller) = self.side()?;
        self.check(&request.params)?;
        let permit = self.acquire_permit(request.params.as_bytes().len()).await?;
        let id = request.id.clone();
        let reply = conversation.service().call(request.with_peer(caller)).await;
        drop(permit);
        match reply {
            // A transport error stays within this process, so its cause is passed on and not
            // redacted.
            Err(CallError::Transport(error)) => Err(error.into()),
            reply => Ok(outgoing(&id, reply, self.0.limits.max_outgoing_bytes)?),
        }
    }

    async fn notify(&self, notification: Notification) {
        if self.check(&notification.params).is_ok()
            && let Ok((conversation, _)) = self.side()
        {
            conversation.service().notify(notification).await;
        }
    }
}

fn closed() -> TransportError {
    TransportError::closed("the in-memory connection is closed")
}

/// The number of queued requests, and of the bytes of their parameters.
#[derive(Default)]
struct Queue {
    requests: AtomicUsize,
    bytes: AtomicUsize,
}

impl Queue {
    /// Counts a request until the guard is dropped. Returns `None` if the queue is full.
    fn enter(&self, bytes: usize, limits: &ConnectionLimits) -> Option<Queued<'_>> {
        let queued_requests = self.requests.fetch_add(1, Ordering::Relaxed);
        let queued_bytes = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let guard = Queued { queue: self, bytes };
        let has_capacity =
            queued_requests < limits.max_queued_requests && queued_bytes < limits.max_queued_bytes;
        has_capacity.then_some(guard)
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
