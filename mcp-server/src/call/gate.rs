//! Ensures that no notification about a call is sent after its answer (PROG-2, LOG-2).

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;

use futures::task::AtomicWaker;

/// Open while a call runs, closed before its answer is written.
///
/// A notification may wait until the peer has read earlier ones, and a handler may send it from a
/// task that outlives the call. So each poll of a notification checks whether the call has ended,
/// and the end of the call waits for polls in progress on other threads. It waits for nothing else:
/// a task that stopped polling cannot delay the answer.
#[derive(Default)]
pub(crate) struct NotificationGate {
    is_over: AtomicBool,
    active_polls: AtomicUsize,
    last_poll_ended: AtomicWaker,
}

impl NotificationGate {
    /// Whether the call has been answered or dropped.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    /// Closes the gate without waiting, for a call that is not answered.
    pub(crate) fn close(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// Closes the gate and waits until no notification is being sent.
    pub(crate) async fn close_and_wait(&self) {
        self.close();
        poll_fn(|task| {
            if self.active_polls.load(Ordering::SeqCst) == 0 {
                return Poll::Ready(());
            }
            self.last_poll_ended.register(task.waker());
            // The poll may have ended before the waker was registered.
            match self.active_polls.load(Ordering::SeqCst) {
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
            let poll = ActivePoll::begin(self);
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

struct ActivePoll<'a>(&'a NotificationGate);

impl<'a> ActivePoll<'a> {
    fn begin(gate: &'a NotificationGate) -> Self {
        gate.active_polls.fetch_add(1, Ordering::SeqCst);
        Self(gate)
    }
}

impl Drop for ActivePoll<'_> {
    fn drop(&mut self) {
        if self.0.active_polls.fetch_sub(1, Ordering::SeqCst) == 1 && self.0.is_over() {
            self.0.last_poll_ended.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn a_notification_that_waits_when_the_call_ends_is_not_sent() {
        let gate = NotificationGate::default();
        let mut polls = 0;
        let sending = poll_fn(|_| {
            polls += 1;
            Poll::Pending
        });
        let mut sending = Box::pin(gate.send(sending));
        assert!(sending.as_mut().now_or_never().is_none());
        // A task that stopped polling does not delay the end of the call.
        assert!(gate.close_and_wait().now_or_never().is_some());
        assert!(sending.as_mut().now_or_never().is_some());
        drop(sending);
        assert_eq!(polls, 1);
        assert!(gate.send(async { panic!("the call has ended") }).now_or_never().is_some());
    }
}
