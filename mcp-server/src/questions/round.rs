//! The state of one round of a modern call: its journal and its questions.

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::{MutexGuard, OnceLock};
use std::task::{Context as Task, Poll, Waker};

use futures::task::AtomicWaker;
use mcp_core::json::RawJson;
use mcp_core::jsonrpc::Params;
use mcp_core::sync::Mutex;
use mcp_core::types::{InputRequest, InputRequests};

use super::error::{AskError, AskErrorKind};
use super::identity::{Identity, QuestionSource, occurrence};
use super::journal::{AnswerKind, Journal, SentQuestion, StoredAnswer};

/// The questions of a call. Nothing is allocated until the first one.
pub(crate) struct CallQuestions {
    /// Whether questions of this call can be sent in its result: the three methods of MRTR-2.
    pub(crate) by_result: bool,
    round: OnceLock<Box<Round>>,
    /// Wakes the task that polls the handler, because another task may ask a question.
    pub(crate) driver: AtomicWaker,
}

#[derive(Default)]
pub(crate) struct Round(Mutex<RoundState>);

#[derive(Default)]
pub(crate) struct RoundState {
    pub(crate) journal: Journal,
    /// Answers that came with the first round of the call. A client that knows the key of a
    /// question may answer it in advance. This is harmless, because answers are never trusted.
    pub(crate) unsolicited: HashMap<String, RawJson>,
    /// The [`InputRequired`](crate::input::InputRequired) that the handler returned.
    pub(crate) returned: Option<ReturnedQuestions>,
    pending: Vec<Pending>,
    /// The questions at the end of the round.
    asked: Vec<Pending>,
    /// The number of uses of each key in this execution.
    seen: HashMap<String, u32>,
    steps_seen: HashMap<String, u32>,
    /// The keys of the answers that were used in this execution.
    used: HashSet<String>,
    tickets: u64,
    /// The handler asked to go on as a task.
    detached: bool,
    closed: bool,
    /// The state that the client sent back was read.
    pub(crate) is_opened: bool,
    /// The parameters that the state of the call is bound to, if they may differ from those that the
    /// handler sees.
    pub(crate) bound_params: Option<Params>,
}

struct Pending {
    ticket: u64,
    identity: Identity,
    request: InputRequest,
    waker: Waker,
}

impl CallQuestions {
    pub(crate) fn new(by_result: bool) -> Self {
        Self { by_result, round: OnceLock::new(), driver: AtomicWaker::new() }
    }

    /// Returns the round, if the call has asked a question or started a step.
    pub(crate) fn get(&self) -> Option<&Round> {
        self.round.get().map(Box::as_ref)
    }

    pub(crate) fn round(&self) -> &Round {
        self.round.get_or_init(Box::default)
    }

    /// Ends the round without an answer: the call goes on as a task. The future never completes.
    #[cfg(feature = "tasks")]
    pub(crate) async fn detach(&self) -> std::convert::Infallible {
        self.round().lock().detached = true;
        self.driver.wake();
        std::future::pending().await
    }

    /// Asks a question. The future completes with the answer from the journal. If there is none, it
    /// never completes, and the call ends with the question in its result.
    pub(crate) fn ask(
        &self,
        source: QuestionSource,
        request: InputRequest,
        accepts_volunteered: bool,
    ) -> Result<PendingAnswer<'_>, AskError> {
        let identity = Identity::new(source, &request, &mut self.round().lock().seen)
            .map_err(|error| AskError::new(AskErrorKind::Malformed, error))?;
        let question = Some((identity, request));
        Ok(PendingAnswer { questions: self, question, accepts_volunteered, ticket: None })
    }
}

impl Round {
    pub(crate) fn lock(&self) -> MutexGuard<'_, RoundState> {
        self.0.lock()
    }

    /// Whether the round ends when the handler is pending: it has questions, or goes on as a task.
    pub(crate) fn ends(&self) -> bool {
        let state = self.lock();
        state.detached || !state.pending.is_empty()
    }

    /// Ends the round with the questions that are pending, unless there is no reason to end.
    /// Returns whether it has ended.
    pub(crate) fn suspend(&self) -> bool {
        let mut state = self.lock();
        state.closed = state.detached || !state.pending.is_empty();
        state.asked = std::mem::take(&mut state.pending);
        state.closed
    }

    /// Ends the round. Questions that other tasks still hold fail.
    pub(crate) fn close(&self) {
        let wakers: Vec<_> = {
            let mut state = self.lock();
            state.closed = true;
            let pending = std::mem::take(&mut state.pending);
            let asked = state.asked.iter().map(|question| question.waker.clone());
            pending.into_iter().map(|question| question.waker).chain(asked).collect()
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl RoundState {
    /// Prepares the next execution of the handler in the same request (legacy era,
    /// [`InputRequired`](crate::input::InputRequired)).
    pub(crate) fn restart(&mut self) {
        self.closed = false;
        self.seen.clear();
        self.steps_seen.clear();
        self.used.clear();
    }

    /// Lets the handler ask in a round in which a layer has its answer.
    #[cfg(feature = "policy")]
    pub(crate) fn reopen(&mut self) {
        self.closed = false;
    }

    /// Whether the handler asked to go on as a task.
    pub(crate) fn is_detached(&self) -> bool {
        self.detached
    }

    /// Returns the key of a step in this execution.
    pub(crate) fn step_key(&mut self, key: &str) -> String {
        occurrence(key.to_owned(), &mut self.steps_seen)
    }

    fn answer(
        &mut self,
        identity: &Identity,
        kind: AnswerKind,
        accepts_volunteered: bool,
    ) -> Result<Option<RawJson>, AskError> {
        let (key, digest) = (identity.key.clone(), identity.digest.clone());
        if let Some(answered) = self.journal.answers.get(&key) {
            if answered.digest == digest {
                let answer = answered.answer.clone();
                self.used.insert(key);
                return Ok(Some(answer));
            }
            // Another question with the same key: the stored answer does not belong to it.
            self.journal.answers.swap_remove(&key);
            self.journal.changed_rounds += 1;
            return Ok(None);
        }
        let volunteered = self.unsolicited.remove(&key).filter(|_| accepts_volunteered);
        let Some(answer) = volunteered else { return Ok(None) };
        kind.check(answer.get())
            .map_err(|error| AskError::invalid(format_args!("{key}: {error}"), true))?;
        self.used.insert(key.clone());
        self.journal.add_answer(StoredAnswer { key, digest, answer: answer.clone() });
        Ok(Some(answer))
    }

    /// Returns at most `max` questions of this round and records them in the journal. Also returns
    /// a line of code whose question differs from that of the round before, if there is one.
    pub(crate) fn questions(
        &mut self,
        max: usize,
    ) -> (InputRequests, Option<&'static std::panic::Location<'static>>) {
        let unused = |site: &str| {
            let mut unused = self.journal.answers.keys().filter(|key| !self.used.contains(*key));
            unused.any(|key| key.starts_with(site))
        };
        let changed = self.asked.iter().find_map(|question| {
            question
                .identity
                .site
                .as_ref()
                .and_then(|(site, location)| unused(site).then_some(*location))
        });
        self.journal.changed_rounds += u32::from(changed.is_some());
        self.journal.asked.clear();
        let mut requests = InputRequests::new();
        for Pending { identity, request, .. } in self.asked.iter().take(max) {
            let kind = AnswerKind::of(request);
            let (key, digest) = (identity.key.clone(), identity.digest.clone());
            self.journal.asked.push(SentQuestion { key, digest, kind });
            requests.insert(identity.key.clone(), request.clone());
        }
        (requests, changed)
    }
}

/// The questions and the state of an [`InputRequired`](crate::input::InputRequired) that a handler
/// returned.
pub(crate) struct ReturnedQuestions {
    pub(crate) requests: InputRequests,
    pub(crate) state: Option<RawJson>,
}

impl ReturnedQuestions {
    /// Records the questions and the state in the journal, and returns the questions.
    pub(crate) fn record(self, journal: &mut Journal) -> InputRequests {
        let asked = |(key, request): (&String, &InputRequest)| SentQuestion {
            key: key.clone(),
            digest: String::new(),
            kind: AnswerKind::of(request),
        };
        journal.asked = self.requests.iter().map(asked).collect();
        journal.state = self.state;
        self.requests
    }
}

/// The future of the answer to a question of a modern call.
pub(crate) struct PendingAnswer<'a> {
    questions: &'a CallQuestions,
    /// `None` after it has been registered.
    question: Option<(Identity, InputRequest)>,
    /// Whether an answer counts that the client sent before it was asked.
    accepts_volunteered: bool,
    ticket: Option<u64>,
}

impl Future for PendingAnswer<'_> {
    type Output = Result<RawJson, AskError>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        // Wakers contain code of the executor: they are cloned and dropped without a lock.
        let waker = task.waker().clone();
        let mut state = this.questions.round().lock();
        if state.closed {
            this.ticket = None;
            drop(state);
            let reason =
                "the round of the call has ended; ask from the task of the call to ask again";
            return Poll::Ready(Err(AskError::new(AskErrorKind::Lost, reason)));
        }
        if let Some((identity, request)) = this.question.take() {
            if let Some(answer) = state
                .answer(&identity, AnswerKind::of(&request), this.accepts_volunteered)
                .transpose()
            {
                drop(state);
                return Poll::Ready(answer);
            }
            state.tickets += 1;
            let ticket = state.tickets;
            this.ticket = Some(ticket);
            state.pending.push(Pending { ticket, identity, request, waker });
            drop(state);
            this.questions.driver.wake();
        } else if let Some(question) =
            state.pending.iter_mut().find(|other| Some(other.ticket) == this.ticket)
        {
            let old = std::mem::replace(&mut question.waker, waker);
            drop(state);
            drop(old);
        }
        Poll::Pending
    }
}

/// Withdraws the question: nothing waits for its answer.
impl Drop for PendingAnswer<'_> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let mut state = self.questions.round().lock();
        let index = state.pending.iter().position(|question| question.ticket == ticket);
        let withdrawn = index.map(|index| state.pending.remove(index));
        drop(state);
        drop(withdrawn); // After the unlock, because it contains a waker.
    }
}
