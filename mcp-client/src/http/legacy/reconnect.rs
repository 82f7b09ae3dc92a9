//! When an interrupted stream is opened again, and when it is given up.

use std::time::Duration;

use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::http::read::Cursor;
use crate::limits::Limits;

/// The connections of one stream.
#[derive(Debug)]
pub(super) struct Reconnect {
    backoff: Backoff,
    max_delay: Duration,
    began: Instant,
    /// Events of the stream when the connection began.
    events: u64,
    /// No other connection follows if this one is of no use.
    is_single: bool,
}

impl Reconnect {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            backoff: Backoff::new(limits),
            max_delay: limits.http.max_retry_delay,
            began: Instant::now(),
            events: 0,
            is_single: false,
        }
    }

    /// For a stream that was lost before: one connection, unless that is of use.
    pub(super) fn single(limits: &Limits) -> Self {
        Self { is_single: true, ..Self::new(limits) }
    }

    /// A connection is about to be made.
    pub(super) fn begin(&mut self, cursor: &Cursor) {
        self.began = Instant::now();
        self.events = cursor.events;
    }

    /// The connection has ended. It was of use if it had events, or if it lasted for a while: a
    /// stream may be silent, and a proxy may close it now and then. Returns how long to wait before
    /// the next connection; `None` if the stream is given up.
    pub(super) fn ended(&mut self, cursor: &Cursor, was_open: bool) -> Option<Duration> {
        if cursor.events > self.events || (was_open && self.backoff.lasted(self.began.elapsed())) {
            self.backoff.reset();
            self.is_single = false;
        }
        self.pause(cursor)
    }

    /// How long to wait: as long as the server asked for, and longer if that does not help.
    pub(super) fn pause(&mut self, cursor: &Cursor) -> Option<Duration> {
        if self.is_single {
            return None;
        }
        let asked = cursor.retry.unwrap_or_default();
        self.backoff.pause().map(|pause| asked.max(pause).min(self.max_delay))
    }
}
