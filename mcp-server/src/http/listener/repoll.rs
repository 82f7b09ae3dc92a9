//! A connection that wakes itself while it is polled is polled again at once.
//!
//! hyper does that for each POST: the handler asks for the body, which wakes the connection that
//! has to read it, and one task polls both. The runtime would put the task at the end of its queue
//! and wake another thread to take it from there.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use mcp_core::sync::Mutex;

/// Polls in a row, after which other tasks run. Fixed: a request needs two or three.
const MAX_POLLS: usize = 8;

/// The future is being polled.
const POLLING: u8 = 1;
/// The future was woken since its last poll began.
const WOKEN: u8 = 2;

/// Polls a future again when it wakes itself.
#[derive(Debug)]
pub(super) struct Repoll<F> {
    pub(super) future: F,
    wakes: Arc<Wakes>,
    waker: Waker,
}

/// The waker that the future sees.
#[derive(Debug)]
struct Wakes {
    /// [`POLLING`] and [`WOKEN`].
    state: AtomicU8,
    /// Wakes the task.
    task: Mutex<Waker>,
}

impl<F> Repoll<F> {
    pub(super) fn new(future: F) -> Self {
        let task = Mutex::new(Waker::noop().clone());
        let wakes = Arc::new(Wakes { state: AtomicU8::new(0), task });
        let waker = Waker::from(Arc::clone(&wakes));
        Self { future, wakes, waker }
    }
}

impl<F: Future + Unpin> Future for Repoll<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        this.wakes.task.lock().clone_from(cx.waker());
        let inner = &mut Context::from_waker(&this.waker);
        for _ in 0..MAX_POLLS {
            this.wakes.state.store(POLLING, Ordering::Release);
            if let Poll::Ready(output) = Pin::new(&mut this.future).poll(inner) {
                return Poll::Ready(output);
            }
            // From here on a wake reaches the task.
            if this.wakes.state.swap(0, Ordering::AcqRel) & WOKEN == 0 {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.fetch_or(WOKEN, Ordering::AcqRel) & POLLING == 0 {
            let task = self.task.lock().clone();
            task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Polls once a future that wakes itself in each of its first `wakes` polls. Returns how often
    /// it was polled and its task woken.
    fn poll(wakes: usize) -> (usize, usize) {
        let (mut polls, mut seen) = (0, Waker::noop().clone());
        let mut future = Repoll::new(poll_fn(|cx| {
            polls += 1;
            seen.clone_from(cx.waker());
            if polls <= wakes {
                cx.waker().wake_by_ref();
            }
            Poll::<()>::Pending
        }));
        let task = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&task));
        let polled = Pin::new(&mut future).poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        drop(future);
        let woken = task.0.load(Ordering::Relaxed);
        seen.wake_by_ref();
        assert_eq!(task.0.load(Ordering::Relaxed), woken + 1, "a wake between polls arrives");
        (polls, woken)
    }

    #[test]
    fn a_future_that_wakes_itself_is_polled_again_without_its_task() {
        for (wakes, polls) in [(0, 1), (1, 2), (3, 4)] {
            assert_eq!(poll(wakes), (polls, 0));
        }
    }

    #[test]
    fn a_future_that_never_rests_lets_other_tasks_run() {
        assert_eq!(poll(usize::MAX), (MAX_POLLS, 1));
    }
}
