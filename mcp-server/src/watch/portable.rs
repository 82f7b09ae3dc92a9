//! The events of the watchdog on systems other than Unix: Ctrl+C, and the end of serving.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Instant;

/// What the watchdog waits for.
pub(super) enum Event {
    /// A signal to stop.
    Signal,
    /// Every writer of the input has closed its end.
    #[expect(dead_code, reason = "it is not detected on these systems")]
    HungUp,
    /// Serving has ended.
    Ended,
    /// The time has come.
    Due,
}

/// Standard input, whose end is not detected.
#[cfg(feature = "stdio")]
pub(crate) type Input = std::convert::Infallible;
#[cfg(not(feature = "stdio"))]
type Input = std::convert::Infallible;

/// Causes [`Event::Ended`] when it is dropped.
pub(super) struct Ender(Sender<Event>);

impl Drop for Ender {
    fn drop(&mut self) {
        self.0.send(Event::Ended).ok(); // Fails if the watchdog did not start.
    }
}

/// The sources of events.
pub(super) struct Events(Receiver<Event>);

pub(super) fn open(_: Option<Input>) -> io::Result<(Events, Ender)> {
    let (events, received) = channel();
    let ender = Ender(events.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // A runtime of its own, because a blocking handler may block the one that serves.
    let wait = move || {
        runtime.block_on(async {
            loop {
                if let Err(error) = tokio::signal::ctrl_c().await {
                    tracing::error!(%error, "cannot install the Ctrl+C handler");
                    return;
                }
                if events.send(Event::Signal).is_err() {
                    return; // Serving has ended.
                }
            }
        });
    };
    std::thread::Builder::new().name("mcp-signals".into()).spawn(wait)?;
    Ok((Events(received), ender))
}

impl Events {
    /// Waits for the next event, until `due` if it is set.
    #[expect(clippy::needless_pass_by_ref_mut, reason = "the other implementation needs it")]
    pub(super) fn next(&mut self, due: Option<Instant>) -> io::Result<Event> {
        let received = match due {
            None => self.0.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(due) => self.0.recv_timeout(due.saturating_duration_since(Instant::now())),
        };
        match received {
            Ok(event) => Ok(event),
            Err(RecvTimeoutError::Timeout) => Ok(Event::Due),
            Err(RecvTimeoutError::Disconnected) => Ok(Event::Ended),
        }
    }
}
