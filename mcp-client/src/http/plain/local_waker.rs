//! Wakers of a connection that is polled by the task which uses it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures::task::AtomicWaker;

/// Number of polls within one, at most. Fixed: an exchange takes three, and a connection that
/// always has more to do must not starve other tasks.
const POLLS_PER_POLL: u32 = 16;

/// The connection is not being polled: the task has to be woken.
const IDLE: u8 = 0;
/// The connection is being polled.
const POLLING: u8 = 1;
/// It was woken since the poll began.
const WOKEN: u8 = 2;

/// Polls again at once what wakes itself while it is polled.
///
/// The two halves of a connection wake each other. Both belong to the task that is polling them,
/// and waking that task would cost a round through the scheduler for each message between them.
#[derive(Debug)]
pub(super) struct LocalWaker {
    shared: Arc<Shared>,
    waker: Waker,
}

#[derive(Debug)]
struct Shared {
    state: AtomicU8,
    task: AtomicWaker,
}

impl LocalWaker {
    pub(super) fn new() -> Self {
        let shared = Arc::new(Shared { state: AtomicU8::new(IDLE), task: AtomicWaker::new() });
        Self { waker: Arc::clone(&shared).into(), shared }
    }

    /// Polls, and again as long as that woke itself. The task of `cx` is woken later.
    pub(super) fn poll<T>(
        &self,
        cx: &Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let Shared { state, task } = &*self.shared;
        task.register(cx.waker());
        for _ in 0..POLLS_PER_POLL {
            state.store(POLLING, Ordering::SeqCst);
            let polled = poll(&mut Context::from_waker(&self.waker));
            if polled.is_ready() {
                return polled; // The next poll looks at everything, whatever was woken.
            }
            let waits =
                state.compare_exchange(POLLING, IDLE, Ordering::SeqCst, Ordering::SeqCst).is_ok();
            if waits {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.swap(WOKEN, Ordering::SeqCst) == IDLE {
            self.task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn what_wakes_itself_is_polled_again_and_its_task_is_not_woken() {
        let (local, task) = (LocalWaker::new(), Arc::new(Counter::default()));
        let waker = Waker::from(Arc::clone(&task));
        let cx = Context::from_waker(&waker);
        let (mut polls, mut kept) = (0, None);
        let polled: Poll<()> = local.poll(&cx, |cx| {
            polls += 1;
            if polls < 3 {
                cx.waker().wake_by_ref();
            }
            kept = Some(cx.waker().clone());
            Poll::Pending
        });
        assert!(polled.is_pending());
        assert_eq!((polls, task.0.load(Ordering::SeqCst)), (3, 0));
        kept.unwrap().wake();
        assert_eq!(task.0.load(Ordering::SeqCst), 1, "a later wake-up reaches the task");
    }

    #[test]
    fn what_always_wakes_itself_lets_other_tasks_run() {
        let (local, task) = (LocalWaker::new(), Arc::new(Counter::default()));
        let waker = Waker::from(Arc::clone(&task));
        let mut polls = 0;
        let polled: Poll<()> = local.poll(&Context::from_waker(&waker), |cx| {
            polls += 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        assert!(polled.is_pending());
        assert_eq!((polls, task.0.load(Ordering::SeqCst)), (POLLS_PER_POLL, 1));
    }
}
