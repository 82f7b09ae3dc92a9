//! No notification about a call leaves after its answer (PROG-2, LOG-2).

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;

use futures::task::AtomicWaker;

/// Opens with a call and closes before its answer is written.
///
/// A notification may wait until the peer has read earlier ones, and the handler may leave it to a
/// task that outlives the call. So whether the call is over is asked each time that the sending of
/// one is polled, and the end of the call waits for polls that are running on other threads. It
/// waits for nothing else: a task that stopped polling cannot hold up the answer.
#[derive(Default)]
pub(crate) struct NotificationGate {
    is_over: AtomicBool,
    polls: AtomicUsize,
    last_poll: AtomicWaker,
}

impl NotificationGate {
    /// Whether the call was answered or dropped.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    /// Closes without waiting, for a call that is not answered.
    pub(crate) fn close(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// Closes, and waits until no notification is being written.
    pub(crate) async fn close_and_wait(&self) {
        self.close();
        poll_fn(|task| {
            if self.polls.load(Ordering::SeqCst) == 0 {
                return Poll::Ready(());
            }
            self.last_poll.register(task.waker());
            // It may have ended before the waker was there.
            match self.polls.load(Ordering::SeqCst) {
                0 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        })
        .await;
    }

    /// Sends a notification, unless the call is over or ends meanwhile.
    pub(crate) async fn send(&self, sending: impl Future<Output = ()>) {
        let mut sending = pin!(sending);
        poll_fn(|task| {
            let poll = RunningPoll::begin(self);
            if self.is_over() {
                return Poll::Ready(());
            }
            let polled = sending.as_mut().poll(task);
            drop(poll);
            polled
        })
        .await;
    }
}

struct RunningPoll<'a>(&'a NotificationGate);

impl<'a> RunningPoll<'a> {
    fn begin(gate: &'a NotificationGate) -> Self {
        gate.polls.fetch_add(1, Ordering::SeqCst);
        Self(gate)
    }
}

impl Drop for RunningPoll<'_> {
    fn drop(&mut self) {
        if self.0.polls.fetch_sub(1, Ordering::SeqCst) == 1 && self.0.is_over() {
            self.0.last_poll.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn what_waits_when_the_call_ends_is_not_sent() {
        let gate = NotificationGate::default();
        let mut polls = 0;
        let sending = poll_fn(|_| {
            polls += 1;
            Poll::Pending
        });
        let mut sending = Box::pin(gate.send(sending));
        assert!(sending.as_mut().now_or_never().is_none());
        // A task that stopped polling does not hold up the end.
        assert!(gate.close_and_wait().now_or_never().is_some());
        assert!(sending.as_mut().now_or_never().is_some());
        drop(sending);
        assert_eq!(polls, 1);
        assert!(gate.send(async { panic!("the call is over") }).now_or_never().is_some());
    }
}
