//! Sees to it that the process ends: when it is asked to, and when the peer has gone, whatever handlers do.
//!
//! A thread with a runtime of its own, for a handler that blocks may block the very thread that would have read
//! the end of input or heard the signal.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Weak;
use std::time::Duration;

use mcp_core::Limits;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::era::Connection;
use crate::signals;

/// How much longer than the drain time everything may take.
const GRACE: Duration = Duration::from_secs(1);

/// What the watching thread is told, and tells.
pub(super) struct Watch {
    stop: oneshot::Receiver<()>,
    probe: mpsc::Receiver<oneshot::Sender<()>>,
    over: oneshot::Sender<Weak<Connection>>,
}

#[cfg(unix)]
pub(super) type Input = std::os::fd::OwnedFd;
#[cfg(not(unix))]
pub(super) type Input = ();

/// Starts to watch over the process: its signals, and whether the writer of `input` is gone.
pub(super) fn begin(limits: &Limits, input: Option<Input>) -> Watch {
    let (asked, stop) = oneshot::channel();
    let (prober, probe) = mpsc::channel(1);
    let (over, ended) = oneshot::channel();
    let watcher = Watcher {
        asked: Some(asked),
        prober,
        ended,
        on_signal: limits.drain_on_signal,
        on_close: limits.drain_on_close,
    };
    let signal = signals::wait();
    let watching = move || match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(watcher.run(signal, input)),
        Err(error) => tracing::error!(%error, "nothing watches over the end of the process"),
    };
    if let Err(error) = std::thread::Builder::new().name("mcp-watch".into()).spawn(watching) {
        tracing::error!(%error, "nothing watches over the end of the process");
    }
    Watch { stop, probe, over }
}

impl Watch {
    /// A future that is done when the process is asked to stop, and where to say that serving is over.
    ///
    /// Whoever polls the future shows that he is not stuck.
    pub(super) fn split(self) -> (impl Future<Output = ()> + Send, oneshot::Sender<Weak<Connection>>) {
        let Self { mut stop, mut probe, over } = self;
        let stop = async move {
            loop {
                tokio::select! {
                    asked = &mut stop => match asked {
                        Ok(()) => return,
                        Err(_) => return std::future::pending().await, // Nobody watches.
                    },
                    Some(answer) = probe.recv() => answer.send(()).unwrap_or_default(),
                }
            }
        };
        (stop, over)
    }
}

struct Watcher {
    /// Taken once the process was asked to stop.
    asked: Option<oneshot::Sender<()>>,
    prober: mpsc::Sender<oneshot::Sender<()>>,
    ended: oneshot::Receiver<Weak<Connection>>,
    on_signal: Duration,
    on_close: Duration,
}

impl Watcher {
    async fn run(mut self, signal: impl Future<Output = ()>, input: Option<Input>) {
        let hang_up = hang_up(input).inspect_err(|error| tracing::error!(%error, "the input is not watched"));
        let (mut gone, _until) = match hang_up {
            Ok((gone, until)) => (gone, Some(until)),
            Err(_) => (oneshot::channel().1, None),
        };
        let mut input_open = true;
        let mut deadline = pin!(sleep(Duration::MAX));
        let mut next_probe = pin!(sleep(Duration::MAX));
        let mut signal = pin!(signal);
        loop {
            tokio::select! {
                () = &mut signal, if self.asked.is_some() => {
                    tracing::info!("asked to stop");
                    deadline.set(sleep(self.on_signal.saturating_add(GRACE)));
                    self.asked.take().and_then(|asked| asked.send(()).ok()); // Serving may be over.
                }
                hung_up = &mut gone, if input_open => {
                    input_open = false;
                    if hung_up.is_ok() {
                        next_probe.set(sleep(self.on_close.saturating_add(GRACE)));
                    }
                }
                left = &mut self.ended => {
                    // A call that was given up is dropped by the thread that runs it, unless it blocks that thread.
                    let Ok(left) = left else { return };
                    if left.strong_count() > 0 {
                        sleep(GRACE).await;
                    }
                    if left.strong_count() == 0 {
                        return;
                    }
                    break;
                }
                () = &mut deadline => break,
                // Input may have been left unread for good reason, such as an output that nobody reads.
                () = &mut next_probe, if self.asked.is_some() => {
                    if self.is_stuck().await {
                        break;
                    }
                    next_probe.set(sleep(self.on_close.saturating_add(GRACE)));
                }
            }
        }
        tracing::error!("a handler blocks the runtime, which cannot end; leaving it behind");
        std::process::exit(1);
    }

    /// Whether the conversation's own task is not polled any more, though it has not ended.
    async fn is_stuck(&self) -> bool {
        let (answer, answered) = oneshot::channel();
        let asked = self.prober.try_send(answer);
        asked.is_ok() && timeout(GRACE, answered).await.is_err()
    }
}

/// Done when nobody can write to `input` any more, however much of it is unread. Says nothing about files.
///
/// A thread waits for it: a runtime would be woken by each message as well. It ends with the writer.
#[cfg(unix)]
fn hang_up(input: Option<Input>) -> io::Result<(oneshot::Receiver<()>, io::PipeWriter)> {
    use rustix::event::{PollFd, PollFlags, poll};

    let (ended, until) = io::pipe()?;
    let (gone, is_gone) = oneshot::channel();
    let wait = move || {
        let Some(input) = input else { return };
        // Without a wish, what is told is the hang-up alone.
        let mut watched = [PollFd::new(&input, PollFlags::empty()), PollFd::new(&ended, PollFlags::empty())];
        while poll(&mut watched, None).is_err_and(|error| error == rustix::io::Errno::INTR) {}
        if !watched[0].revents().is_empty() {
            gone.send(()).ok(); // Serving may be over.
        }
    };
    std::thread::Builder::new().name("mcp-hang-up".into()).spawn(wait)?;
    Ok((is_gone, until))
}

#[cfg(not(unix))]
fn hang_up(_: Option<Input>) -> io::Result<(oneshot::Receiver<()>, ())> {
    Ok((oneshot::channel().1, ()))
}
