//! Ends a process that serves: when it is asked to stop, and when the peer has gone, whatever
//! handlers do.
//!
//! It runs on a thread of its own with its own runtime, because a handler that blocks may block the
//! very thread that would read the end of input or receive the signal.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::signals;

/// How much longer than the shutdown timeout everything may take. Together they stay below the 2 s
/// after which clients escalate.
const GRACE: Duration = Duration::from_millis(250);

/// Whether something still runs after serving is over.
pub(crate) type StillRunning = Box<dyn Fn() -> bool + Send>;

/// The ends of the channels to the watching thread.
pub(crate) struct Watch {
    stops: mpsc::UnboundedReceiver<()>,
    probe: mpsc::Receiver<oneshot::Sender<()>>,
    over: oneshot::Sender<StillRunning>,
}

/// Starts to watch the process: its signals, and whether the peer has closed its end, as far as
/// `hung_up` can tell.
pub(crate) fn begin(
    shutdown_timeout: Duration,
    hung_up: impl Future<Output = ()> + Send + 'static,
) -> Watch {
    let (stopper, stops) = mpsc::unbounded_channel();
    let (prober, probe) = mpsc::channel(1);
    let (over, ended) = oneshot::channel();
    let watcher = Watcher { stopper, prober, ended, shutdown_timeout };
    let signals = signals::stops();
    let watching = move || match tokio::runtime::Builder::new_current_thread().enable_all().build()
    {
        Ok(runtime) => runtime.block_on(watcher.run(signals, hung_up)),
        Err(error) => tracing::error!(%error, "cannot watch for signals and the end of input"),
    };
    if let Err(error) = std::thread::Builder::new().name("mcp-watch".into()).spawn(watching) {
        tracing::error!(%error, "cannot watch for signals and the end of input");
    }
    Watch { stops, probe, over }
}

impl Watch {
    /// The requests to stop, and the sender that reports that serving is over.
    ///
    /// Polling the stream also answers the watching thread's question whether the conversation is
    /// stuck.
    pub(crate) fn split(self) -> (impl Stream<Item = ()> + Send, oneshot::Sender<StillRunning>) {
        let Self { mut stops, mut probe, over } = self;
        let stops = futures::stream::poll_fn(move |cx| {
            while let std::task::Poll::Ready(Some(answer)) = probe.poll_recv(cx) {
                answer.send(()).unwrap_or_default();
            }
            stops.poll_recv(cx)
        });
        (stops, over)
    }
}

struct Watcher {
    stopper: mpsc::UnboundedSender<()>,
    prober: mpsc::Sender<oneshot::Sender<()>>,
    ended: oneshot::Receiver<StillRunning>,
    shutdown_timeout: Duration,
}

impl Watcher {
    async fn run(mut self, signals: impl Stream<Item = ()>, hung_up: impl Future<Output = ()>) {
        let mut is_hung_up = false;
        let mut is_stopping = false;
        let mut hung_up = pin!(hung_up);
        let mut deadline = pin!(sleep(Duration::MAX));
        let mut next_probe = pin!(sleep(Duration::MAX));
        let mut signals = pin!(signals.fuse());
        loop {
            tokio::select! {
                Some(()) = signals.next() => {
                    tracing::info!("asked to stop by a signal");
                    let left = if is_stopping { Duration::ZERO } else { self.shutdown_timeout };
                    is_stopping = true;
                    deadline.set(sleep(left.saturating_add(GRACE)));
                    self.stopper.send(()).unwrap_or_default(); // Serving may be over.
                }
                () = &mut hung_up, if !is_hung_up => {
                    is_hung_up = true;
                    next_probe.set(sleep(self.shutdown_timeout));
                }
                still_running = &mut self.ended => {
                    let Ok(still_running) = still_running else { return };
                    // A call that was dropped may be running on a thread that its handler blocks.
                    if still_running() {
                        sleep(GRACE).await;
                    }
                    if !still_running() {
                        return;
                    }
                    break;
                }
                () = &mut deadline => break,
                // Input may be unread for a good reason, such as an output that the peer does not
                // read.
                () = &mut next_probe, if !is_stopping => {
                    if self.is_stuck().await {
                        break;
                    }
                    next_probe.set(sleep(self.shutdown_timeout));
                }
            }
        }
        tracing::error!("a handler blocks a thread of the runtime; the process exits without it");
        std::process::exit(1);
    }

    /// Whether the conversation's task is not polled any more, though it has not ended.
    async fn is_stuck(&self) -> bool {
        let (answer, answered) = oneshot::channel();
        let asked = self.prober.try_send(answer);
        asked.is_ok() && timeout(GRACE, answered).await.is_err()
    }
}
