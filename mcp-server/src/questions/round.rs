//! One round of a modern call: what it found in its journal, and what it asks.

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::{MutexGuard, OnceLock};
use std::task::{Context as Task, Poll, Waker};

use futures::task::AtomicWaker;
use mcp_core::json::RawJson;
use mcp_core::sync::Mutex;
use mcp_core::types::{InputRequest, InputRequests};

use super::error::{AskError, AskErrorKind};
use super::identity::{Identity, QuestionSource, occurrence};
use super::journal::{AnswerKind, Answered, Asked, Journal};

/// What a call asks. Nothing is allocated until it asks something.
#[derive(Default)]
pub(crate) struct CallQuestions {
    /// Whether questions of this call can travel in its result: the three methods of MRTR-2.
    pub(crate) by_result: bool,
    round: OnceLock<Box<Round>>,
    /// Whoever polls the handler; a question may be asked by another task.
    pub(crate) driver: AtomicWaker,
}

#[derive(Default)]
pub(crate) struct Round(Mutex<RoundState>);

#[derive(Default)]
pub(crate) struct RoundState {
    pub(crate) journal: Journal,
    /// Answers that came with the first round of the call. A client that knows the key of a
    /// question may answer it before it is asked; nothing is gained by that, for answers are the
    /// client's word in any round.
    pub(crate) unasked: HashMap<String, RawJson>,
    /// What the handler returned, in the explicit form.
    pub(crate) returned: Option<Returned>,
    pending: Vec<Pending>,
    /// What the round ended with.
    asked: Vec<Pending>,
    /// How often each key was used in this execution.
    seen: HashMap<String, u32>,
    steps_seen: HashMap<String, u32>,
    /// Answers that were taken in this execution.
    used: HashSet<String>,
    tickets: u64,
    closed: bool,
}

struct Pending {
    ticket: u64,
    identity: Identity,
    request: InputRequest,
    waker: Waker,
}

impl CallQuestions {
    pub(crate) fn new(method: &str) -> Self {
        let by_result = mcp_core::method::find(method).is_some_and(|row| row.may_require_input);
        Self { by_result, ..Self::default() }
    }

    /// The round, if there is anything in it.
    pub(crate) fn get(&self) -> Option<&Round> {
        self.round.get().map(Box::as_ref)
    }

    pub(crate) fn round(&self) -> &Round {
        self.round.get_or_init(Box::default)
    }

    /// Asks a question: an answer from the journal, or a future that never completes and makes the
    /// call end with the question in its result.
    pub(crate) fn ask(
        &self,
        source: QuestionSource,
        request: InputRequest,
    ) -> Result<Answering<'_>, AskError> {
        let identity = Identity::new(source, &request, &mut self.round().lock().seen)
            .map_err(|error| AskError::new(AskErrorKind::Malformed, error))?;
        Ok(Answering { questions: self, question: Some((identity, request)), ticket: None })
    }
}

impl Round {
    pub(crate) fn lock(&self) -> MutexGuard<'_, RoundState> {
        self.0.lock()
    }

    pub(crate) fn has_questions(&self) -> bool {
        !self.lock().pending.is_empty()
    }

    /// Ends the round with the questions that wait now, if there are any.
    pub(crate) fn suspend(&self) -> bool {
        let mut state = self.lock();
        state.closed = !state.pending.is_empty();
        state.asked = std::mem::take(&mut state.pending);
        state.closed
    }

    /// Ends the round: questions that are still held by tasks of their own fail.
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
    /// Begins the next execution of the handler in the same request (the explicit form, legacy).
    pub(crate) fn again(&mut self) {
        self.closed = false;
        self.seen.clear();
        self.steps_seen.clear();
        self.used.clear();
    }

    /// The key of a step in this execution.
    pub(crate) fn step_key(&mut self, key: &str) -> String {
        occurrence(key.to_owned(), &mut self.steps_seen)
    }

    fn answer(
        &mut self,
        identity: &Identity,
        kind: AnswerKind,
    ) -> Result<Option<RawJson>, AskError> {
        let (key, digest) = (identity.key.clone(), identity.digest.clone());
        if let Some(at) = self.journal.answers.iter().position(|answered| answered.key == key) {
            if let Some(answered) = self.journal.answers.get(at)
                && answered.digest == digest
            {
                self.used.insert(key);
                return Ok(Some(answered.answer.clone()));
            }
            // Another question under the same key: its answer is not ours.
            self.journal.answers.remove(at);
            self.journal.reworded += 1;
            return Ok(None);
        }
        let Some(answer) = self.unasked.remove(&key) else { return Ok(None) };
        kind.check(answer.get())
            .map_err(|error| AskError::invalid(format_args!("{key}: {error}"), true))?;
        self.used.insert(key.clone());
        self.journal.answers.push(Answered { key, digest, answer: answer.clone() });
        Ok(Some(answer))
    }

    /// The questions of this round, as many as are allowed, noted in the journal; and a line of the
    /// code whose question is another one than in the round before.
    pub(crate) fn questions(
        &mut self,
        most: usize,
    ) -> (InputRequests, Option<&'static std::panic::Location<'static>>) {
        let unused = |site: &str| {
            let mut unused =
                self.journal.answers.iter().filter(|answered| !self.used.contains(&answered.key));
            unused.any(|answered| answered.key.starts_with(site))
        };
        let reworded = self.asked.iter().find_map(|question| {
            question
                .identity
                .site
                .as_ref()
                .and_then(|(site, location)| unused(site).then_some(*location))
        });
        self.journal.reworded += u32::from(reworded.is_some());
        self.journal.asked.clear();
        let mut requests = InputRequests::new();
        for Pending { identity, request, .. } in self.asked.iter().take(most) {
            let kind = AnswerKind::of(request);
            let (key, digest) = (identity.key.clone(), identity.digest.clone());
            self.journal.asked.push(Asked { key, digest, kind });
            requests.insert(identity.key.clone(), request.clone());
        }
        (requests, reworded)
    }
}

/// What a handler of the explicit form returned: questions, and a value to remember.
pub(crate) struct Returned {
    pub(crate) requests: InputRequests,
    pub(crate) state: Option<RawJson>,
}

impl Returned {
    /// Records in the journal what is asked, and returns the questions.
    pub(crate) fn record(self, journal: &mut Journal) -> InputRequests {
        let asked = |(key, request): (&String, &InputRequest)| Asked {
            key: key.clone(),
            digest: String::new(),
            kind: AnswerKind::of(request),
        };
        journal.asked = self.requests.iter().map(asked).collect();
        journal.state = self.state;
        self.requests
    }
}

/// The answer to a question of a modern call.
pub(crate) struct Answering<'a> {
    questions: &'a CallQuestions,
    /// Until it is registered.
    question: Option<(Identity, InputRequest)>,
    ticket: Option<u64>,
}

impl Future for Answering<'_> {
    type Output = Result<RawJson, AskError>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        // Wakers are the executor's: they are cloned and dropped while nothing is locked.
        let waker = task.waker().clone();
        let mut state = this.questions.round().lock();
        if state.closed {
            this.ticket = None;
            drop(state);
            let told = "the call ended its round; ask in the call's own task to be asked again";
            return Poll::Ready(Err(AskError::new(AskErrorKind::Lost, told)));
        }
        if let Some((identity, request)) = this.question.take() {
            if let Some(answer) = state.answer(&identity, AnswerKind::of(&request)).transpose() {
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

/// A question that no task waits for is not asked.
impl Drop for Answering<'_> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let mut state = self.questions.round().lock();
        let at = state.pending.iter().position(|question| question.ticket == ticket);
        let withdrawn = at.map(|at| state.pending.remove(at));
        drop(state);
        drop(withdrawn); // With its waker, which is the executor's.
    }
}
