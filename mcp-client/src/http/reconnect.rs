//! When a stream that was cut is opened again, and when it is given up.

use std::time::Duration;

use mcp_core::http::HttpClientLimits;
use tokio::time::Instant;

use super::reply::Cursor;
use crate::backoff::Backoff;

/// The connections of one stream.
#[derive(Debug)]
pub(super) struct Reconnect<'a> {
    limits: &'a HttpClientLimits,
    /// Ends after so many connections in a row that were of no use.
    backoff: Backoff,
    began: Instant,
    /// Events of the stream when the connection began.
    events: u64,
}

impl<'a> Reconnect<'a> {
    pub(super) fn new(limits: &'a HttpClientLimits) -> Self {
        Self { limits, backoff: backoff(limits), began: Instant::now(), events: 0 }
    }

    /// A connection is about to be made.
    pub(super) fn begin(&mut self, cursor: &Cursor) {
        self.began = Instant::now();
        self.events = cursor.events;
    }

    /// The connection is over. It was of use when it brought something, or when it held for a while: a stream may
    /// have nothing to tell, and what stands in between may cut it now and then.
    pub(super) fn ended(&mut self, cursor: &Cursor, was_open: bool) {
        let has_held = was_open && self.began.elapsed() >= self.limits.longest_backoff;
        if cursor.events > self.events || has_held {
            self.backoff = backoff(self.limits);
        }
    }

    /// How long to wait before the next connection: as long as the server said, and longer when that does not help.
    /// Nothing when the stream is to be given up.
    pub(super) fn pause(&mut self, cursor: &Cursor) -> Option<Duration> {
        let pause = self.backoff.pause()?;
        Some(cursor.retry.unwrap_or_default().max(pause).min(self.limits.longest_retry))
    }
}

fn backoff(limits: &HttpClientLimits) -> Backoff {
    Backoff::between(limits.backoff, limits.longest_backoff, limits.reconnects)
}
