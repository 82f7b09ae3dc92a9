//! One request and its answer: the id, the timeouts, the progress.
//!
//! Dropping the future of a request cancels it; so does a timeout, which is why the server is told.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{MethodName, RequestId};
use mcp_core::service::{Notification, Request};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::connection::Connection;
use crate::error::{Error, Expired};
use crate::handling::Handling;
use crate::inbound::Inbound;
use crate::progress::{Expected, OnProgress};

/// How long calls may take, unless they say otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    pub(crate) idle: Duration,
    pub(crate) total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { idle: Duration::from_secs(60), total: Duration::from_secs(600) }
    }
}

/// The deadlines of one call.
#[derive(Debug)]
pub(crate) struct Patience {
    timeouts: Timeouts,
    idle_at: Instant,
    total_at: Instant,
}

impl Patience {
    pub(crate) fn begin(timeouts: Timeouts) -> Self {
        let now = Instant::now();
        Self { timeouts, idle_at: later(now, timeouts.idle), total_at: later(now, timeouts.total) }
    }

    /// There was a sign of life.
    pub(crate) fn extend(&mut self) {
        self.idle_at = later(Instant::now(), self.timeouts.idle);
    }

    fn next(&self) -> Instant {
        self.idle_at.min(self.total_at)
    }

    /// How long the total still lasts.
    pub(crate) fn left(&self) -> Duration {
        self.total_at.saturating_duration_since(Instant::now())
    }

    pub(crate) fn total_error(&self, method: &'static str) -> Error {
        Error::timed_out(method, Expired::Total, self.timeouts.total)
    }

    /// What has expired by now; nothing when it was extended meanwhile.
    fn expired(&mut self, method: &'static str, handling: &Handling) -> Option<Error> {
        let now = Instant::now();
        if now >= self.total_at {
            return Some(self.total_error(method));
        }
        if now < self.idle_at {
            return None;
        }
        // The server was silent as long as a handler of ours, or the user, had not answered it.
        self.idle_at = self.idle_at.max(later(handling.last(), self.timeouts.idle));
        if now < self.idle_at {
            return None;
        }
        Some(Error::timed_out(method, Expired::Idle, self.timeouts.idle))
    }
}

/// A duration too long for the clock is a very long one.
pub(crate) fn later(now: Instant, duration: Duration) -> Instant {
    const YEARS: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    now.checked_add(duration.min(YEARS)).unwrap_or(now)
}

/// A connection with what belongs to it.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) connection: Connection,
    pub(crate) inbound: Arc<Inbound>,
    ids: AtomicI64,
}

impl Wire {
    pub(crate) fn new(connection: Connection, inbound: Arc<Inbound>) -> Self {
        Self { connection, inbound, ids: AtomicI64::new(1) }
    }

    /// An id that was not used before on this connection.
    pub(crate) fn next_id(&self) -> RequestId {
        RequestId::Number(self.ids.fetch_add(1, Ordering::Relaxed))
    }

    /// Sends a request and waits for its answer, as long as patience lasts.
    pub(crate) async fn exchange(
        &self,
        method: &'static str,
        id: RequestId,
        params: JsonBytes,
        patience: &mut Patience,
        mut on_progress: Option<&mut OnProgress>,
    ) -> Result<JsonBytes, Error> {
        let mut expected = on_progress.is_some().then(|| self.inbound.progress.expect(id.clone()));
        let mut call = pin!(self.connection.call(Request::new(id, method, params)));
        let mut sleep = pin!(None::<Sleep>);
        poll_fn(|cx| {
            read_progress(cx, &mut expected, &mut on_progress, patience);
            if let Poll::Ready(reply) = call.as_mut().poll(cx) {
                // What came before the answer is told before it.
                read_progress(cx, &mut expected, &mut on_progress, patience);
                return Poll::Ready(reply.map_err(|error| Error::from_call(method, error)));
            }
            loop {
                if sleep.is_none() {
                    // Made only now: an answer that is there at once needs no timer.
                    sleep.set(Some(sleep_until(patience.next())));
                }
                if let Some(timer) = sleep.as_mut().as_pin_mut() {
                    ready!(timer.poll(cx));
                }
                if let Some(error) = patience.expired(method, &self.inbound.handling) {
                    return Poll::Ready(Err(error));
                }
                sleep.set(None); // The deadline has moved since the timer was made.
            }
        })
        .await
    }

    pub(crate) async fn notify(&self, method: impl Into<MethodName>, params: JsonBytes) {
        self.connection.notify(Notification::new(method, params)).await;
    }
}

fn read_progress(
    cx: &mut Context<'_>,
    expected: &mut Option<Expected<'_>>,
    on_progress: &mut Option<&mut OnProgress>,
    patience: &mut Patience,
) {
    let (Some(expected), Some(on_progress)) = (expected, on_progress) else { return };
    while let Poll::Ready(Some(progress)) = expected.reports.poll_recv(cx) {
        patience.extend();
        on_progress(progress);
    }
}
