//! The engine for byte streams: newline-delimited JSON-RPC in both directions, the same for both sides.
//!
//! [`connect`] takes the two halves of a stream and the local service, and gives a [`Remote`], which is the
//! peer as a service, and a [`Driver`], which is the one future that reads and writes. What it does for
//! speed: whatever has arrived is answered with one write; a handler is polled once where it stands, and only
//! one that is still pending becomes a task. What it does for safety: see [`Limits`]; cancels
//! and answers are read even while no further request is started.
//!
//! Spec: transports/stdio, which custom byte streams reuse (STDIO-6).

mod driver;
mod outbox;
mod remote;
mod shared;

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

pub use driver::Driver;
pub use remote::Remote;
use shared::Shared;
pub use shared::Stats;

use crate::limits::Limits;
use crate::service::{Peer, Service};

/// Puts a conversation on a byte stream.
///
/// `open` makes the local service from the way to the peer. Nothing moves until [`Driver::run`] is polled.
/// A panic of the service is answered with −32603 and hurts no other call.
pub fn connect<R, W, S>(
    reader: R,
    writer: W,
    limits: &Limits,
    open: impl FnOnce(Peer) -> S,
) -> (Remote, Driver<R, W, S>)
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
    S: Service,
{
    let shared = Arc::new(Shared::new(limits));
    let remote = Remote::new(Arc::clone(&shared));
    let peer = Peer::new(remote.clone());
    let local = Arc::new(open(peer.clone()));
    (remote, Driver::new(reader, writer, limits, local, peer, shared))
}
