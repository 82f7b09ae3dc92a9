//! Runs tasks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, Params, code};
use mcp_core::method::{Method as _, ToolsCall};
use mcp_core::revision::Revision;
use mcp_core::service::{Request, catch_panic};
use mcp_core::types::InputRequests;

use super::limits::TaskLimits;
use super::record::{Asked, Detail, Entry, History, OpenQuestion, Outcome, StoredCall};
use super::recovery::Recovery;
use super::shared::{Shared, to_error};
use super::writer::{Stop, Writer, Written, status_text};
use crate::auth::Principal;
use crate::call::{Call, CallMeta, CloseOnDrop};
use crate::clock::now;
use crate::context::Context;
use crate::input::{self, TaskRun};
use crate::registry::Registry;
use crate::store::{Lease, StoreError, TaskHead, TaskRecord, TaskState, TaskUpdate};
use crate::tool::{ToolRoute, Translated, Translation};

/// Delay before a handler that returned a state without a question runs again. Fixed: it prevents a
/// busy loop.
const RERUN_DELAY: Duration = Duration::from_millis(250);

/// Runs the tasks of a server, for a [`TaskEngine`](super::TaskEngine). Clones share everything.
#[derive(Clone)]
pub struct TaskRunner(Arc<Shared>);

/// How an execution of a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunEnd {
    /// The task has a result or an error.
    Ended,
    /// The task waits for input. [`TaskEngine::deliver`](super::TaskEngine::deliver) is called
    /// when it can continue.
    Parked,
    /// The task was cancelled, was deleted, or is run by another worker.
    Lost,
    /// The task cannot be read, for example because this process lacks a key. Release the lease,
    /// and leave the task to other processes for a while.
    Unreadable,
}

impl TaskRunner {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Returns the limits of the tasks of the server.
    #[must_use]
    pub fn limits(&self) -> &TaskLimits {
        self.0.limits()
    }

    /// Leases a task for [`TaskLimits::lease`], if it can be claimed.
    ///
    /// # Errors
    /// If the store failed.
    pub async fn claim(&self, id: &str) -> Result<Option<Lease>, StoreError> {
        self.0.within(self.0.store.claim(id, self.limits().lease)).await
    }

    /// Leases at most `max` tasks that can be claimed.
    ///
    /// # Errors
    /// If the store failed.
    pub async fn claim_any(&self, max: usize) -> Result<Vec<Lease>, StoreError> {
        self.0.within(self.0.store.claim_any(self.limits().lease, max)).await
    }

    /// Renews leases. Returns for each whether it was still valid.
    ///
    /// # Errors
    /// If the store failed.
    pub async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>, StoreError> {
        self.0.within(self.0.store.renew(leases, self.limits().lease)).await
    }

    /// Releases leases, so that any worker can claim the tasks.
    ///
    /// # Errors
    /// If the store failed.
    pub async fn release(&self, leases: &[Lease]) -> Result<(), StoreError> {
        self.0.within(self.0.store.renew(leases, Duration::ZERO)).await.map(drop)
    }

    /// Whether other processes may use the store, or it outlives this one.
    #[must_use]
    pub fn store_leaves_process(&self) -> bool {
        self.0.store.leaves_process()
    }

    /// Runs a task until it ends or asks for input. All that it writes is durable when the future
    /// completes.
    ///
    /// Cancel safety: dropping the future drops the handler. What it has written stays, so that the
    /// next execution goes on from there. Release the lease after dropping it.
    pub async fn run(&self, lease: &Lease) -> RunEnd {
        let record = match self.load(lease).await {
            Ok(Some(record)) => record,
            Ok(None) => return RunEnd::Lost,
            Err(error) => return self.unreadable(&lease.id, &error),
        };
        let (call, mut history, constants) = match self.decode(&record) {
            Ok(decoded) => decoded,
            Err(error) => return self.unreadable(&lease.id, &error),
        };
        let Some(revision) = call.revision() else {
            let error = StoreError::invalid("its revision is unknown");
            return self.unreadable(&lease.id, &error);
        };
        let bytes = record.call.len() + history.bytes;
        let shared = Arc::clone(&self.0);
        let writer = Writer::new(shared, lease.clone(), &record, constants, bytes);
        let (writer, task) = (Arc::new(writer), record.head);
        let registry = self.0.live.registry();
        let Some(route) = registry.tools.get(&call.tool) else {
            let error = ErrorObject::invalid_params(format!("unknown tool: {}", call.tool));
            return self.end(&writer, &task, Outcome::Error(error)).await;
        };
        loop {
            if let Some(end) = self.start(&writer, &task, route, &mut history).await {
                return end;
            }
            let run = Execution { runner: self, call: &call, revision, writer: &writer };
            let requests = match run.run(&registry, route, &mut history).await {
                Ok(Some(TaskRun::Complete(result))) => {
                    return self.end(&writer, &task, Outcome::Result(result)).await;
                }
                Ok(Some(TaskRun::Asked(requests))) => requests,
                Ok(None) => return RunEnd::Lost,
                Err(error) => return self.end(&writer, &task, Outcome::Error(error)).await,
            };
            let has_questions = !requests.is_empty();
            match self.ask(&writer, task.fence, requests, &mut history).await {
                Ok(RunEnd::Parked) if !has_questions => tokio::time::sleep(RERUN_DELAY).await,
                Ok(end) => return end,
                Err(error) => return self.end(&writer, &task, Outcome::Error(error)).await,
            }
        }
    }

    /// Reads a task, waiting while the store fails. `None` if this lease is not the last, or the
    /// task has expired: then it is gone for its owner.
    async fn load(&self, lease: &Lease) -> Result<Option<TaskRecord>, StoreError> {
        let mut delay = Duration::from_millis(50);
        loop {
            match self.0.within(self.0.store.load(&lease.id)).await {
                Ok(record) => {
                    return Ok(record.filter(|TaskRecord { head, .. }| {
                        let is_there = head.expires_at.is_none_or(|at| at > now());
                        is_there && head.fence == lease.fence && head.state == TaskState::Working
                    }));
                }
                Err(error @ StoreError::Unavailable(_)) => {
                    tracing::warn!(%error, "a task cannot be read yet");
                    tokio::time::sleep(delay).await;
                    delay = (delay * 2).min(Duration::from_secs(5));
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn decode(
        &self,
        record: &TaskRecord,
    ) -> Result<(StoredCall<'static>, History, Detail), StoreError> {
        let text = self.0.records.open_call(record)?;
        let call: StoredCall<'_> = serde_json::from_slice(&text).map_err(StoreError::invalid)?;
        let call = StoredCall {
            tool: call.tool.into_owned().into(),
            revision: call.revision.into_owned().into(),
            id: call.id,
            principal: call.principal.map(|principal| principal.into_owned().into()),
            params: call.params,
            sent: call.sent,
        };
        let detail = self.0.records.decode_detail(&record.head)?;
        let history = self.0.records.decode_journal(record, detail.entries)?;
        Ok((call, history, detail.constants()))
    }

    /// Records that the handler begins, where that decides what an interruption means. Returns how
    /// the execution ends, if the handler must not begin.
    async fn start(
        &self,
        writer: &Writer,
        task: &TaskHead,
        route: &ToolRoute,
        history: &mut History,
    ) -> Option<RunEnd> {
        let (recovery, max) = (route.recovery(), u64::from(self.limits().max_recoveries));
        let failure = if u64::from(history.interruptions) >= max.max(1) {
            Some(format!(
                "the task was interrupted too often; the limit is {max} (tasks.max_recoveries)"
            ))
        } else if history.is_interrupted && recovery == Recovery::Fail {
            Some("the server was interrupted while it ran the task".to_owned())
        } else {
            None
        };
        if let Some(message) = failure {
            let error = ErrorObject::new(code::INTERNAL_ERROR, message);
            return Some(self.end(writer, task, Outcome::Error(error)).await);
        }
        if task.fence == 1 && recovery == Recovery::Resume {
            return None;
        }
        let restarts = history.is_interrupted && recovery == Recovery::Restart;
        let restart = restarts.then_some(Entry::Restarted);
        let entries = restart.into_iter().chain([Entry::Started(task.fence)]);
        let entries: Result<Vec<_>, _> =
            entries.map(|entry| self.0.records.entry(&entry)).collect();
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => return Some(self.unreadable(&task.id, &error)),
        };
        match writer.write(&entries, |_, _| Ok(())).await {
            Written::Applied => {}
            Written::Lost => return Some(RunEnd::Lost),
            Written::Refused(error) => {
                let error = Outcome::Error(to_error("starting a task", &error));
                return Some(self.end(writer, task, error).await);
            }
        }
        history.is_interrupted = false;
        if restarts {
            history.journal = crate::questions::Journal::default();
        }
        None
    }

    /// Stores the questions of an execution, and parks the task until they are answered. Without
    /// questions, the task stays with its worker.
    ///
    /// # Errors
    /// Why the task cannot go on.
    async fn ask(
        &self,
        writer: &Writer,
        fence: u64,
        mut requests: InputRequests,
        history: &mut History,
    ) -> Result<RunEnd, ErrorObject> {
        let journal = &mut history.journal;
        let mut questions = Vec::with_capacity(requests.len());
        for sent in std::mem::take(&mut journal.asked) {
            let Some(request) = requests.remove(&sent.key) else { continue };
            let key = unique(&sent.key, &mut history.keys);
            questions.push(OpenQuestion { key, sent, request });
        }
        let max_rounds = self.limits().max_input_rounds;
        history.rounds += 1;
        if history.rounds > max_rounds {
            return Err(ErrorObject::new(
                code::INTERNAL_ERROR,
                format!(
                    "the task exceeded the limit of {max_rounds} input rounds (tasks.max_input_rounds)"
                ),
            ));
        }
        let records = &self.0.records;
        let asked = Asked {
            fence,
            keys: questions.iter().map(|question| question.key.clone()).collect(),
            changed_rounds: journal.changed_rounds,
            state: journal.state.clone(),
        };
        let failed = |error: StoreError| to_error("storing the questions of a task", &error);
        let entry = records.entry(&Entry::Asked(asked)).map_err(failed)?;
        let state =
            if questions.is_empty() { TaskState::Working } else { TaskState::InputRequired };
        writer.reserve(entry.size())?;
        let detail = Detail { bytes: writer.bytes(), questions, ..writer.constants() };
        let change = |update: &mut TaskUpdate, entries| {
            update.state = state;
            writer.set_detail(update, &detail, entries)
        };
        match writer.write(&[entry], change).await {
            Written::Applied => Ok(RunEnd::Parked),
            Written::Lost => Ok(RunEnd::Lost),
            Written::Refused(error) => Err(failed(error)),
        }
    }

    /// Each task is reported once, because it is tried again.
    #[cold]
    fn unreadable(&self, id: &Arc<str>, error: &StoreError) -> RunEnd {
        if self.0.reported.is_first(id) {
            tracing::error!(%error, "a task cannot be run by this process");
        } else {
            tracing::debug!(%error, "a task still cannot be run by this process");
        }
        RunEnd::Unreadable
    }

    /// Stores the outcome of a task.
    async fn end(&self, writer: &Writer, task: &TaskHead, outcome: Outcome) -> RunEnd {
        let mut outcome = writer.fitting(outcome);
        for _ in 0..2 {
            let state = match &outcome {
                Outcome::Result(_) => TaskState::Completed,
                Outcome::Error(_) => TaskState::Failed,
            };
            let failure = outcome.failure().map(status_text);
            let detail = Detail { failure, ..writer.constants() };
            let encoded = match self.0.records.encode_outcome(task, &outcome) {
                Ok(encoded) => encoded,
                Err(error) => return self.unreadable(&task.id, &error),
            };
            let change = |update: &mut TaskUpdate, entries| {
                update.state = state;
                update.outcome = Some(encoded.clone());
                let now = now();
                let keep_until = now.saturating_add(millis(self.0.times.result_ttl));
                // A task that has expired is gone for its owner, and stays so.
                update.expires_at =
                    update.expires_at.map(|at| if at <= now { at } else { at.max(keep_until) });
                writer.set_detail(update, &detail, entries)
            };
            match writer.write(&[], change).await {
                Written::Applied => return RunEnd::Ended,
                Written::Lost => return RunEnd::Lost,
                // An error is short, so that it may fit where the result does not.
                Written::Refused(error) => {
                    outcome = Outcome::Error(to_error("storing the result of a task", &error));
                }
            }
        }
        RunEnd::Unreadable
    }
}

impl fmt::Debug for TaskRunner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskRunner").finish_non_exhaustive()
    }
}

/// One execution of the handler of a task.
struct Execution<'a> {
    runner: &'a TaskRunner,
    call: &'a StoredCall<'static>,
    revision: Revision,
    writer: &'a Arc<Writer>,
}

impl Execution<'_> {
    /// Runs the handler with the journal of `history`, and puts the new journal there.
    ///
    /// # Errors
    /// Those of the handler, and why its steps cannot be stored. `None` if the execution may no
    /// longer write.
    async fn run(
        &self,
        registry: &Arc<Registry>,
        route: &ToolRoute,
        history: &mut History,
    ) -> Result<Option<TaskRun>, ErrorObject> {
        let shared = &self.runner.0;
        let params = Params::from(JsonBytes::from_trusted(self.call.params.get()));
        let mut meta = CallMeta::read(&params)?;
        // A task reports by its status message.
        meta.progress_token = None;
        let [arguments] = params
            .member_texts(["arguments"])
            .map_err(|error| ErrorObject::invalid_params(error.to_string()))?;
        let arguments = arguments.filter(|text| *text != "null");
        let arguments = arguments.map_or(JsonBytes::empty_object(), |text| params.slice_ref(text));
        let mut request = Request::new(self.call.id.clone(), ToolsCall::NAME, params.clone());
        if let Some(sent) = &self.call.sent {
            let sent = JsonBytes::from_trusted(sent.get());
            let translated = Translated { sent, written: arguments.clone() };
            request.extensions.insert(Translation::Translated(translated));
        }
        if let Some(principal) = &self.call.principal {
            request.extensions.insert(Principal::of_id(principal));
        }
        let mut call = Call::new(
            request,
            &shared.environment,
            &shared.conversation,
            self.revision,
            meta,
            None,
            Arc::clone(registry) as _,
            true,
        );
        call.task = Some(Arc::clone(self.writer) as _);
        call.questions.round().lock().journal = std::mem::take(&mut history.journal);
        let end = CloseOnDrop(Arc::new(call));
        let context = Context::new(Arc::clone(&end.0));
        // The handler is called inside the guard, because user code runs before it returns its
        // future.
        let handler = async {
            let handler = route.call(context.clone(), arguments);
            input::run_task(&context, handler, |result| route.finish(&context, result)).await
        };
        self.writer.begin();
        let outcome = tokio::select! {
            biased;
            stop = self.writer.stopped() => match stop {
                Stop::Failed(error) => Err(error),
                Stop::Lost => Ok(None),
            },
            outcome = catch_panic(end.0.method.clone(), handler) => outcome.map(Some),
        };
        self.writer.finish();
        end.0.gate.close_and_wait().await;
        history.journal = std::mem::take(&mut end.0.questions.round().lock().journal);
        outcome
    }
}

/// Returns a key that no question of the task had: `key`, `key~2`, `key~3`…
fn unique(key: &str, used: &mut std::collections::HashSet<String>) -> String {
    let mut unique = key.to_owned();
    let mut number = 1u32;
    while !used.insert(unique.clone()) {
        number += 1;
        unique = format!("{key}~{number}");
    }
    unique
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
