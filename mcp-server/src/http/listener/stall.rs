//! Streams of HTTP/2 whose peer does not read (THREAT-7 and THREAT-8).
//!
//! With HTTP/1 the socket shows it, because it takes no more. With HTTP/2 the socket goes on, and
//! pings are answered, while one stream has no window: hyper does not poll its body until there is
//! one, and waits for that without end.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Sleep, sleep};

tokio::task_local! {
    /// Set by the body that the task of a stream writes.
    static WAITING: Cell<Waiting>;
}

/// What a stream waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    /// The handler has nothing to write now.
    Handler,
    /// Something was handed over just now.
    Progress,
    /// What was handed over, or will be, waits for the peer to take it.
    Peer,
}

impl Waiting {
    /// Notes it for the stream that is being polled, if one is: HTTP/1 has none.
    pub(super) fn note(self) {
        WAITING.try_with(|waiting| waiting.set(self)).unwrap_or_default();
    }
}

/// Runs the task of a stream; drops it, which resets the stream, once its peer has taken nothing
/// for `patience`.
pub(super) async fn guard<F: Future>(stream: F, patience: Duration) {
    let run = async move {
        let mut stream = pin!(stream);
        let mut stalled: Option<Pin<Box<Sleep>>> = None;
        poll_fn(|cx| {
            if stream.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            match WAITING.with(Cell::get) {
                Waiting::Handler => {
                    stalled = None;
                    return Poll::Pending;
                }
                Waiting::Progress => {
                    stalled = None;
                    Waiting::Peer.note();
                }
                Waiting::Peer => {}
            }
            let stalled = stalled.get_or_insert_with(|| Box::pin(sleep(patience)));
            stalled
                .as_mut()
                .poll(cx)
                .map(|()| tracing::debug!("the peer of an HTTP/2 stream does not read"))
        })
        .await;
    };
    WAITING.scope(Cell::new(Waiting::Handler), run).await;
}
