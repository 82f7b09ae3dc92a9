//! The time that it may take to connect, whatever it is spent on.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::time::sleep_until;

use crate::deadline::{Deadlines, Timeouts};
use crate::era::Settings;
use crate::error::Error;
use crate::inbound::Inbound;

/// What a client does while it connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectPhase {
    /// It finds out what the server is (`server/discover`); over HTTP the connection of the network
    /// is opened for that.
    Discovery,
    /// It obtains credentials, or waits for a user who logs in.
    Authorization,
    /// It agrees on a revision with a legacy server (`initialize`).
    Handshake,
    /// It opens the stream of HTTP+SSE, the transport of 2024-11-05.
    OlderTransport,
}

impl fmt::Display for ConnectPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discovery => "the server to say what it is (server/discover)",
            Self::Authorization => "credentials, or a user who logs in",
            Self::Handshake => "the handshake (initialize)",
            Self::OlderTransport => "the stream of HTTP+SSE",
        })
    }
}

/// What a client that connects does at the moment.
#[derive(Debug, Default)]
pub(crate) struct CurrentPhase(AtomicU8);

/// The phases that begin one after the other. Authorization interrupts them.
const STEPS: [ConnectPhase; 3] =
    [ConnectPhase::Discovery, ConnectPhase::Handshake, ConnectPhase::OlderTransport];

impl CurrentPhase {
    /// A phase begins.
    pub(crate) fn begin(&self, phase: ConnectPhase) {
        if let Some(step) = STEPS.iter().position(|step| *step == phase) {
            self.0.store(u8::try_from(step).unwrap_or_default(), Ordering::Relaxed);
        }
    }

    fn get(&self) -> ConnectPhase {
        STEPS[usize::from(self.0.load(Ordering::Relaxed)).min(STEPS.len() - 1)]
    }
}

/// The time in which a client has to be connected.
pub(crate) struct Startup {
    /// `None` if there is no limit.
    timeouts: Option<Timeouts>,
    inbound: Arc<Inbound>,
}

impl Startup {
    pub(crate) fn new(settings: &Settings, inbound: &Arc<Inbound>) -> Self {
        let exclude_input = settings.timeouts.exclude_input;
        let timeouts = settings.startup_timeout.map(|total| Timeouts {
            idle: Duration::MAX,
            total,
            exclude_input,
        });
        Self { timeouts, inbound: Arc::clone(inbound) }
    }

    /// Connects within that time, which begins now.
    pub(crate) async fn run<T>(
        self,
        connecting: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let Self { timeouts, inbound } = self;
        let Some(timeouts) = timeouts else { return connecting.await };
        let mut deadlines = Deadlines::begin(timeouts, &inbound.handling);
        let mut connecting = pin!(connecting);
        loop {
            tokio::select! {
                biased;
                done = &mut connecting => return done,
                () = sleep_until(deadlines.next()) => {
                    if deadlines.has_expired(&inbound.handling) {
                        let phase = match inbound.handling.is_answering() {
                            true => ConnectPhase::Authorization,
                            false => inbound.phase.get(),
                        };
                        let error = Error::not_started(phase, timeouts.total);
                        return Err(error.with_quoted(&inbound));
                    }
                }
            }
        }
    }
}
