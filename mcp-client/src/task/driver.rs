//! Follows one task until it is over: polls it, listens to its notifications, and has the handlers
//! answer its questions.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::deadline::later;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{MethodName, code};
use mcp_core::service::BoxFuture;
use mcp_core::types::{DetailedTask, InputResponses, TaskStatus};
use tokio::time::{Instant, sleep_until};

use super::ask::{Answer, Questions};
use super::cancel_on_drop::CancelOnDrop;
use super::listen::{Heard, Listening};
use super::options::TaskOptions;
use super::report::Reporter;
use super::request::{Timing, get, update};
use super::schedule::Schedule;
use super::shared::Shared;
use crate::backoff::Backoff;
use crate::call::Options;
use crate::client::Client;
use crate::deadline::{Deadlines, Timeouts};
use crate::error::{Error, ErrorKind};
use crate::progress::OnProgress;
use crate::question::OriginatingCall;

/// How often in a row a server may refuse answers and get other ones. Fixed: the user has to answer
/// each time.
const MAX_REFUSED_UPDATES: u32 = 3;

/// Waits for the result of a call that the server has answered with a task.
///
/// Cancel safety: dropping the future stops the client, and cancels the task only if the user chose
/// so.
pub(crate) async fn finish(
    client: &Client,
    method: &MethodName,
    created: &JsonBytes,
    options: &mut Options,
    deadlines: Deadlines,
) -> Result<JsonBytes, Error> {
    let shared = Shared::created(client, method, created)?;
    let _guard = CancelOnDrop::new(&shared);
    let driver = Driver {
        shared: Arc::clone(&shared),
        timeouts: options.timeouts,
        on_progress: options.on_progress.take(),
        call: call_of(options, &shared),
        asks_handlers: true,
    };
    driver.follow(deadlines).await?;
    shared.outcome()
}

/// The call that became a task, as the handlers see it.
pub(super) fn call_of(options: &mut Options, shared: &Shared) -> Box<OriginatingCall> {
    let call = options.call.take();
    let call =
        call.unwrap_or_else(|| options.originating(&shared.method, JsonBytes::empty_object()));
    Box::new(call.in_task(&shared.id))
}

/// What is needed to follow a task.
pub(super) struct Driver {
    pub(super) shared: Arc<Shared>,
    pub(super) timeouts: Timeouts,
    pub(super) on_progress: Option<OnProgress>,
    /// The call, as the handlers see it.
    pub(super) call: Box<OriginatingCall>,
    /// Whether the handlers of the client answer the questions of the task.
    pub(super) asks_handlers: bool,
}

impl Driver {
    /// Follows the task until it has a final state.
    pub(super) async fn follow(self, deadlines: Deadlines) -> Result<(), Error> {
        Following::new(self, deadlines).run().await
    }
}

/// A task that is followed.
struct Following {
    shared: Arc<Shared>,
    timeouts: Timeouts,
    deadlines: Deadlines,
    reporter: Reporter,
    schedule: Schedule,
    /// `None` if the host answers by itself.
    questions: Option<Questions>,
    listening: Listening,
    /// The request that is in flight.
    in_flight: Option<BoxFuture<'static, Returned>>,
    /// When the task is polled next.
    poll_at: Instant,
    /// When the last poll was sent.
    polled_at: Instant,
    /// No request before this time, after one that failed.
    pause_until: Instant,
    failures: Backoff,
    refusals: Backoff,
}

/// A request that is done.
enum Returned {
    Got(Result<Box<DetailedTask>, Error>),
    Updated(InputResponses, Result<(), Error>),
}

/// What happened.
enum Wake {
    Expired,
    PollNow,
    Answered(Answer),
    Returned(Returned),
    Due,
    Heard(Heard),
}

impl Following {
    fn new(driver: Driver, deadlines: Deadlines) -> Self {
        let Driver { shared, timeouts, on_progress, call, asks_handlers } = driver;
        let client = &shared.client;
        let limits = client.limits();
        let options = client.task_options().cloned().unwrap_or_default();
        let TaskOptions { min_poll_interval, listen, .. } = options;
        let now = Instant::now();
        Self {
            timeouts,
            deadlines,
            reporter: Reporter::new(on_progress),
            schedule: Schedule::new(min_poll_interval, limits.tasks.max_poll_interval),
            questions: asks_handlers.then(|| Questions::new(client, &shared.method, call)),
            listening: match listen {
                true => Listening::begin(client, &shared.id),
                false => Listening::Closed,
            },
            in_flight: None,
            poll_at: now,
            polled_at: now,
            pause_until: now,
            failures: client.wire().inbound.backoff(),
            refusals: Backoff::times(MAX_REFUSED_UPDATES, limits),
            shared,
        }
    }

    async fn run(mut self) -> Result<(), Error> {
        let first = self.shared.state().task;
        self.reporter.report(&first);
        self.schedule.recommend(first.poll_interval_ms);
        // What the server recommends at creation is the time until there is progress. A task that
        // waits for an answer, or is over, need not be waited for.
        if matches!(first.status, TaskStatus::Working) {
            self.poll_at = later(Instant::now(), self.schedule.interval());
        }
        while !self.shared.is_over() {
            self.send_what_is_due();
            match self.wake().await {
                Wake::Expired => {
                    return Err(self.deadlines.total_error(self.shared.method.clone()));
                }
                Wake::PollNow => self.poll_at = Instant::now(),
                Wake::Due => {}
                Wake::Answered(answer) => {
                    if let Some(questions) = &mut self.questions {
                        questions.answered(answer, &mut self.deadlines)?;
                    }
                }
                Wake::Returned(Returned::Got(Ok(task))) => {
                    self.failures.reset();
                    self.observe(*task)?;
                }
                Wake::Returned(Returned::Got(Err(error))) => self.get_failed(error)?,
                Wake::Returned(Returned::Updated(answers, outcome)) => {
                    self.updated(answers, outcome)?;
                }
                Wake::Heard(Heard::State(task)) => self.observe(*task)?,
                Wake::Heard(Heard::Unclear) => {
                    self.poll_at = self.poll_at.min(later(self.polled_at, self.schedule.min()));
                }
            }
        }
        Ok(())
    }

    /// Sends answers, or else a poll that is due, unless a request is in flight.
    fn send_what_is_due(&mut self) {
        let now = Instant::now();
        if self.in_flight.is_some() || now < self.pause_until {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let total_at = (!self.is_frozen()).then(|| self.deadlines.total());
        let timing = Timing { timeouts: self.timeouts, total_at };
        if let Some(questions) = self.questions.as_mut().filter(|it| it.has_answers()) {
            let answers = questions.take_answers();
            self.in_flight = Some(Box::pin(async move {
                let outcome = update(&shared.client, &shared.id, &answers, timing).await;
                Returned::Updated(answers, outcome)
            }));
        } else if now >= self.poll_at {
            self.polled_at = now;
            self.in_flight = Some(Box::pin(async move {
                Returned::Got(get(&shared.client, &shared.id, timing).await.map(Box::new))
            }));
        }
    }

    /// Whether the total timeout does not run, because handlers are answering.
    fn is_frozen(&self) -> bool {
        let is_asking = self.questions.as_ref().is_some_and(Questions::is_asking);
        self.timeouts.exclude_input && is_asking
    }

    /// Waits until something happens.
    async fn wake(&mut self) -> Wake {
        let is_frozen = self.is_frozen();
        let has_answers = self.questions.as_ref().is_some_and(Questions::has_answers);
        let due_at =
            if has_answers { self.pause_until } else { self.poll_at.max(self.pause_until) };
        let Self { shared, deadlines, questions, listening, in_flight, .. } = self;
        let is_in_flight = in_flight.is_some();
        let returned = async {
            match in_flight {
                Some(request) => request.await,
                None => pending().await,
            }
        };
        let answered = async {
            match questions {
                Some(questions) => questions.next().await,
                None => pending().await,
            }
        };
        // Notifications come last: a flood of them stops nothing else.
        let wake = tokio::select! {
            biased;
            () = sleep_until(deadlines.total()), if !is_frozen => Wake::Expired,
            () = shared.poll_now.notified() => Wake::PollNow,
            answer = answered => Wake::Answered(answer),
            returned = returned => Wake::Returned(returned),
            () = sleep_until(due_at), if !is_in_flight => Wake::Due,
            heard = listening.next(&shared.id) => Wake::Heard(heard),
        };
        if matches!(wake, Wake::Returned(_)) {
            self.in_flight = None;
        }
        wake
    }

    /// Takes a new state.
    fn observe(&mut self, task: DetailedTask) -> Result<(), Error> {
        self.schedule.recommend(task.poll_interval_ms);
        self.poll_at = later(Instant::now(), self.schedule.interval());
        let task = self.shared.publish(task);
        self.reporter.report(&task);
        match &mut self.questions {
            Some(questions) if task.status == TaskStatus::InputRequired => questions.ask(&task),
            _ => Ok(()),
        }
    }

    fn get_failed(&mut self, error: Error) -> Result<(), Error> {
        let error = self.gone_or(error);
        let pause = self.pause_after(error)?;
        self.pause_until = later(Instant::now(), pause.max(self.schedule.interval()));
        Ok(())
    }

    fn updated(
        &mut self,
        answers: InputResponses,
        outcome: Result<(), Error>,
    ) -> Result<(), Error> {
        let Some(questions) = &mut self.questions else { return Ok(()) };
        match outcome {
            Ok(()) => {
                self.refusals.reset();
                self.failures.reset();
            }
            Err(error) if is_refused(&error) => {
                questions.release(&answers);
                let Some(pause) = self.refusals.pause() else { return Err(error) };
                // The task may be gone, or the answer is not what it asks for.
                self.poll_at = Instant::now();
                self.pause_until = later(self.poll_at, pause);
            }
            Err(error) => {
                // A server ignores answers that it has already, so they are sent again.
                questions.put_back(answers);
                let pause = self.pause_after(error)?;
                self.pause_until = later(Instant::now(), pause);
            }
        }
        Ok(())
    }

    /// The pause before the next attempt; the error if there is none.
    fn pause_after(&mut self, error: Error) -> Result<Duration, Error> {
        let is_passing = error.is_passing()
            || error.peer().is_some_and(|error| error.code() == code::INTERNAL_ERROR);
        if !is_passing || self.shared.client.wire().connection.is_over() {
            return Err(error);
        }
        tracing::debug!(%error, "a request about a task failed");
        self.failures.pause().ok_or(error)
    }

    fn gone_or(&self, error: Error) -> Error {
        error.if_task_is_gone(&self.shared.id)
    }
}

/// Whether the server has read the answers and does not take them.
fn is_refused(error: &Error) -> bool {
    error.kind() == ErrorKind::Peer
        && error.peer().is_some_and(|error| error.code() != code::INTERNAL_ERROR)
}
