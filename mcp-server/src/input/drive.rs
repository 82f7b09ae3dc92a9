//! Runs a handler that may ask (around step 6 of the walk of a call).
//!
//! In the modern era a question never completes in the round that asks it. As soon as the handler waits and has
//! asked something, it is dropped, and the call is answered with its questions and its journal; the client
//! sends it again with the answers, and the handler runs from its beginning. A round ends at the first point
//! where the handler waits: whatever else it waits for there is dropped too. Only what can run on without
//! waiting (it woke itself up) still runs, so that questions joined in any way are one round.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Task, Poll, Wake, Waker};

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, code};
use mcp_core::types::InputRequiredResult;

use super::journal::Journal;
use super::round::Round;
use super::seal::Binding;
use crate::context::{Context, HandlerFuture};

/// How often a handler that wakes itself up is polled on once it has asked.
const SPINS: usize = 64;

/// Changes of the questions between rounds after which they are taken to change in every round.
const REWORDED: u32 = 2;

/// How a handler ended.
pub(crate) enum Ended<T> {
    Complete(T),
    InputRequired(InputRequiredResult),
}

/// What belongs to one round of a call; its parameters are the same in all of them.
pub(crate) struct Leg<'a> {
    pub(crate) method: &'static str,
    pub(crate) params: &'a JsonBytes,
    pub(crate) input_responses: Option<JsonBytes>,
    pub(crate) request_state: Option<JsonBytes>,
}

impl<'a> Leg<'a> {
    /// # Errors
    /// −32602 when a member is doubled.
    pub(crate) fn new(method: &'static str, params: &'a JsonBytes) -> Result<Self, ErrorObject> {
        let [input_responses, request_state] =
            params
                .members(["inputResponses", "requestState"])
                .map_err(|error| crate::router::invalid_params(&error))?;
        Ok(Self { method, params, input_responses, request_state })
    }
}

/// Takes what the client sent back, before the handler begins.
///
/// # Errors
/// −32602 for a state that is not ours, not of this call, or expired; and for malformed answers.
pub(crate) fn open(context: &Context, leg: &Leg<'_>) -> Result<(), ErrorObject> {
    if (leg.input_responses.is_none() && leg.request_state.is_none())
        || !context.rules().result_type
    {
        return Ok(());
    }
    resume(context, leg)
}

#[cold]
fn resume(context: &Context, leg: &Leg<'_>) -> Result<(), ErrorObject> {
    // A state of `null` is none (T-31); answers of `null` are malformed.
    let token = leg.request_state.as_ref().filter(|token| token.as_bytes() != b"null");
    let Some(token) = token else {
        if let Some(responses) = &leg.input_responses {
            context.0.asking.round().lock().unasked = Journal::unasked(responses)?;
        }
        return Ok(());
    };
    let token: String = token
        .parse()
        .map_err(|_| ErrorObject::invalid_params("/requestState: expected a string"))?;
    let binding = Binding::new(context, leg.method, leg.params)?;
    let opened = context.0.server.sealer.open(&binding, &token)?;
    let mut journal: Journal = serde_json::from_slice(&opened)
        .map_err(|error| crate::error::internal("reading the journal of a call", &error))?;
    if let Some(responses) = &leg.input_responses {
        journal.take(responses)?;
    }
    context.0.asking.round().lock().journal = journal;
    Ok(())
}

/// Runs a handler to its end, or to its questions. `again` begins it anew, from the same parameters.
///
/// # Errors
/// The handler's; and why its questions cannot be asked.
pub(crate) async fn run<T>(
    context: &Context,
    leg: Leg<'_>,
    handler: HandlerFuture<T>,
    again: impl Fn() -> Result<HandlerFuture<T>, ErrorObject>,
) -> Result<Ended<T>, ErrorObject> {
    let ended = Turn { context, handler }.await;
    let Some(round) = context.0.asking.get() else {
        // Nothing was asked, so the handler came to its end.
        return ended?.map(Ended::Complete).ok_or_else(ErrorObject::internal);
    };
    if context.rules().result_type {
        return modern(context, &leg, round, ended);
    }
    // Boxed: rare, and its size would be every call's.
    Box::pin(legacy(context, round, ended, again)).await
}

fn modern<T>(
    context: &Context,
    leg: &Leg<'_>,
    round: &Round,
    ended: Result<Option<T>, ErrorObject>,
) -> Result<Ended<T>, ErrorObject> {
    let ended = ended?;
    let limits = &context.0.server.limits;
    let mut state = round.lock();
    let requests = match (ended, state.returned.take()) {
        (Some(value), None) => return Ok(Ended::Complete(value)),
        (Some(_), Some(returned)) => {
            returned.check(context)?;
            returned.note(&mut state.journal)
        }
        (None, _) => {
            let (requests, reworded) = state.questions(limits.input_questions);
            if state.journal.reworded > REWORDED {
                let place = reworded.map(ToString::to_string).unwrap_or_default();
                tracing::error!(place, keys = ?requests.keys(), "a call asks something else in every round: its questions must follow from its arguments and the answers alone");
                return Err(ErrorObject::new(
                    code::INTERNAL_ERROR,
                    "the questions of this call change in every round",
                ));
            }
            requests
        }
    };
    state.journal.rounds += 1;
    if state.journal.rounds > limits.input_rounds {
        let told =
            format!("this call asked for input {} times, which is all it may", limits.input_rounds);
        return Err(ErrorObject::new(code::INTERNAL_ERROR, told));
    }
    let failed =
        |error: serde_json::Error| crate::error::internal("writing the journal of a call", &error);
    let journal = serde_json::to_vec(&state.journal).map_err(failed)?;
    drop(state);
    let binding = Binding::new(context, leg.method, leg.params)?;
    let mut result =
        InputRequiredResult::new().request_state(context.0.server.sealer.seal(&binding, &journal)?);
    if !requests.is_empty() {
        result.input_requests = Some(requests);
    }
    Ok(Ended::InputRequired(result))
}

/// Asks what a handler returned as real requests, and begins it anew with the answers.
async fn legacy<T>(
    context: &Context,
    round: &Round,
    mut ended: Result<Option<T>, ErrorObject>,
    again: impl Fn() -> Result<HandlerFuture<T>, ErrorObject>,
) -> Result<Ended<T>, ErrorObject> {
    for _ in 0..=super::outcome::LEGACY_ROUNDS {
        let value = ended?;
        let returned = round.lock().returned.take();
        let Some(returned) = returned else {
            return value.map(Ended::Complete).ok_or_else(ErrorObject::internal);
        };
        let answers = returned.ask(context).await?;
        {
            let mut state = round.lock();
            state.again();
            state.journal.answers.retain(|old| answers.iter().all(|new| new.key != old.key));
            state.journal.answers.extend(answers);
            state.journal.state = returned.into_state();
        }
        ended = Turn { context, handler: again()? }.await;
    }
    Err(ErrorObject::new(code::INTERNAL_ERROR, "this call asks for input again and again"))
}

/// One execution of a handler: its result, or none when it waits for answers.
struct Turn<'a, T> {
    context: &'a Context,
    handler: HandlerFuture<T>,
}

impl<T> Future for Turn<'_, T> {
    type Output = Result<Option<T>, ErrorObject>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(result) = self.handler.as_mut().poll(task) {
            return Poll::Ready(result.map(Some));
        }
        let asking = &self.context.0.asking;
        if asking.by_result {
            asking.driver.register(task.waker());
        }
        if !asking.get().is_some_and(Round::has_questions) {
            return Poll::Pending;
        }
        self.settle()
    }
}

impl<T> Turn<'_, T> {
    /// The handler has asked and waits. It runs on as long as it wakes itself up.
    #[cold]
    fn settle(&mut self) -> Poll<Result<Option<T>, ErrorObject>> {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        for _ in 0..SPINS {
            if let Poll::Ready(result) = self.handler.as_mut().poll(&mut Task::from_waker(&waker)) {
                return Poll::Ready(result.map(Some));
            }
            if !woken.0.swap(false, Ordering::Relaxed) {
                break;
            }
        }
        // The last poll may have withdrawn the question, and its wakers are ours.
        if self.context.0.asking.get().is_some_and(Round::suspend) {
            return Poll::Ready(Ok(None));
        }
        self.context.0.asking.driver.wake();
        Poll::Pending
    }
}

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        if let Some(round) = self.context.0.asking.get() {
            round.close();
        }
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
