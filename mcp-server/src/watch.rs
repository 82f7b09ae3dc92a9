//! Sees to it that a process that serves ends: when it is asked to, and when the peer has gone, whatever handlers
//! do.
//!
//! A thread with a runtime of its own, for a handler that blocks may block the very thread that would have read
//! the end of input or heard the signal.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use mcp_core::Limits;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::signals;

/// How much longer than the drain time everything may take.
const GRACE: Duration = Duration::from_secs(1);

/// Whether something still runs after serving is over.
pub(crate) type Left = Box<dyn Fn() -> bool + Send>;

/// What the watching thread is told, and tells.
pub(crate) struct Watch {
    stop: oneshot::Receiver<()>,
    probe: mpsc::Receiver<oneshot::Sender<()>>,
    over: oneshot::Sender<Left>,
}

/// Starts to watch over the process: its signals, and whether the peer is gone, where `hung_up` can tell.
pub(crate) fn begin(limits: &Limits, hung_up: impl Future<Output = ()> + Send + 'static) -> Watch {
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
    let watching = move || match tokio::runtime::Builder::new_current_thread().enable_all().build()
    {
        Ok(runtime) => runtime.block_on(watcher.run(signal, hung_up)),
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
    pub(crate) fn split(self) -> (impl Future<Output = ()> + Send, oneshot::Sender<Left>) {
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
    ended: oneshot::Receiver<Left>,
    on_signal: Duration,
    on_close: Duration,
}

impl Watcher {
    async fn run(mut self, signal: impl Future<Output = ()>, hung_up: impl Future<Output = ()>) {
        let mut is_hung_up = false;
        let mut hung_up = pin!(hung_up);
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
                () = &mut hung_up, if !is_hung_up => {
                    is_hung_up = true;
                    next_probe.set(sleep(self.on_close.saturating_add(GRACE)));
                }
                left = &mut self.ended => {
                    // A call that was given up is dropped by the thread that runs it, unless it blocks that thread.
                    let Ok(left) = left else { return };
                    if left() {
                        sleep(GRACE).await;
                    }
                    if !left() {
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
