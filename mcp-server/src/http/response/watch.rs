//! Cuts off streams whose reader has stalled, where the service is mounted in a foreign host.
//!
//! The accept loop of `serve_http` sees by the socket that a peer does not read. A foreign host
//! shows it only by not polling the response body. Every stream wakes its host at least once each
//! [`keep_alive_interval`](crate::http::HttpLimits::keep_alive_interval), so a body that was not
//! polled for longer than that and `write_stall_timeout` together has a reader that is stalled.
//! Nothing polls such a body, so it cannot end itself: one task looks after all of them, and exists
//! only while there are any.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use mcp_core::sync::Mutex;

use crate::Limits;

/// Sweeps in the time that a stream may stay without a poll. Fixed: it sets only how exactly that
/// time is kept.
const SWEEPS: u32 = 4;

/// The body of a stream.
pub(super) type StreamBody = Pin<Box<dyn Body<Data = Bytes, Error = Infallible> + Send>>;

/// The streams of one service that a foreign host polls.
#[derive(Debug, Clone)]
pub(in crate::http) struct BodyWatch(Arc<Watched>);

#[derive(Debug)]
struct Watched {
    /// The time between two sweeps.
    interval: Duration,
    streams: Mutex<Streams>,
}

#[derive(Debug, Default)]
struct Streams {
    open: Vec<Weak<Slot>>,
    is_swept: bool,
}

/// One stream. The body is taken out while it is polled, so no user code runs under the lock.
struct Slot {
    body: Mutex<Option<StreamBody>>,
    /// Sweeps since the body was polled. Counted instead of the time, so that a process that was
    /// suspended does not take its streams for stalled.
    sweeps: AtomicU32,
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("sweeps", &self.sweeps).finish_non_exhaustive()
    }
}

impl BodyWatch {
    pub(in crate::http) fn new(limits: &Limits) -> Self {
        let stall = limits.connection.write_stall_timeout;
        let patience = limits.http.keep_alive_interval.saturating_add(stall);
        let interval = (patience / SWEEPS).max(Duration::from_millis(10));
        Self(Arc::new(Watched { interval, streams: Mutex::default() }))
    }

    /// The same body, watched. Without a runtime it is not.
    pub(super) fn add(&self, body: StreamBody) -> WatchedBody {
        let slot = Arc::new(Slot { body: Mutex::new(Some(body)), sweeps: AtomicU32::new(0) });
        let mut streams = self.0.streams.lock();
        if streams.open.len() == streams.open.capacity() {
            streams.open.retain(|slot| slot.strong_count() > 0);
        }
        streams.open.push(Arc::downgrade(&slot));
        if !streams.is_swept
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            streams.is_swept = true;
            runtime.spawn(sweep(Arc::downgrade(&self.0), self.0.interval));
        }
        WatchedBody { slot }
    }
}

impl Watched {
    /// The bodies of stalled streams, to be dropped; and whether no streams are left.
    fn take_stalled(&self) -> (Vec<StreamBody>, bool) {
        let mut stalled = Vec::new();
        let mut streams = self.streams.lock();
        streams.open.retain(|slot| {
            let Some(slot) = slot.upgrade() else { return false };
            if slot.sweeps.fetch_add(1, Ordering::Relaxed) < SWEEPS {
                return true;
            }
            stalled.extend(slot.body.lock().take());
            false
        });
        if streams.open.is_empty() {
            *streams = Streams::default(); // The next stream starts another sweeper.
        }
        (stalled, streams.open.is_empty())
    }
}

async fn sweep(watched: Weak<Watched>, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        let Some(watched) = watched.upgrade() else { return };
        let (stalled, is_last) = watched.take_stalled();
        if !stalled.is_empty() {
            tracing::debug!(streams = stalled.len(), "cut off streams that were not read");
        }
        drop(stalled); // Drops their handlers.
        if is_last {
            return;
        }
    }
}

/// A body that ends early once nothing has polled it for too long.
#[derive(Debug)]
pub(super) struct WatchedBody {
    slot: Arc<Slot>,
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.slot.sweeps.store(0, Ordering::Relaxed);
        let Some(mut body) = self.slot.body.lock().take() else { return Poll::Ready(None) };
        let polled = body.as_mut().poll_frame(cx);
        *self.slot.body.lock() = Some(body);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.slot.body.lock().as_ref().is_none_or(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.slot.body.lock().as_ref().map_or_else(SizeHint::default, |body| body.size_hint())
    }
}
