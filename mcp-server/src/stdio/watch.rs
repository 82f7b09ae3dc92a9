//! Sees to it that the process ends: when it is asked to, and when the peer has gone, whatever handlers do.
//!
//! A thread with a runtime of its own, for a handler that blocks may block the very thread that would have read
//! the end of input or heard the signal.

use std::future::Future;
use std::io;
use std::sync::Weak;
use std::time::Duration;

use mcp_core::Limits;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until};

use super::signals;
use crate::era::Connection;

/// How much longer than the drain time everything may take.
const GRACE: Duration = Duration::from_secs(1);

/// What the watching thread is told, and tells.
pub(super) struct Watch {
    stop: oneshot::Receiver<()>,
    over: oneshot::Sender<Weak<Connection>>,
}

#[cfg(unix)]
pub(super) type Input = std::os::fd::OwnedFd;
#[cfg(not(unix))]
pub(super) type Input = ();

/// Starts to watch over the process: its signals, and whether the writer of `input` is gone.
pub(super) fn begin(limits: &Limits, input: Option<Input>) -> Watch {
    let (asked, stop) = oneshot::channel();
    let (over, ended) = oneshot::channel();
    let (on_signal, on_close) = (limits.drain_on_signal, limits.drain_on_close);
    let watching = move || match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(watch(asked, ended, input, on_signal, on_close)),
        Err(error) => tracing::error!(%error, "nothing watches over the end of the process"),
    };
    if let Err(error) = std::thread::Builder::new().name("mcp-watch".into()).spawn(watching) {
        tracing::error!(%error, "nothing watches over the end of the process");
    }
    Watch { stop, over }
}

impl Watch {
    /// A future that is done when the process is asked to stop, and where to say that serving is over.
    pub(super) fn split(self) -> (impl Future<Output = ()> + Send, oneshot::Sender<Weak<Connection>>) {
        let stop = async move {
            if self.stop.await.is_err() {
                std::future::pending::<()>().await; // Nobody watches.
            }
        };
        (stop, self.over)
    }
}

async fn watch(
    asked: oneshot::Sender<()>,
    mut ended: oneshot::Receiver<Weak<Connection>>,
    input: Option<Input>,
    on_signal: Duration,
    on_close: Duration,
) {
    let mut asked = Some(asked);
    let mut input_open = true;
    let mut deadline = in_time(Duration::MAX);
    let mut signal = std::pin::pin!(signals::wait());
    let hang_up = hang_up(input).inspect_err(|error| tracing::error!(%error, "the input is not watched"));
    let (mut gone, _until) = match hang_up {
        Ok((gone, until)) => (gone, Some(until)),
        Err(_) => (oneshot::channel().1, None),
    };
    loop {
        tokio::select! {
            () = &mut signal, if asked.is_some() => {
                tracing::info!("asked to stop");
                deadline = deadline.min(in_time(on_signal));
                asked.take().and_then(|asked| asked.send(()).ok()); // Serving may be over.
            }
            hung_up = &mut gone, if input_open => {
                input_open = false;
                if hung_up.is_ok() {
                    deadline = deadline.min(in_time(on_close));
                }
            }
            left = &mut ended => {
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
            () = sleep_until(deadline) => break,
        }
    }
    tracing::error!("a handler blocks the runtime, which cannot end; leaving it behind");
    std::process::exit(1);
}

fn in_time(drain: Duration) -> Instant {
    const DECADES: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    Instant::now() + drain.min(DECADES) + GRACE
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
        let mut watched =
            [PollFd::new(&input, PollFlags::empty()), PollFd::new(&ended, PollFlags::empty())];
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
