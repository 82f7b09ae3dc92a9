//! When the server waits for the client: for a handler that answers it, or for a user who logs in.
//!
//! The server cannot make progress then, so the idle timeouts of calls do not run. Only calls that
//! were in flight when the question arrived are affected: none of the later ones caused it.

use std::time::Duration;

use mcp_core::sync::Mutex;
use tokio::time::Instant;

/// What the server waits for, now and before.
#[derive(Debug, Default)]
pub(crate) struct Handling(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When each question that is open arrived.
    open: Vec<Instant>,
    /// Questions that were answered: when they arrived, and when they were answered. Only those
    /// that say something about a call which the later ones do not concern: arrival decreases as
    /// the time of the answer increases. Their number is at most that of questions open at the same
    /// time.
    answered: Vec<(Instant, Instant)>,
    /// The time in which at least one question was open, without the interval that is still
    /// running.
    answering_time: Duration,
    /// When that interval began.
    answering_since: Option<Instant>,
}

impl Handling {
    /// States that the server waits for the client as long as the guard lives.
    pub(crate) fn begin(&self) -> Busy<'_> {
        let arrived = Instant::now();
        let mut state = self.0.lock();
        state.open.push(arrived);
        state.answering_since.get_or_insert(arrived);
        Busy { handling: self, arrived }
    }

    /// The last time at which the server waited for an answer that a call which began at `began`
    /// may have caused; `began` if it never did.
    pub(crate) fn last_answer_since(&self, began: Instant) -> Instant {
        let state = self.0.lock();
        if state.open.iter().any(|arrived| *arrived >= began) {
            return Instant::now();
        }
        let concerning = state.answered.iter().filter(|(arrived, _)| *arrived >= began);
        concerning.map(|(_, answered)| *answered).max().unwrap_or(began)
    }

    /// Whether the server waits for the client now.
    pub(crate) fn is_answering(&self) -> bool {
        !self.0.lock().open.is_empty()
    }

    /// How long the server has waited for the client in all.
    pub(crate) fn answering_time(&self) -> Duration {
        let state = self.0.lock();
        state.answering_time + state.answering_since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

/// A question that is open as long as this lives.
pub(crate) struct Busy<'a> {
    handling: &'a Handling,
    arrived: Instant,
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut state = self.handling.0.lock();
        if let Some(place) = state.open.iter().position(|arrived| *arrived == self.arrived) {
            state.open.swap_remove(place);
        }
        while state.answered.last().is_some_and(|(arrived, _)| *arrived <= self.arrived) {
            state.answered.pop();
        }
        state.answered.push((self.arrived, now));
        if state.open.is_empty()
            && let Some(since) = state.answering_since.take()
        {
            state.answering_time += now.saturating_duration_since(since);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_question_concerns_the_calls_that_were_in_flight_when_it_arrived() {
        let handling = Handling::default();
        let before = Instant::now();
        advance(SECOND).await;
        let first = handling.begin();
        advance(SECOND).await;
        let between = Instant::now();
        advance(SECOND).await;
        let second = handling.begin();
        advance(SECOND).await;
        let after = Instant::now();
        let last = || [before, between, after].map(|began| handling.last_answer_since(began));
        assert_eq!(last(), [after, after, after]);
        advance(SECOND).await;
        let now = Instant::now();
        assert_eq!(last(), [now, now, after], "no question arrived after the last call began");
        drop(second);
        advance(SECOND).await;
        assert_eq!(last(), [Instant::now(), now, after]);
        drop(first);
        let answered = Instant::now();
        assert_eq!(last(), [answered, now, after]);
        assert_eq!(handling.answering_time(), 5 * SECOND);
        for _ in 0..100 {
            drop(handling.begin());
        }
        assert_eq!(handling.0.lock().answered.len(), 1, "the last answer stands for all");
    }
}
