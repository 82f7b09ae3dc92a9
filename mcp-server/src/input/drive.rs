//! Runs handlers that may ask questions.
//!
//! In the modern era, a question never completes in the round that asks it. When the handler is
//! pending and has asked a question, it is dropped, and the call is answered with its questions and
//! its journal. The client repeats the call with the answers, and the handler runs again from its
//! beginning. So a round ends at the first point where the handler is pending, whatever else it
//! waits for. Only a handler that has woken itself is polled again, so that all questions of a
//! `join!` are in one round.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Task, Poll, Wake, Waker};

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, Params, code};
use mcp_core::types::{InputRequests, InputRequiredResult};

use super::explicit::{ask_on_session, check};
use crate::auth::Principal;
use crate::context::{Context, HandlerFuture};
use crate::json_text::read_text;
use crate::questions::{Journal, Round, RoundState};
use crate::seal::Binding;
use crate::wire::WireResult;

/// Maximum number of extra polls of a handler that wakes itself after a question. Fixed: it only
/// has to exceed the polls that a `join!` of a round's questions takes.
const MAX_EXTRA_POLLS: usize = 64;

/// Number of rounds with changed questions after which the call fails. Fixed: questions that follow
/// from the answers do not change.
const MAX_CHANGED_ROUNDS: u32 = 2;

/// The outcome of a handler.
pub(super) enum HandlerOutcome<T> {
    Complete(T),
    InputRequired(InputRequiredResult),
    Detached,
}

/// How a call is answered.
pub(crate) enum CallAnswer {
    /// With its result, or with its questions.
    Result(JsonBytes),
    /// The handler asked to go on as a task ([`CallQuestions::detach`]). The round of the call has
    /// the journal.
    ///
    /// [`CallQuestions::detach`]: crate::questions::CallQuestions::detach
    Detached,
}

/// How one execution of a task's handler ended.
#[cfg(feature = "tasks")]
pub(crate) enum TaskRun {
    /// With its result.
    Complete(JsonBytes),
    /// With questions, by their keys. The round of the call has the journal.
    Asked(InputRequests),
}

/// The parts of a request that differ between the rounds of a call, and its parameters.
pub(crate) struct RoundInput<'a> {
    pub(crate) method: &'static str,
    pub(crate) params: &'a Params,
    pub(crate) input_responses: Option<&'a str>,
    pub(crate) request_state: Option<&'a str>,
}

impl<'a> RoundInput<'a> {
    /// Reads them from the parameters of a request.
    ///
    /// # Errors
    /// −32602 if a member is duplicated.
    pub(crate) fn read(method: &'static str, params: &'a Params) -> Result<Self, ErrorObject> {
        let [input_responses, request_state] = params
            .member_texts(["inputResponses", "requestState"])
            .map_err(|error| ErrorObject::invalid_params(error.to_string()))?;
        Ok(Self { method, params, input_responses, request_state })
    }
}

/// Answers a call: reads the state and the answers that the client sent back, runs the handler, and
/// encodes its result or its questions. `begin` starts the handler from the same parameters each
/// time; `finish` validates and completes its result.
///
/// # Errors
/// Those of [`open`], [`run`] and `finish`, and −32603 if the result cannot be encoded.
pub(crate) async fn answer<T: WireResult>(
    context: &Context,
    input: RoundInput<'_>,
    begin: impl Fn() -> HandlerFuture<T>,
    finish: impl FnOnce(&mut T) -> Result<(), ErrorObject>,
) -> Result<CallAnswer, ErrorObject> {
    open(context, &input).await?;
    match run(context, &input, begin).await? {
        HandlerOutcome::Complete(mut result) => {
            finish(&mut result)?;
            context.encode(result).map(CallAnswer::Result)
        }
        HandlerOutcome::InputRequired(result) => {
            encode_questions(context, result).map(CallAnswer::Result)
        }
        HandlerOutcome::Detached => Ok(CallAnswer::Detached),
    }
}

/// Encodes the questions of a call as its result.
///
/// # Errors
/// −32603 if they cannot be encoded.
pub(super) fn encode_questions(
    context: &Context,
    mut result: InputRequiredResult,
) -> Result<JsonBytes, ErrorObject> {
    context.mark_stale(&mut result.meta);
    let encoded = context.call().environment.encoder.encode_input_required(result);
    encoded.map_err(|error| crate::error::internal("encoding the questions of a call", &error))
}

impl CallAnswer {
    /// Returns the result of a call that cannot go on as a task.
    ///
    /// # Errors
    /// −32603 if it asked to.
    pub(crate) fn into_result(self) -> Result<JsonBytes, ErrorObject> {
        match self {
            Self::Result(result) => Ok(result),
            Self::Detached => {
                Err(crate::error::internal("answering a call", &"only tools can run as tasks"))
            }
        }
    }
}

/// Runs the handler of a task until it completes or asks questions.
///
/// # Errors
/// Those of the handler and of `finish`, and −32603 if the result cannot be encoded.
#[cfg(feature = "tasks")]
pub(crate) async fn run_task<T: WireResult>(
    context: &Context,
    handler: HandlerFuture<T>,
    finish: impl FnOnce(&mut T) -> Result<(), ErrorObject>,
) -> Result<TaskRun, ErrorObject> {
    let outcome = Execution::new(context, handler).await?;
    let result = match context.call().questions.get() {
        None => outcome.ok_or_else(ErrorObject::internal)?,
        Some(round) => match end_round(context, &mut round.lock(), outcome)? {
            RoundEnd::Complete(result) => result,
            RoundEnd::Asked(requests) => return Ok(TaskRun::Asked(requests)),
        },
    };
    let mut result = result;
    finish(&mut result)?;
    context.encode(result).map(TaskRun::Complete)
}

/// Reads the state and the answers that the client sent back, before the handler starts. If a layer
/// has done that, nothing is read again.
///
/// # Errors
/// −32602 for a state that this server did not seal, that belongs to another call or that has
/// expired, and for malformed answers.
pub(crate) async fn open(context: &Context, input: &RoundInput<'_>) -> Result<(), ErrorObject> {
    if (input.input_responses.is_none() && input.request_state.is_none())
        || !context.rules().input_required
    {
        return Ok(());
    }
    // Boxed, because it is rare and would increase the size of every call's future.
    Box::pin(resume(context, input)).await
}

async fn resume(context: &Context, input: &RoundInput<'_>) -> Result<(), ErrorObject> {
    if std::mem::replace(&mut context.call().questions.round().lock().is_opened, true) {
        return Ok(());
    }
    // A `null` state counts as absent (TRAP-31); `null` answers are malformed.
    let token = input.request_state.filter(|token| *token != "null");
    let Some(token) = token else {
        if let Some(responses) = input.input_responses {
            context.call().questions.round().lock().unsolicited = Journal::unsolicited(responses)?;
        }
        return Ok(());
    };
    let token = read_text(token)
        .map_err(|_| ErrorObject::invalid_params("/requestState: expected a string"))?;
    let sealer = &context.call().environment.sealer;
    let (opened, receipt) = sealer.open(&binding(context, input)?, &token)?;
    let mut journal: Journal = serde_json::from_slice(&opened)
        .map_err(|error| crate::error::internal("decoding the journal of a call", &error))?;
    if let Some(responses) = input.input_responses {
        journal.add_answers(responses)?;
    }
    // Invalid answers can be corrected and sent again, so the state is redeemed only now.
    sealer.redeem(receipt, context.principal().map(Principal::id)).await?;
    context.call().questions.round().lock().journal = journal;
    Ok(())
}

/// Runs a handler until it completes or asks questions.
///
/// # Errors
/// Those of the handler, and the reason why its questions cannot be sent.
async fn run<T>(
    context: &Context,
    input: &RoundInput<'_>,
    begin: impl Fn() -> HandlerFuture<T>,
) -> Result<HandlerOutcome<T>, ErrorObject> {
    let outcome = Execution::new(context, begin()).await;
    let Some(round) = context.call().questions.get() else {
        // Without questions, the handler has completed.
        return outcome?.map(HandlerOutcome::Complete).ok_or_else(ErrorObject::internal);
    };
    if context.rules().input_required {
        return finish_modern(context, input, round, outcome);
    }
    // Boxed, because it is rare and would increase the size of every call's future.
    Box::pin(finish_legacy(context, round, outcome, begin)).await
}

/// How a round ended.
enum RoundEnd<T> {
    Complete(T),
    Asked(InputRequests),
}

/// Returns the value of the handler, or its questions, which are recorded in the journal.
///
/// # Errors
/// −32603 if the questions are invalid, or change in every round.
fn end_round<T>(
    context: &Context,
    state: &mut RoundState,
    outcome: Option<T>,
) -> Result<RoundEnd<T>, ErrorObject> {
    match (outcome, state.returned.take()) {
        (Some(value), None) => Ok(RoundEnd::Complete(value)),
        (Some(_), Some(returned)) => {
            check(context, &returned)?;
            Ok(RoundEnd::Asked(returned.record(&mut state.journal)))
        }
        (None, _) => {
            let (requests, changed) =
                state.questions(context.call().environment.limits.max_input_questions);
            if state.journal.changed_rounds > MAX_CHANGED_ROUNDS {
                let line = changed.map(ToString::to_string).unwrap_or_default();
                tracing::error!(
                    line,
                    keys = ?requests.keys(),
                    "a call asks different questions in every round: its questions must follow only from its \
                     arguments and the answers"
                );
                return Err(ErrorObject::new(
                    code::INTERNAL_ERROR,
                    "the questions of this call change in every round",
                ));
            }
            Ok(RoundEnd::Asked(requests))
        }
    }
}

pub(super) fn finish_modern<T>(
    context: &Context,
    input: &RoundInput<'_>,
    round: &Round,
    outcome: Result<Option<T>, ErrorObject>,
) -> Result<HandlerOutcome<T>, ErrorObject> {
    let outcome = outcome?;
    let limits = &context.call().environment.limits;
    let mut state = round.lock();
    if outcome.is_none() && state.is_detached() {
        return Ok(HandlerOutcome::Detached);
    }
    let requests = match end_round(context, &mut state, outcome)? {
        RoundEnd::Complete(value) => return Ok(HandlerOutcome::Complete(value)),
        RoundEnd::Asked(requests) => requests,
    };
    state.journal.rounds += 1;
    if state.journal.rounds > limits.max_input_rounds {
        return Err(too_many_rounds(limits.max_input_rounds));
    }
    let failed =
        |error: serde_json::Error| crate::error::internal("encoding the journal of a call", &error);
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

/// Sends the questions that a handler returned as requests, and runs it again with the answers.
async fn finish_legacy<T>(
    context: &Context,
    round: &Round,
    mut outcome: Result<Option<T>, ErrorObject>,
    begin: impl Fn() -> HandlerFuture<T>,
) -> Result<HandlerOutcome<T>, ErrorObject> {
    let max_rounds = context.call().environment.limits.max_input_rounds;
    let mut rounds = 0;
    loop {
        let value = outcome?;
        let returned = round.lock().returned.take();
        let Some(returned) = returned else {
            return value.map(HandlerOutcome::Complete).ok_or_else(ErrorObject::internal);
        };
        rounds += 1;
        if rounds > max_rounds {
            return Err(too_many_rounds(max_rounds));
        }
        let answers = ask_on_session(context, &returned).await?;
        {
            let mut state = round.lock();
            state.restart();
            answers.into_iter().for_each(|answer| state.journal.add_answer(answer));
            state.journal.state = returned.state;
        }
        outcome = Execution::new(context, begin()).await;
    }
}

#[cold]
fn too_many_rounds(max: u32) -> ErrorObject {
    let message = format!("the call exceeded the limit of {max} input rounds (max_input_rounds)");
    ErrorObject::new(code::INTERNAL_ERROR, message)
}

fn binding(context: &Context, input: &RoundInput<'_>) -> Result<Binding, ErrorObject> {
    let principal = context.principal().map(Principal::id);
    let server_name = &context.call().environment.server_name;
    let round = context.call().questions.get();
    let bound = round.and_then(|round| round.lock().bound_params.clone());
    Binding::new(server_name, principal, input.method, bound.as_ref().unwrap_or(input.params))
}

/// One execution of a handler: its result, or `None` if it waits for answers.
pub(super) struct Execution<'a, T> {
    context: &'a Context,
    handler: HandlerFuture<T>,
}

impl<'a, T> Execution<'a, T> {
    pub(super) const fn new(context: &'a Context, handler: HandlerFuture<T>) -> Self {
        Self { context, handler }
    }
}

impl<T> Future for Execution<'_, T> {
    type Output = Result<Option<T>, ErrorObject>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(result) = self.handler.as_mut().poll(task) {
            return Poll::Ready(result.map(Some));
        }
        let questions = &self.context.call().questions;
        if questions.by_result {
            questions.driver.register(task.waker());
        }
        if !questions.get().is_some_and(Round::ends) {
            return Poll::Pending;
        }
        self.settle()
    }
}

impl<T> Execution<'_, T> {
    /// Polls a handler that has asked and is pending, as long as it wakes itself.
    #[cold]
    fn settle(&mut self) -> Poll<Result<Option<T>, ErrorObject>> {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        for _ in 0..MAX_EXTRA_POLLS {
            if let Poll::Ready(result) = self.handler.as_mut().poll(&mut Task::from_waker(&waker)) {
                return Poll::Ready(result.map(Some));
            }
            if !woken.0.swap(false, Ordering::Relaxed) {
                break;
            }
        }
        // The last poll may have withdrawn the question. It registered the waker of this function,
        // so the task is woken to register its own.
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
