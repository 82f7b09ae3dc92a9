//! The end of a conversation: when it drains, and when it is given up.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// A stop that is requested during a drain divides the timeout by this number. Fixed: it leaves
/// running calls a moment to finish, and the second request ends the conversation immediately.
const STOP_DURING_DRAIN_DIVISOR: u32 = 4;

/// Starts the drain and measures its time.
#[derive(Debug)]
pub(super) struct Shutdown {
    timeout: Duration,
    /// The end of the drain, at which everything that is still running is dropped. `None` before
    /// the drain.
    drain: Option<Pin<Box<Sleep>>>,
    /// How often a stop was requested.
    stops: u32,
}

impl Shutdown {
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, drain: None, stops: 0 }
    }

    /// Starts a drain, because the peer has closed its side, or shortens the one in progress: the
    /// end of input and a signal often arrive together, in any order.
    pub(super) fn peer_closed(&mut self) {
        self.start_drain(match &self.drain {
            None => self.timeout,
            Some(_) => self.timeout / STOP_DURING_DRAIN_DIVISOR,
        });
    }

    /// Starts a drain, or shortens the one in progress.
    #[cold]
    pub(super) fn request_stop(&mut self) {
        self.stops += 1;
        self.start_drain(match (self.stops, &self.drain) {
            (1, None) => self.timeout,
            (1, Some(_)) => self.timeout / STOP_DURING_DRAIN_DIVISOR,
            _ => Duration::ZERO,
        });
    }

    /// Whether a stop was requested. New requests are then refused.
    pub(super) fn is_requested(&self) -> bool {
        self.stops > 0
    }

    /// Whether the drain has started.
    pub(super) fn is_draining(&self) -> bool {
        self.drain.is_some()
    }

    /// Ready at the end of the drain.
    pub(super) fn poll_timeout(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.drain {
            Some(drain) => drain.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }

    fn start_drain(&mut self, timeout: Duration) {
        let drain = sleep(timeout);
        if self.drain.as_ref().is_none_or(|current| drain.deadline() < current.deadline()) {
            self.drain = Some(Box::pin(drain));
        }
    }
}
