//! Runs a handler that may ask (around step 6 of the walk of a call).
//!
//! In the modern era a question never completes in the round that asks it. As soon as the handler
//! waits and has asked something, it is dropped, and the call is answered with its questions and
//! its journal; the client sends it again with the answers, and the handler runs from its
//! beginning. A round ends at the first point where the handler waits: whatever else it waits for
//! there is dropped too. Only what can run on without waiting (it woke itself up) still runs, so
//! that questions joined in any way are one round.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Task, Poll, Wake, Waker};

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, code};
use mcp_core::types::InputRequiredResult;

use super::explicit::{LEGACY_ROUNDS, ask_on_session, check};
use crate::context::{Context, HandlerFuture};
use crate::principal::Principal;
use crate::questions::{Journal, Round};
use crate::seal::Binding;
use crate::wire::WireResult;

/// How often a handler that wakes itself up is polled on once it has asked.
const SPINS: usize = 64;

/// Changes of the questions between rounds after which they are taken to change in every round.
const REWORDED: u32 = 2;

/// How a handler ended.
enum HandlerOutcome<T> {
    Complete(T),
    InputRequired(InputRequiredResult),
}

/// What belongs to one round of a call; its parameters are the same in all of them.
pub(crate) struct RoundInput<'a> {
    pub(crate) method: &'static str,
    pub(crate) params: &'a JsonBytes,
    pub(crate) input_responses: Option<JsonBytes>,
    pub(crate) request_state: Option<JsonBytes>,
}

impl<'a> RoundInput<'a> {
    /// # Errors
    /// −32602 when a member is doubled.
    pub(crate) fn read(method: &'static str, params: &'a JsonBytes) -> Result<Self, ErrorObject> {
        let [input_responses, request_state] =
            params
                .members(["inputResponses", "requestState"])
                .map_err(|error| ErrorObject::invalid_params(error.to_string()))?;
        Ok(Self { method, params, input_responses, request_state })
    }
}

/// Answers a call: takes what the client sent back, runs the handler, and writes its result or its
/// questions. `begin` begins the handler, each time from the same parameters; `finish` checks and
/// completes its result.
///
/// # Errors
/// Those of [`open`], [`run`] and `finish`, and −32603 when the result cannot be written.
pub(crate) async fn answer<T: WireResult>(
    context: &Context,
    input: RoundInput<'_>,
    begin: impl Fn() -> HandlerFuture<T>,
    finish: impl FnOnce(&mut T) -> Result<(), ErrorObject>,
) -> Result<JsonBytes, ErrorObject> {
    open(context, &input)?;
    match run(context, input, begin).await? {
        HandlerOutcome::Complete(mut result) => {
            finish(&mut result)?;
            context.encode(result)
        }
        HandlerOutcome::InputRequired(result) => (context.call().environment.encoder)
            .encode_input_required(result)
            .map_err(|error| crate::error::internal("writing the questions of a call", &error)),
    }
}

/// Takes what the client sent back, before the handler begins.
///
/// # Errors
/// −32602 for a state that is not ours, not of this call, or expired; and for malformed answers.
fn open(context: &Context, input: &RoundInput<'_>) -> Result<(), ErrorObject> {
    if (input.input_responses.is_none() && input.request_state.is_none())
        || !context.rules().input_required
    {
        return Ok(());
    }
    resume(context, input)
}

#[cold]
fn resume(context: &Context, input: &RoundInput<'_>) -> Result<(), ErrorObject> {
    // A state of `null` is none (TRAP-31); answers of `null` are malformed.
    let token = input.request_state.as_ref().filter(|token| token.as_bytes() != b"null");
    let Some(token) = token else {
        if let Some(responses) = &input.input_responses {
            context.call().questions.round().lock().unasked = Journal::unasked(responses)?;
        }
        return Ok(());
    };
    let token: String = token
        .parse()
        .map_err(|_| ErrorObject::invalid_params("/requestState: expected a string"))?;
    let sealer = &context.call().environment.sealer;
    let (opened, receipt) = sealer.open(&binding(context, input)?, &token)?;
    let mut journal: Journal = serde_json::from_slice(&opened)
        .map_err(|error| crate::error::internal("reading the journal of a call", &error))?;
    if let Some(responses) = &input.input_responses {
        journal.take(responses)?;
    }
    // Answers that do not fit can be corrected, so only now.
    sealer.redeem(receipt, context.principal().map(Principal::id))?;
    context.call().questions.round().lock().journal = journal;
    Ok(())
}

/// Runs a handler to its end, or to its questions.
///
/// # Errors
/// The handler's; and why its questions cannot be asked.
async fn run<T>(
    context: &Context,
    input: RoundInput<'_>,
    begin: impl Fn() -> HandlerFuture<T>,
) -> Result<HandlerOutcome<T>, ErrorObject> {
    let ended = Execution { context, handler: begin() }.await;
    let Some(round) = context.call().questions.get() else {
        // Nothing was asked, so the handler came to its end.
        return ended?.map(HandlerOutcome::Complete).ok_or_else(ErrorObject::internal);
    };
    if context.rules().input_required {
        return modern(context, &input, round, ended);
    }
    // Boxed: rare, and its size would be every call's.
    Box::pin(legacy(context, round, ended, begin)).await
}

fn modern<T>(
    context: &Context,
    input: &RoundInput<'_>,
    round: &Round,
    ended: Result<Option<T>, ErrorObject>,
) -> Result<HandlerOutcome<T>, ErrorObject> {
    let ended = ended?;
    let limits = &context.call().environment.limits;
    let mut state = round.lock();
    let requests = match (ended, state.returned.take()) {
        (Some(value), None) => return Ok(HandlerOutcome::Complete(value)),
        (Some(_), Some(returned)) => {
            check(context, &returned)?;
            returned.record(&mut state.journal)
        }
        (None, _) => {
            let (requests, reworded) = state.questions(limits.max_input_questions);
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
    if state.journal.rounds > limits.max_input_rounds {
        let told = format!(
            "this call asked for input {} times, which is all it may",
            limits.max_input_rounds
        );
        return Err(ErrorObject::new(code::INTERNAL_ERROR, told));
    }
    let failed =
        |error: serde_json::Error| crate::error::internal("writing the journal of a call", &error);
    let journal = serde_json::to_vec(&state.journal).map_err(failed)?;
    drop(state);
    let binding = binding(context, input)?;
    let mut result = InputRequiredResult::new()
        .request_state(context.call().environment.sealer.seal(&binding, &journal)?);
    if !requests.is_empty() {
        result.input_requests = Some(requests);
    }
    Ok(HandlerOutcome::InputRequired(result))
}

/// Asks what a handler returned as real requests, and runs it again with the answers.
async fn legacy<T>(
    context: &Context,
    round: &Round,
    mut ended: Result<Option<T>, ErrorObject>,
    begin: impl Fn() -> HandlerFuture<T>,
) -> Result<HandlerOutcome<T>, ErrorObject> {
    for _ in 0..=LEGACY_ROUNDS {
        let value = ended?;
        let returned = round.lock().returned.take();
        let Some(returned) = returned else {
            return value.map(HandlerOutcome::Complete).ok_or_else(ErrorObject::internal);
        };
        let answers = ask_on_session(context, &returned).await?;
        {
            let mut state = round.lock();
            state.again();
            state.journal.answers.retain(|old| answers.iter().all(|new| new.key != old.key));
            state.journal.answers.extend(answers);
            state.journal.state = returned.state;
        }
        ended = Execution { context, handler: begin() }.await;
    }
    Err(ErrorObject::new(code::INTERNAL_ERROR, "this call asks for input again and again"))
}

fn binding(context: &Context, input: &RoundInput<'_>) -> Result<Binding, ErrorObject> {
    let principal = context.principal().map(Principal::id);
    let server_name = &context.call().environment.server_name;
    Binding::new(server_name, principal, input.method, input.params)
}

/// One execution of a handler: its result, or none when it waits for answers.
struct Execution<'a, T> {
    context: &'a Context,
    handler: HandlerFuture<T>,
}

impl<T> Future for Execution<'_, T> {
    type Output = Result<Option<T>, ErrorObject>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(result) = self.handler.as_mut().poll(task) {
            return Poll::Ready(result.map(Some));
        }
        let asking = &self.context.call().questions;
        if asking.by_result {
            asking.driver.register(task.waker());
        }
        if !asking.get().is_some_and(Round::has_questions) {
            return Poll::Pending;
        }
        self.settle()
    }
}

impl<T> Execution<'_, T> {
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
        if self.context.call().questions.get().is_some_and(Round::suspend) {
            return Poll::Ready(Ok(None));
        }
        self.context.call().questions.driver.wake();
        Poll::Pending
    }
}

impl<T> Drop for Execution<'_, T> {
    fn drop(&mut self) {
        if let Some(round) = self.context.call().questions.get() {
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
