//! When a stream that was cut is opened again, and when it is given up.

use std::time::Duration;

use crate::Limits;
use tokio::time::Instant;

use super::reply::Cursor;
use crate::backoff::Backoff;

/// The connections of one stream.
#[derive(Debug)]
pub(super) struct Reconnect {
    backoff: Backoff,
    longest_retry: Duration,
    began: Instant,
    /// Events of the stream when the connection began.
    events: u64,
}

impl Reconnect {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            backoff: Backoff::new(limits),
            longest_retry: limits.http.max_retry_delay,
            began: Instant::now(),
            events: 0,
        }
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
        if cursor.events > self.events || (was_open && self.backoff.lasted(self.began.elapsed())) {
            self.backoff.reset();
        }
        self.pause(cursor)
    }

    /// How long to wait: as long as the server said, and longer when that does not help.
    pub(super) fn pause(&mut self, cursor: &Cursor) -> Option<Duration> {
        let asked = cursor.retry.unwrap_or_default();
        self.backoff.pause().map(|pause| asked.max(pause).min(self.longest_retry))
    }
}
