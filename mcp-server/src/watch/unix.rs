//! The events of the watchdog, as descriptors of one `poll`.
//!
//! A thread that polls needs no runtime, which starts slower, and which each message would wake.

use std::io::{self, PipeReader, PipeWriter, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, poll};
use signal_hook::SigId;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::{pipe, unregister};

/// What the watchdog waits for.
pub(super) enum Event {
    /// A signal to stop. The second one ends a drain, so two signals are two events, also if they
    /// arrive together.
    Signal,
    /// Every writer of the input has closed its end, even if input is unread.
    HungUp,
    /// Serving has ended.
    Ended,
    /// The time has come.
    Due,
}

/// Standard input. Files never hang up.
pub(crate) type Input = OwnedFd;

/// Causes [`Event::Ended`] when it is dropped.
pub(super) struct Ender {
    _pipe: PipeWriter,
}

/// The sources of events.
pub(super) struct Events {
    signals: Signals,
    ended: PipeReader,
    /// `None` after it has hung up.
    input: Option<Input>,
}

/// From this call on, signals to stop no longer terminate the process.
pub(super) fn open(input: Option<Input>) -> io::Result<(Events, Ender)> {
    let (ended, _pipe) = io::pipe()?;
    Ok((Events { signals: Signals::install()?, ended, input }, Ender { _pipe }))
}

impl Events {
    /// Waits for the next event, until `due` if it is set.
    pub(super) fn next(&mut self, due: Option<Instant>) -> io::Result<Event> {
        loop {
            let left = due.map(|due| due.saturating_duration_since(Instant::now()));
            let timeout = left.and_then(|left| left.try_into().ok());
            // With no requested events, `poll` reports only hang-ups and errors.
            let hang_up = PollFlags::empty();
            let input =
                self.input.as_ref().map_or_else(|| self.ended.as_fd(), |input| input.as_fd());
            let mut watched = [
                PollFd::new(&self.signals.reader, PollFlags::IN),
                PollFd::new(&self.ended, hang_up),
                PollFd::from_borrowed_fd(input, hang_up),
            ];
            match poll(&mut watched, timeout.as_ref()) {
                Ok(0) => return Ok(Event::Due),
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let [signal, ended, input] = watched.map(|descriptor| !descriptor.revents().is_empty());
            if signal {
                self.signals.reader.read_exact(&mut [0])?;
                return Ok(Event::Signal);
            }
            if ended {
                return Ok(Event::Ended);
            }
            if input {
                self.input = None;
                return Ok(Event::HungUp);
            }
        }
    }
}

/// A pipe into which each signal to stop writes a byte.
struct Signals {
    reader: PipeReader,
    /// Keeps the pipe open, also if no handler could be installed.
    _writer: PipeWriter,
    handlers: Vec<SigId>,
}

impl Signals {
    fn install() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        // All are made before a handler is installed, so that an error leaves none behind.
        let writers = [(SIGTERM, writer.try_clone()?), (SIGINT, writer.try_clone()?)];
        let mut handlers = Vec::new();
        for (signal, writer) in writers {
            match pipe::register(signal, writer) {
                Ok(handler) => handlers.push(handler),
                Err(error) => {
                    tracing::error!(signal, %error, "cannot install the signal handler");
                }
            }
        }
        Ok(Self { reader, _writer: writer, handlers })
    }
}

/// Closes the pipe. The signals still do not terminate the process.
impl Drop for Signals {
    fn drop(&mut self) {
        for handler in self.handlers.drain(..) {
            unregister(handler);
        }
    }
}
