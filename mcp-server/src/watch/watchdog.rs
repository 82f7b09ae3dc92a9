//! A watchdog that exits the process if a blocked handler prevents a shutdown, after a signal or
//! when the peer has closed its side.
//!
//! It runs on its own thread, because a blocking handler may block the thread that would read the
//! end of input or receive the signal.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use futures::Stream;
use tokio::sync::mpsc;

use super::events::{self, Ender, Event, Events, Input};

/// Time that the process has to exit after the shutdown timeout. Fixed: together with the default
/// timeout it stays below the 2 s after which clients kill the process.
const GRACE: Duration = Duration::from_millis(250);

/// Returns whether a call is still running after serving has ended.
type StillRunning = Box<dyn Fn() -> bool + Send>;

/// The channels to the watchdog thread.
pub(crate) struct Watch {
    stops: mpsc::UnboundedReceiver<()>,
    probe: mpsc::Receiver<SyncSender<()>>,
    over: Over,
}

/// Reports that serving has ended.
pub(crate) struct Over {
    still_running: Sender<StillRunning>,
    /// `None` if the events of the watchdog could not be opened.
    ender: Option<Ender>,
}

impl Over {
    /// Reports it. The watchdog exits the process if a call keeps running. It may start later.
    pub(crate) fn send(self, still_running: impl Fn() -> bool + Send + 'static) {
        let Self { still_running: sender, ender } = self;
        sender.send(Box::new(still_running)).ok(); // Fails if the thread could not be started.
        drop(ender);
    }
}

/// Prepares the watchdog. It handles signals, and exits if the process is stuck after `input` has
/// hung up, which means that the peer has closed its side. From this call on, signals to stop no
/// longer terminate the process, and [`Watchdog::start`] starts the thread that handles them.
pub(crate) fn prepare(shutdown_timeout: Duration, input: Option<Input>) -> (Watch, Watchdog) {
    let (stopper, stops) = mpsc::unbounded_channel();
    let (prober, probe) = mpsc::channel(1);
    let (still_running, ended) = channel();
    let (events, ender) = events::open(input).inspect_err(report).ok().unzip();
    let watchdog = Watchdog { events, stopper, prober, ended, shutdown_timeout };
    (Watch { stops, probe, over: Over { still_running, ender } }, watchdog)
}

fn report(error: &io::Error) {
    tracing::error!(%error, "cannot start the thread that handles signals and the end of input");
}

impl Watch {
    /// Returns the stop requests, and the sender that reports that serving has ended.
    ///
    /// Polling the stream also answers the probes by which the watchdog detects that the
    /// conversation is stuck.
    pub(crate) fn split(self) -> (impl Stream<Item = ()> + Send, Over) {
        let Self { mut stops, mut probe, over } = self;
        let stops = futures::stream::poll_fn(move |cx| {
            while let std::task::Poll::Ready(Some(answer)) = probe.poll_recv(cx) {
                answer.try_send(()).ok(); // Fails if the watchdog no longer waits.
            }
            stops.poll_recv(cx)
        });
        (stops, over)
    }
}

/// What the thread needs.
pub(crate) struct Watchdog {
    /// `None` if they could not be opened: then no thread is started.
    events: Option<Events>,
    stopper: mpsc::UnboundedSender<()>,
    prober: mpsc::Sender<SyncSender<()>>,
    ended: Receiver<StillRunning>,
    shutdown_timeout: Duration,
}

impl Watchdog {
    /// Starts the thread.
    pub(crate) fn start(mut self) {
        let Some(events) = self.events.take() else { return };
        let thread = thread::Builder::new().name("mcp-watch".into());
        thread.spawn(move || self.run(events)).inspect_err(report).ok();
    }

    fn run(&self, mut events: Events) {
        let mut is_stopping = false;
        // Without a signal, the time of the next probe; after one, the time of the exit.
        let mut due = None;
        loop {
            match events.next(due) {
                Ok(Event::Signal) => {
                    tracing::info!("received a signal to stop");
                    let left = if is_stopping { Duration::ZERO } else { self.shutdown_timeout };
                    is_stopping = true;
                    due = Instant::now().checked_add(left.saturating_add(GRACE));
                    self.stopper.send(()).ok(); // Fails if serving has ended.
                }
                Ok(Event::HungUp) if is_stopping => {}
                Ok(Event::HungUp) => due = self.next_probe(),
                Ok(Event::Ended) => {
                    let Ok(still_running) = self.ended.try_recv() else { return };
                    // A dropped call may still run on a thread that its handler blocks.
                    if still_running() {
                        thread::sleep(GRACE);
                    }
                    if !still_running() {
                        return;
                    }
                    break;
                }
                Ok(Event::Due) if is_stopping => break,
                // Unread input does not mean that the conversation is stuck: the peer may not read
                // its output.
                Ok(Event::Due) => {
                    if self.is_stuck() {
                        break;
                    }
                    due = self.next_probe();
                }
                Err(error) => {
                    tracing::error!(%error, "cannot wait for signals and the end of input");
                    return;
                }
            }
        }
        tracing::error!("a handler blocks a thread of the runtime; exiting with status 1");
        std::process::exit(1);
    }

    fn next_probe(&self) -> Option<Instant> {
        Instant::now().checked_add(self.shutdown_timeout.max(GRACE))
    }

    /// Whether the task of the conversation is no longer polled, although it has not ended.
    fn is_stuck(&self) -> bool {
        let (answer, answered) = sync_channel(1);
        self.prober.try_send(answer).is_ok()
            && answered.recv_timeout(GRACE) == Err(RecvTimeoutError::Timeout)
    }
}
