//! The questions of one task: asked once each, at the same time, while the task is polled.

use std::panic::AssertUnwindSafe;

use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use mcp_core::json::RawJson;
use mcp_core::jsonrpc::MethodName;
use mcp_core::method::{Method as _, TasksGet};
use mcp_core::service::BoxFuture;
use mcp_core::types::{DetailedTask, ElicitResult, InputRequest, InputResponses};
use tokio::time::Instant;

use super::ledger::{Ledger, Refused};
use crate::client::Client;
use crate::deadline::Deadlines;
use crate::era::input_required::{answer, params_of};
use crate::error::{Error, ErrorKind};
use crate::handler::missing_handler;
use crate::question::OriginatingCall;

/// An answer of a handler, with the key of its question.
pub(super) type Answer = Result<(String, RawJson), Error>;

/// The questions of one task and their answers.
pub(super) struct Questions {
    client: Client,
    method: MethodName,
    /// The call that became the task.
    call: Box<OriginatingCall>,
    ledger: Ledger,
    /// Handlers that run.
    asking: FuturesUnordered<BoxFuture<'static, Answer>>,
    /// When the first of them was called.
    asking_since: Option<Instant>,
    /// Answers that are not sent yet.
    answers: InputResponses,
    rounds: usize,
}

impl Questions {
    pub(super) fn new(client: &Client, method: &MethodName, call: Box<OriginatingCall>) -> Self {
        Self {
            client: client.clone(),
            method: method.clone(),
            call,
            ledger: Ledger::new(client.limits().tasks.max_input_keys),
            asking: FuturesUnordered::new(),
            asking_since: None,
            answers: InputResponses::new(),
            rounds: 0,
        }
    }

    /// Asks what a state lists and was not asked yet.
    pub(super) fn ask(&mut self, task: &DetailedTask) -> Result<(), Error> {
        let Some(requests) = &task.input_requests else { return Ok(()) };
        let max_questions = self.client.limits().max_input_questions;
        if requests.len() > max_questions {
            return Err(Error::new(
                ErrorKind::Decode,
                format!(
                    "the task asks {} questions, more than {max_questions} \
                     (Limits::max_input_questions)",
                    requests.len()
                ),
            )
            .during(TasksGet::NAME));
        }
        let mut is_round = false;
        for (key, request) in requests {
            if !self.ledger.reserve(key, request).map_err(refused)? {
                continue;
            }
            if !is_round {
                is_round = true;
                self.begin_round()?;
            }
            self.ask_one(key, request)?;
        }
        Ok(())
    }

    fn begin_round(&mut self) -> Result<(), Error> {
        self.rounds += 1;
        let max = self.client.task_options().and_then(|options| options.max_input_rounds);
        match max {
            Some(max) if self.rounds > max => {
                let reason = format!(
                    "the task still asks after {max} rounds (TaskOptions::max_input_rounds)"
                );
                Err(Error::input_required(self.method.clone(), reason))
            }
            _ => Ok(()),
        }
    }

    fn ask_one(&mut self, key: &str, request: &InputRequest) -> Result<(), Error> {
        if self.client.wire().inbound.handlers.can_answer(request) {
            self.asking_since.get_or_insert_with(Instant::now);
            let (client, method) = (self.client.clone(), self.method.clone());
            let (key, request) = (key.to_owned(), request.clone());
            let asked = request.method().to_owned();
            let (for_panic, call) = (method.clone(), self.call.clone());
            let asking = async move { answer(&client, &method, key, request, Some(&call)).await };
            self.asking.push(Box::pin(AssertUnwindSafe(asking).catch_unwind().map(
                move |answer| {
                    answer.unwrap_or_else(|_| {
                        let reason = format!("the handler for {asked} panicked");
                        Err(Error::input_required(for_panic, reason))
                    })
                },
            )));
            return Ok(());
        }
        let reason = missing_handler(request.method(), &params_of(request)?);
        if matches!(request, InputRequest::Elicit(_)) {
            tracing::warn!("cancelled a question of a task: {reason}");
            return (self.answers.insert(key, &ElicitResult::cancel()))
                .map_err(|error| Error::argument("the answer", error));
        }
        tracing::warn!("a question of a task is not answered: {reason}");
        Ok(())
    }

    /// The next answer of a handler; never if none runs. Cancel safe.
    pub(super) async fn next(&mut self) -> Answer {
        match self.asking.next().await {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }

    /// Takes an answer, and those that are there at the same time.
    pub(super) fn answered(
        &mut self,
        answer: Answer,
        deadlines: &mut Deadlines,
    ) -> Result<(), Error> {
        let mut next = Some(answer);
        while let Some(answer) = next {
            let (key, answer) = answer?;
            self.answers
                .insert(key, &answer)
                .map_err(|error| Error::argument("the answer", error))?;
            next = self.asking.next().now_or_never().flatten();
        }
        if self.asking.is_empty()
            && let Some(since) = self.asking_since.take()
        {
            deadlines.answered(since.elapsed());
        }
        Ok(())
    }

    /// Whether a handler runs.
    pub(super) fn is_asking(&self) -> bool {
        !self.asking.is_empty()
    }

    /// Whether there are answers to send.
    pub(super) fn has_answers(&self) -> bool {
        !self.answers.is_empty()
    }

    /// Takes the answers to send.
    pub(super) fn take_answers(&mut self) -> InputResponses {
        std::mem::take(&mut self.answers)
    }

    /// The answers did not arrive: they are sent again, with those that have come since.
    pub(super) fn put_back(&mut self, answers: InputResponses) {
        let later = self.take_answers();
        let all = answers.iter().chain(later.iter());
        self.answers = all.map(|(key, answer)| (key.to_owned(), answer.clone())).collect();
    }

    /// The server refused the answers: their questions may be asked again.
    pub(super) fn release(&mut self, answers: &InputResponses) {
        self.ledger.release(answers.iter().map(|(key, _)| key));
    }
}

fn refused(refused: Refused) -> Error {
    let (kind, message) = match refused {
        Refused::Reused(key) => {
            let message = format!("the task uses the key \"{key}\" for two different questions");
            (ErrorKind::Decode, message)
        }
        Refused::Full(max) => {
            let message =
                format!("the task asks more than {max} questions (TaskLimits::max_input_keys)");
            (ErrorKind::Limit, message)
        }
    };
    Error::new(kind, message).during(TasksGet::NAME)
}
