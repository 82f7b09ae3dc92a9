//! The timeouts of a call, and the deadlines that follow from them.

use std::time::Duration;

use mcp_core::deadline::later;
use mcp_core::jsonrpc::MethodName;
use tokio::time::{Instant, sleep_until};

use crate::error::{Error, Expired};
use crate::handling::Handling;

/// How long calls may take, unless they say otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    pub(crate) idle: Duration,
    pub(crate) total: Duration,
    /// Whether the total excludes the time in which handlers of this client answer the server.
    pub(crate) exclude_input: bool,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(60),
            total: Duration::from_secs(600),
            exclude_input: false,
        }
    }
}

/// The deadlines of one call.
#[derive(Debug)]
pub(crate) struct Deadlines {
    timeouts: Timeouts,
    began: Instant,
    idle_at: Instant,
    total_at: Instant,
    /// The answering time of the client that `total_at` accounts for.
    answering_time: Duration,
}

impl Deadlines {
    pub(crate) fn begin(timeouts: Timeouts, handling: &Handling) -> Self {
        let now = Instant::now();
        let answering_time = match timeouts.exclude_input {
            true => handling.answering_time(),
            false => Duration::ZERO, // It is not used.
        };
        Self {
            timeouts,
            began: now,
            idle_at: later(now, timeouts.idle),
            total_at: later(now, timeouts.total),
            answering_time,
        }
    }

    /// Brings the total deadline forward to that of the operation which the call is part of.
    pub(crate) fn within(mut self, total_at: Option<Instant>) -> Self {
        if let Some(total_at) = total_at {
            self.total_at = self.total_at.min(total_at);
        }
        self
    }

    /// The server made progress.
    pub(crate) fn extend(&mut self) {
        self.idle_at = later(Instant::now(), self.timeouts.idle);
    }

    /// The call itself had its handlers answer the server, for so long.
    pub(crate) fn answered(&mut self, took: Duration) {
        self.extend();
        if self.timeouts.exclude_input {
            self.total_at = later(self.total_at, took);
        }
    }

    /// The call could not be sent for so long, and begins only now.
    #[cfg(feature = "policy")]
    pub(crate) fn postpone(&mut self, took: Duration) {
        self.extend();
        self.total_at = later(self.total_at, took);
    }

    /// The deadline of the whole call.
    pub(crate) fn total(&self) -> Instant {
        self.total_at
    }

    /// The deadline that expires next.
    pub(crate) fn next(&self) -> Instant {
        self.idle_at.min(self.total_at)
    }

    /// How long handlers may take to answer; `None` if the user chose not to limit it.
    pub(crate) fn left_for_input(&self) -> Option<Duration> {
        (!self.timeouts.exclude_input)
            .then(|| self.total_at.saturating_duration_since(Instant::now()))
    }

    pub(crate) fn total_error(&self, method: impl Into<MethodName>) -> Error {
        Error::timed_out(method, Expired::Total, self.timeouts.total)
    }

    /// Whether the total timeout has expired, for an operation that has no other.
    pub(crate) fn has_expired(&mut self, handling: &Handling) -> bool {
        let now = Instant::now();
        if now >= self.total_at && self.timeouts.exclude_input {
            self.exclude_input(now, handling);
        }
        now >= self.total_at
    }

    /// The timeout that has expired; `None` if the deadline has moved in the meantime.
    pub(crate) fn expired(&mut self, method: &MethodName, handling: &Handling) -> Option<Error> {
        if self.has_expired(handling) {
            return Some(self.total_error(method.clone()));
        }
        let now = Instant::now();
        if now < self.idle_at {
            return None;
        }
        // The server waited for a handler of this client, or for the user.
        let answered = handling.last_answer_since(self.began);
        self.idle_at = self.idle_at.max(later(answered, self.timeouts.idle));
        if now < self.idle_at {
            return None;
        }
        Some(Error::timed_out(method.clone(), Expired::Idle, self.timeouts.idle))
    }

    /// Moves the total deadline by the time in which the client was answering.
    fn exclude_input(&mut self, now: Instant, handling: &Handling) {
        /// While a handler runs, the deadline moves with the clock. This is how often it is moved.
        const STEP: Duration = Duration::from_millis(100);
        let answering_time = handling.answering_time();
        let excluded = answering_time.saturating_sub(self.answering_time);
        self.answering_time = answering_time;
        self.total_at = later(self.total_at, excluded);
        if handling.is_answering() && self.total_at < later(now, STEP) {
            self.total_at = later(now, STEP);
        }
    }
}

/// Completes when the server was silent for `patience` without waiting for the client.
pub(crate) async fn silence(handling: &Handling, patience: Duration) {
    let began = Instant::now();
    let mut until = later(began, patience);
    loop {
        sleep_until(until).await;
        let moved = later(handling.last_answer_since(began), patience);
        if moved <= until {
            return;
        }
        until = moved;
    }
}
