//! A circuit breaker: an endpoint that fails is left alone for a while.

use std::time::Duration;

use mcp_core::deadline::later;
use mcp_core::sync::Mutex;
use tokio::time::Instant;

/// When to try again, while the endpoint is not left alone, or a single request tries it.
const SOON: Duration = Duration::from_secs(1);

/// Counts failures in a row.
pub(super) struct Breaker {
    max_failures: u32,
    pause: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    open_until: Option<Instant>,
    /// Whether a request finds out if the endpoint works again.
    is_probing: bool,
}

/// One request. Dropped without a result, it has no effect.
pub(super) struct Attempt<'a> {
    breaker: &'a Breaker,
    is_probe: bool,
}

impl Breaker {
    pub(super) fn new(max_failures: u32, pause: Duration) -> Self {
        Self { max_failures: max_failures.max(1), pause, state: Mutex::default() }
    }

    /// Begins a request. The error is the time until one may be sent.
    pub(super) fn begin(&self) -> Result<Attempt<'_>, Duration> {
        let mut state = self.state.lock();
        let Some(open_until) = state.open_until else {
            return Ok(Attempt { breaker: self, is_probe: false });
        };
        let rest = open_until.saturating_duration_since(Instant::now());
        if !rest.is_zero() {
            return Err(rest);
        }
        if state.is_probing {
            return Err(SOON);
        }
        state.is_probing = true;
        Ok(Attempt { breaker: self, is_probe: true })
    }
}

impl Attempt<'_> {
    /// The endpoint works.
    pub(super) fn succeed(self) {
        let mut state = self.breaker.state.lock();
        state.failures = 0;
        state.open_until = None;
    }

    /// The endpoint refused this one request. It works, so that a probe succeeds; but a client that
    /// provokes this does not hide the failures of others.
    pub(super) fn refused(self) {
        if self.is_probe {
            self.succeed();
        }
    }

    /// The endpoint failed, and may have asked for a pause. Returns the time until the next request
    /// may be sent.
    pub(super) fn fail(self, asked: Option<Duration>) -> Duration {
        let breaker = self.breaker;
        let mut state = breaker.state.lock();
        state.failures = state.failures.saturating_add(1);
        let is_opening = state.failures >= breaker.max_failures;
        let pause = match (asked, is_opening) {
            (Some(asked), true) => asked.max(breaker.pause),
            // A single answer, which one client may have provoked, does not stop all others for
            // long.
            (Some(asked), false) => asked.min(breaker.pause),
            (None, true) => breaker.pause,
            (None, false) => {
                // A probe after a short pause is a failure as any other.
                state.open_until = state.open_until.filter(|until| *until > Instant::now());
                return SOON;
            }
        };
        let until = later(Instant::now(), pause);
        state.open_until = Some(state.open_until.map_or(until, |open| open.max(until)));
        pause
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if self.is_probe {
            self.breaker.state.lock().is_probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(10);

    fn refused(breaker: &Breaker) -> Duration {
        breaker.begin().err().expect("a refusal")
    }

    #[tokio::test(start_paused = true)]
    async fn an_endpoint_that_fails_is_left_alone_and_tried_by_one_request() {
        let breaker = Breaker::new(3, PAUSE);
        for expected in [SOON, SOON, PAUSE] {
            assert_eq!(breaker.begin().ok().unwrap().fail(None), expected);
        }
        assert_eq!(refused(&breaker), PAUSE);
        tokio::time::advance(PAUSE).await;
        let probe = breaker.begin().ok().unwrap();
        assert_eq!(refused(&breaker), SOON);
        assert_eq!(probe.fail(None), PAUSE);
        assert_eq!(refused(&breaker), PAUSE);

        tokio::time::advance(PAUSE).await;
        drop(breaker.begin().ok().unwrap()); // Its client disconnected.
        breaker.begin().ok().unwrap().succeed();
        for expected in [SOON, SOON, PAUSE] {
            assert_eq!(breaker.begin().ok().unwrap().fail(None), expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_the_endpoint_asks_for_is_kept() {
        let breaker = Breaker::new(3, PAUSE);
        let asked = Duration::from_secs(4);
        assert_eq!(breaker.begin().ok().unwrap().fail(Some(asked)), asked);
        assert_eq!(refused(&breaker), asked);
        tokio::time::advance(asked).await;
        // One that is longer is shortened, until the endpoint has failed often enough.
        let long = 6 * PAUSE;
        assert_eq!(breaker.begin().ok().unwrap().fail(Some(long)), PAUSE);
        assert_eq!(refused(&breaker), PAUSE);
        tokio::time::advance(PAUSE).await;
        assert_eq!(breaker.begin().ok().unwrap().fail(Some(long)), long);
        assert_eq!(refused(&breaker), long);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_after_a_short_pause_is_one_of_many() {
        let breaker = Breaker::new(4, PAUSE);
        let asked = Duration::from_secs(4);
        let early = breaker.begin().ok().unwrap();
        assert_eq!(breaker.begin().ok().unwrap().fail(Some(asked)), asked);
        // It ends no pause.
        assert_eq!(early.fail(None), SOON);
        assert_eq!(refused(&breaker), asked);
        tokio::time::advance(asked).await;
        assert_eq!(breaker.begin().ok().unwrap().fail(None), SOON);
        assert_eq!(breaker.begin().ok().unwrap().fail(None), PAUSE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_request_is_no_failure_and_hides_none() {
        let breaker = Breaker::new(2, PAUSE);
        for _ in 0..10 {
            breaker.begin().ok().unwrap().refused();
        }
        assert_eq!(breaker.begin().ok().unwrap().fail(None), SOON);
        breaker.begin().ok().unwrap().refused();
        assert_eq!(breaker.begin().ok().unwrap().fail(None), PAUSE);
        tokio::time::advance(PAUSE).await;
        breaker.begin().ok().unwrap().refused();
        assert_eq!(breaker.begin().ok().unwrap().fail(None), SOON);
    }
}
