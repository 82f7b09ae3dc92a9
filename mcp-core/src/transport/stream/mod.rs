//! The engine for byte streams: newline-delimited JSON-RPC in both directions, the same for both sides.
//!
//! [`connect`] takes the two halves of a stream and the local service. It returns a [`Remote`], which is the
//! peer as a service, and a [`Driver`], the one future that reads and writes.
//!
//! Speed: everything that has arrived is answered with one write; a handler is polled once in place, and
//! becomes a task only if it is still pending. Safety: all bounds are in [`ConnectionLimits`]; cancellations
//! and answers are read even while no further request is started. Fairness: the driver yields to the runtime
//! after a fixed number of messages, however fast the peer sends.
//!
//! Spec: transports/stdio, which custom byte streams reuse (STDIO-6).

mod driver;
mod outbox;
mod output;
mod pending;
mod queue;
mod remote;
mod running;
mod shared;

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

pub use driver::Driver;
pub use remote::Remote;
use shared::Shared;
pub use shared::Stats;

use crate::limits::ConnectionLimits;
use crate::service::{Conversation, Peer};

/// Puts a conversation on a byte stream.
///
/// `open` makes the local service from the way to the peer. Nothing moves until [`Driver::run`] is polled.
/// A panic of the service is answered with −32603 and fails that call alone.
pub fn connect<R, W, S>(
    reader: R,
    writer: W,
    limits: &ConnectionLimits,
    open: impl FnOnce(Peer) -> S,
) -> (Remote, Driver<R, W, S>)
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
    S: Conversation,
{
    let shared = Arc::new(Shared::new(limits));
    let remote = Remote::new(Arc::clone(&shared));
    let peer = Peer::new(remote.clone());
    let local = Arc::new(open(peer.clone()));
    (remote, Driver::new(reader, writer, limits, local, peer, shared))
}
