//! The engine for byte streams: newline-delimited JSON-RPC in both directions, the same for both
//! sides.
//!
//! [`connect`] takes the two halves of a stream and the local service. It returns a [`Remote`],
//! which is the peer as a service, and a [`Driver`], the future that reads and writes.
//!
//! - Speed: all messages that have arrived are answered with one write. A handler is polled once in
//!   place and becomes a task only if it is still pending.
//! - Safety: all limits are in [`ConnectionLimits`]. Cancellations and answers are read even while
//!   no further request is started.
//! - Fairness: the driver yields to the runtime after a fixed number of messages, however fast the
//!   peer sends.
//!
//! Spec: transports/stdio, which custom byte streams follow too (STDIO-6).

mod driver;
mod outbox;
mod output;
mod pending;
mod queue;
mod refusal;
mod remote;
mod running;
mod shared;
mod shutdown;

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

pub use driver::Driver;
pub use remote::Remote;
use shared::Shared;
pub use shared::Stats;

use crate::limits::ConnectionLimits;
use crate::service::{Conversation, Peer};

/// Connects a service to a byte stream.
///
/// `open` creates the local service; it receives the [`Peer`] that reaches the other side. Nothing
/// is read or written until [`Driver::run`] is polled. A panic of the service is answered with
/// −32603 and fails only the call that hits it.
///
/// ```
/// use futures::stream;
/// use mcp_core::ConnectionLimits;
/// use mcp_core::json::JsonBytes;
/// use mcp_core::service::{Conversation, Notification, Reply, Request, Service};
/// use mcp_core::transport::stream::connect;
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
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let limits = ConnectionLimits::for_server();
/// let (near, far) = tokio::io::duplex(1024);
/// let (reader, writer) = tokio::io::split(near);
/// let (remote, driver) = connect(reader, writer, &limits, |_peer| Echo);
/// tokio::spawn(driver.run(stream::pending()));
/// let (reader, writer) = tokio::io::split(far);
/// let (_, driver) = connect(reader, writer, &limits, |_peer| Echo);
/// tokio::spawn(driver.run(stream::pending()));
///
/// let params = JsonBytes::new(&serde_json::json!({ "text": "hello" }))?;
/// let reply = remote.call(Request::new(1.into(), "com.example/echo", params)).await?;
/// assert_eq!(reply.as_bytes(), br#"{"text":"hello"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
