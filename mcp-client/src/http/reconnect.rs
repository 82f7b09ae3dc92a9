//! When a stream that was cut is opened again, and when it is given up.

use std::time::Duration;

use mcp_core::http::HttpClientLimits;
use tokio::time::Instant;

use super::backoff::Backoff;
use super::reply::Cursor;

/// The connections of one stream.
#[derive(Debug)]
pub(super) struct Reconnect<'a> {
    limits: &'a HttpClientLimits,
    backoff: Backoff,
    /// Connections in a row that were of no use.
    in_vain: u32,
    began: Instant,
    /// Events of the stream when the connection began.
    events: u64,
}

impl<'a> Reconnect<'a> {
    pub(super) fn new(limits: &'a HttpClientLimits) -> Self {
        Self { limits, backoff: Backoff::new(limits), in_vain: 0, began: Instant::now(), events: 0 }
    }

    /// A connection is about to be made.
    pub(super) fn begin(&mut self, cursor: &Cursor) {
        self.began = Instant::now();
        self.events = cursor.events;
    }

    /// The connection is over. It was of use when it brought something, or when it held for a while: a stream may
    /// have nothing to tell, and what stands in between may cut it now and then. Gives how long to wait before the
    /// next one; nothing when the stream is to be given up.
    pub(super) fn ended(&mut self, cursor: &Cursor, was_open: bool) -> Option<Duration> {
        let has_held = was_open && self.began.elapsed() >= self.limits.longest_backoff;
        if cursor.events > self.events || has_held {
            self.in_vain = 0;
            self.backoff = Backoff::new(self.limits);
        } else {
            self.in_vain += 1;
        }
        (self.in_vain < self.limits.reconnects).then(|| self.pause(cursor))
    }

    /// How long to wait: as long as the server said, and longer when that does not help.
    pub(super) fn pause(&mut self, cursor: &Cursor) -> Duration {
        let asked = cursor.retry.unwrap_or_default();
        asked.max(self.backoff.pause()).min(self.limits.longest_retry)
    }
}
