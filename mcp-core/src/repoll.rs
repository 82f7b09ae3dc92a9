//! Polling again at once what wakes itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures::task::AtomicWaker;

/// Polls in a row, after which other tasks run. Fixed: an exchange over HTTP needs two or three.
const MAX_POLLS: usize = 8;

/// The poll function is running.
const POLLING: u8 = 1;
/// It was woken since its last run began.
const WOKEN: u8 = 2;

/// Polls again at once what wakes itself while it is polled.
///
/// The parts of a connection wake each other, although one task polls them all. Waking that task
/// would put it at the end of the queue of its runtime, which may also wake another thread to run
/// it.
#[derive(Debug)]
pub struct Repoll {
    shared: Arc<Shared>,
    waker: Waker,
}

#[derive(Debug)]
struct Shared {
    /// [`POLLING`] and [`WOKEN`].
    state: AtomicU8,
    task: AtomicWaker,
}

impl Repoll {
    /// Creates a state for what one task at a time polls.
    #[must_use]
    pub fn new() -> Self {
        let shared = Arc::new(Shared { state: AtomicU8::new(0), task: AtomicWaker::new() });
        Self { waker: Waker::from(Arc::clone(&shared)), shared }
    }

    /// Calls `poll`, and again as long as it was woken while it ran, at most eight times in a row.
    /// Later the task of `cx` is woken.
    pub fn poll<T>(
        &self,
        cx: &Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let Shared { state, task } = &*self.shared;
        task.register(cx.waker());
        for _ in 0..MAX_POLLS {
            state.swap(POLLING, Ordering::AcqRel);
            if let Poll::Ready(output) = poll(&mut Context::from_waker(&self.waker)) {
                return Poll::Ready(output); // A wake from now on changes nothing for this task.
            }
            // From here on a wake reaches the task.
            if state.swap(0, Ordering::AcqRel) & WOKEN == 0 {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Drops the waker of the task that polled last, which is not to be woken any more.
    pub fn forget_task(&self) {
        drop(self.shared.task.take());
    }
}

impl Default for Repoll {
    fn default() -> Self {
        Self::new()
    }
}

impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.fetch_or(WOKEN, Ordering::AcqRel) & POLLING == 0 {
            self.task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Polls once what wakes itself in each of its first `wakes` polls. Returns how often it was
    /// polled and its task woken.
    fn poll(wakes: usize) -> (usize, usize) {
        let (repoll, task) = (Repoll::new(), Arc::new(Count::default()));
        let waker = Waker::from(Arc::clone(&task));
        let (mut polls, mut seen) = (0, Waker::noop().clone());
        let polled: Poll<()> = repoll.poll(&Context::from_waker(&waker), |cx| {
            polls += 1;
            seen.clone_from(cx.waker());
            if polls <= wakes {
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        });
        assert!(polled.is_pending());
        let woken = task.0.load(Ordering::Relaxed);
        seen.wake_by_ref();
        assert_eq!(task.0.load(Ordering::Relaxed), woken + 1, "a wake between polls arrives");
        (polls, woken)
    }

    #[test]
    fn what_wakes_itself_is_polled_again_without_its_task() {
        for (wakes, polls) in [(0, 1), (1, 2), (3, 4)] {
            assert_eq!(poll(wakes), (polls, 0));
        }
    }

    #[test]
    fn what_never_rests_lets_other_tasks_run() {
        assert_eq!(poll(usize::MAX), (MAX_POLLS, 1));
    }

    #[test]
    fn a_forgotten_task_is_not_woken() {
        let (repoll, task) = (Repoll::new(), Arc::new(Count::default()));
        let waker = Waker::from(Arc::clone(&task));
        let mut seen = Waker::noop().clone();
        let polled: Poll<()> = repoll.poll(&Context::from_waker(&waker), |cx| {
            seen.clone_from(cx.waker());
            Poll::Pending
        });
        assert!(polled.is_pending());
        repoll.forget_task();
        seen.wake();
        assert_eq!(task.0.load(Ordering::Relaxed), 0);
    }
}
