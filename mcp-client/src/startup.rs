//! The time that it may take to connect, whatever it is spent on.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep_until;

use crate::connect_phase::ConnectPhase;
use crate::deadline::{Deadlines, Timeouts};
use crate::era::Settings;
use crate::error::Error;
use crate::inbound::Inbound;

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
                        return Err(inbound.unreadable.explain(error));
                    }
                }
            }
        }
    }
}
